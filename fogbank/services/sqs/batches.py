"""Batches: what is wrong with one as a whole, and each entry's own success or failure."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from fogbank.kernel import AWSError
from fogbank.services.sqs import errors, limits

Entry = dict[str, Any]

_ID = re.compile(r"[A-Za-z0-9_-]{1,80}$")


def checked(entries: list[Entry], kind: str) -> list[Entry]:
    """The entries of a batch request. `kind` is the entry's shape.

    Raises EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct.
    """
    if not entries:
        raise errors.empty_batch(kind)
    if len(entries) > limits.BATCH_ENTRIES:
        raise errors.too_many_entries(len(entries))
    seen: set[str] = set()
    for entry in entries:
        entry_id = entry["Id"]
        if not _ID.match(entry_id):
            raise errors.invalid_entry_id()
        if entry_id in seen:
            raise errors.entry_id_repeated(entry_id)
        seen.add(entry_id)
    return entries


async def each(entries: list[Entry], work: Callable[[Entry], Awaitable[Entry]]) -> dict[str, list[Entry]]:
    """Do the work for each entry; an entry that is refused does not keep the others from succeeding.

    The work must not have written anything when it raises.
    """
    done: list[Entry] = []
    failed: list[Entry] = []
    for entry in entries:
        try:
            done.append({"Id": entry["Id"], **await work(entry)})
        except AWSError as error:
            failed.append(failure(entry["Id"], error))
    return {"Successful": done, "Failed": failed}


def failure(entry_id: str, error: AWSError) -> Entry:
    return {"Id": entry_id, "SenderFault": True, "Code": error.code, "Message": error.message}
