"""Queries as they are stored.

queries   (id)                a query, its state and its statistics
active    (id)                those that have not ended
followed  (id)                those whose end a scheduled query waits for
results   (id, first row)     some rows of a result, as JSON, encrypted where the results of the account are
"""

from __future__ import annotations

from fogbank.kernel import Context, Record
from fogbank.services.logs import errors, sealing
from fogbank.services.logs.records import Encryption, results_arn
from fogbank.services.logs.service import service

SCHEDULED, RUNNING, COMPLETE, FAILED, CANCELLED = "Scheduled", "Running", "Complete", "Failed", "Cancelled"
LANGUAGE = "CWLI"


class QueryRecord(Record, frozen=True):
    """`start` and `end` are in seconds, both included; `created` and `ended` in milliseconds. `groups` are names."""

    id: str
    text: str
    groups: tuple[str, ...]
    start: int
    end: int
    most: int
    created: int
    status: str = SCHEDULED
    identity: str = ""
    ended: int = 0
    matched: int = 0
    scanned: int = 0
    size: int = 0
    rows: int = 0
    encryption: Encryption | None = None


queries = service.collection("queries", QueryRecord)
active = service.collection("active-queries", QueryRecord)
followed = service.collection("followed-queries", bytes)
results = service.collection("query-results", bytes)


async def find(ctx: Context, query_id: str) -> QueryRecord:
    query = await queries.get(ctx, query_id)
    if query is None:
        raise errors.not_found("query")
    return query


async def key_of(ctx: Context, record: QueryRecord) -> bytes | None:
    """The key of the result, if it has one."""
    return None if record.encryption is None else await sealing.opened(ctx, results_arn(ctx), record.encryption)
