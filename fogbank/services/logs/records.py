"""Log groups and log streams as they are stored, and how requests name them.

groups    (name)                 a group, with its metric and subscription filters: one read tells a writer all
streams   (group id, name)       a stream, with what is known of its events
chunks    (stream id, ms, nth)   events; see `fogbank.services.logs.chunks`
result-keys  ()                  the data key that results of queries are under, if there is one
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.logs import errors
from fogbank.services.logs.rulings import Rulings
from fogbank.services.logs.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

STANDARD = "STANDARD"
DELIVERY = "DELIVERY"
DAY_MS = 86_400_000


class Encryption(Record, frozen=True):
    """A data key under a key of KMS."""

    key_arn: str
    wrapped: bytes


class MetricFilter(Record, frozen=True):
    """`transformation` is as it was given; `created` is in milliseconds."""

    name: str
    pattern: str
    transformation: dict[str, Any]
    created: int
    on_transformed: bool = False


class SubscriptionFilter(Record, frozen=True):
    name: str
    pattern: str
    destination: str
    created: int
    role: str = ""
    distribution: str = "ByLogStream"
    on_transformed: bool = False


class LogGroup(Record, frozen=True):
    """`created` is in milliseconds, `retention` in days (0: for ever). `key` is the number of the data key in use, 0 for none.

    `retention_policy` is the policy of the account that decides about the retention instead (`ruled_retention`), if one does.
    """

    name: str
    id: str
    created: int
    kind: str = STANDARD
    retention: int = 0
    tags: dict[str, str] = {}
    keys: tuple[Encryption, ...] = ()
    key: int = 0
    is_protected: bool = False
    metric_filters: tuple[MetricFilter, ...] = ()
    subscriptions: tuple[SubscriptionFilter, ...] = ()
    protections: Rulings = ()
    transformers: Rulings = ()
    index_policy: str = ""
    index_changed: int = 0
    takes_bearer_tokens: bool = False
    ruled_retention: int = 0
    retention_policy: str = ""

    @property
    def encryption(self) -> Encryption | None:
        return self.keys[self.key - 1] if self.key else None

    def oldest(self, now: float) -> int:
        """Events from before this moment (ms) are not kept."""
        days = self.kept_days
        return int(now * 1000) - days * DAY_MS if days else 0

    @property
    def kept_days(self) -> int:
        """For how many days events are kept, 0 for ever."""
        return self.ruled_retention if self.retention_policy else self.retention


class LogStream(Record, frozen=True):
    """Times are in milliseconds, 0 while there is none. `count` events were written to it, `size` bytes are kept.

    `received` bytes were written to it; `metered` events and `metered_size` bytes of it are in the metrics already.
    """

    name: str
    id: str
    created: int
    first: int = 0
    last: int = 0
    ingested: int = 0
    count: int = 0
    size: int = 0
    received: int = 0
    metered: int = 0
    metered_size: int = 0


groups = service.collection("groups", LogGroup, cached=True)
streams = service.collection("streams", LogStream)
result_keys = service.collection("result-keys", Encryption)
chunks = service.collection("chunks", bytes)


def milliseconds(ctx: Context) -> int:
    return int(ctx.now() * 1000)


def event_id(stream: LogStream, ms: int, nth: int) -> str:
    """56 digits that grow with time, as AWS's do."""
    return str((ms << 144) + (int(stream.id, 16) << 80) + nth)


def results_arn(ctx: Context) -> str:
    """That of the results of all queries of the account, which may have a key of their own."""
    return f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account}:query-result:*"


# -- naming and finding


def arn_of(ctx: Context, name: str) -> str:
    """That of a log group, without the `:*` behind it."""
    return f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account}:log-group:{name}"


def name_in(ctx: Context, identifier: str) -> str:
    """The name of the group that is given by name or ARN. Raises ResourceNotFoundException for what lies elsewhere."""
    if not identifier.startswith("arn:"):
        return identifier
    parts = identifier.split(":", 6)
    if len(parts) < 7 or parts[2] != "logs" or parts[5] != "log-group":
        raise errors.invalid_parameter(f"Invalid ARN: {identifier}")
    if (parts[4], parts[3]) != (ctx.account, ctx.region):
        raise errors.not_found("log group")
    return parts[6].removesuffix(":*")


def named(ctx: Context, request: Request) -> str:
    """The name of the group that a request names by `logGroupName` or `logGroupIdentifier`."""
    name, identifier = request.get("logGroupName"), request.get("logGroupIdentifier")
    if name is not None and identifier is not None:
        raise errors.two_identifiers()
    if name is None and identifier is None:
        raise errors.no_identifier()
    return name_in(ctx, identifier) if identifier is not None else str(name)


async def group_named(ctx: Context, name: str) -> LogGroup:
    group = await groups.get(ctx, name)
    if group is None:
        raise errors.not_found("log group")
    return group


async def find(ctx: Context, request: Request) -> LogGroup:
    """The group of a request. Raises ResourceNotFoundException."""
    return await group_named(ctx, named(ctx, request))


async def find_stream(ctx: Context, group: LogGroup, name: str) -> LogStream:
    stream = await streams.get(ctx, group.id, name)
    if stream is None:
        raise errors.not_found("log stream")
    return stream


def change(ctx: Context, group: LogGroup, **fields: Any) -> LogGroup:
    """Write the group with those fields changed."""
    changed = msgspec.structs.replace(group, **fields)
    groups.put(ctx, changed, changed.name)
    return changed


# -- for the decision about a request


def _resource(ctx: Context, request: Request) -> str:
    """Actions on groups are decided for `...:log-stream:`, as their refusals on AWS say."""
    return f"{arn_of(ctx, named(ctx, request))}:log-stream:{request.get('logStreamName') or ''}"


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    group = await ctx.transact(groups.get, ctx, named(ctx, request))
    return {} if group is None else group.tags


ON_GROUP: dict[str, Any] = {"resource": _resource, "tags": _tags}
