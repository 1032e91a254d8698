"""Transaction search: where segments go, and which of them can be searched for.

GetTraceSegmentDestination, UpdateTraceSegmentDestination, GetIndexingRules, UpdateIndexingRule.

With the destination CloudWatchLogs, every segment becomes spans in the log group `aws/spans`, which X-Ray writes as its own principal,
so a resource policy of CloudWatch Logs has to let it in. Of the traces, the indexing rule says how many are indexed in X-Ray; the others
have to be retrieved.

destination  ()  Destination
indexing     ()  Indexing

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context, Record
from fogbank.services.xray import errors, spans
from fogbank.services.xray.documents import Document
from fogbank.services.xray.service import service

Request = dict[str, Any]

XRAY, LOGS = "XRay", "CloudWatchLogs"
GROUPS = ("aws/spans", "/aws/application-signals/data")
_STREAM = "default"
_PENDING_SECONDS = 1.0
# what PutLogEvents takes: API_PutLogEvents.html
_BATCH_BYTES, _BATCH_EVENTS, _EVENT_OVERHEAD = 1 << 20, 10_000, 26
_RULE = "Default"
_PERCENTAGE = 1.0


class Destination(Record, frozen=True):
    name: str = XRAY
    status: str = "ACTIVE"


class Indexing(Record, frozen=True):
    """`percentage` of the traces."""

    percentage: float = _PERCENTAGE
    modified: float = 0.0


_destinations = service.collection("destination", Destination, cached=True)
_indexing = service.collection("indexing", Indexing, cached=True)


async def goes_to_logs(ctx: Context) -> bool:
    found = await _destinations.get(ctx)
    return found is not None and found.name == LOGS


async def is_indexed(ctx: Context, trace_id: str) -> bool:
    """Is the trace one that can be searched for? It is so for all of its segments."""
    if not await goes_to_logs(ctx):
        return True
    rule = await _indexing.get(ctx) or Indexing()
    share = int.from_bytes(hashlib.sha256(trace_id.encode()).digest()[:8], "big") / 2**64
    return share * 100 < rule.percentage


@service.operation
async def get_trace_segment_destination(ctx: Context, request: Request) -> Request:
    """API_GetTraceSegmentDestination."""
    found = await _destinations.get(ctx) or Destination()
    return {"Destination": found.name, "Status": found.status}


@service.operation
async def update_trace_segment_destination(ctx: Context, request: Request) -> Request:
    """Send segments elsewhere. It takes a moment to become active. API_UpdateTraceSegmentDestination."""
    wanted = request.get("Destination") or XRAY
    before = await _destinations.get(ctx) or Destination()
    if wanted == before.name:
        raise errors.invalid_request(f"The destination is {wanted} already")
    if wanted == LOGS:
        await _make_groups(ctx, (request.get("CloudWatchLogsConfiguration") or {}).get("SpansLogGroupKmsKeyId"))
    _destinations.put(ctx, Destination(wanted, "PENDING"))
    await ctx.schedule("activate_destination", delay=_PENDING_SECONDS, key="destination")
    return {"Destination": wanted, "Status": "PENDING"}


async def _make_groups(ctx: Context, key: str | None) -> None:
    """The log groups, made with the caller's permissions. Raises InvalidRequestException when X-Ray may not write there."""
    for name in GROUPS:
        sealed = {"kmsKeyId": key} if key and name == GROUPS[0] else {}
        await _unless_there(ctx, "CreateLogGroup", {"logGroupName": name, **sealed})
    await _unless_there(ctx, "CreateLogStream", {"logGroupName": GROUPS[0], "logStreamName": _STREAM})
    if not await _may_write(ctx):
        raise errors.spans_not_permitted()


async def _unless_there(ctx: Context, operation: str, given: Request) -> None:
    try:
        await ctx.undoing(partial(ctx.call, as_caller=True), "logs", operation, given)
    except AWSError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise


class _Undone(Exception):
    """What was tried is taken back."""


async def _may_write(ctx: Context) -> bool:
    """Does CloudWatch Logs take spans of X-Ray? It is given one, which is taken back."""

    async def attempt() -> None:
        await _put(ctx, [{"timestamp": int(ctx.now() * 1000), "message": "{}"}])
        raise _Undone

    try:
        await ctx.undoing(attempt)
    except AWSError:
        return False
    except _Undone:
        pass
    return True


async def _put(ctx: Context, events: list[Request]) -> None:
    request = {"logGroupName": GROUPS[0], "logStreamName": _STREAM, "logEvents": events}
    await ctx.call("logs", "PutLogEvents", request, source_arn=_source(ctx))


def _source(ctx: Context) -> str:
    return f"arn:{ctx.partition}:xray:{ctx.region}:{ctx.account}:*"


@service.task
async def activate_destination(ctx: Context, payload: Request) -> None:
    found = await _destinations.get(ctx) or Destination()
    _destinations.put(ctx, msgspec.structs.replace(found, status="ACTIVE"))


# -- spans


async def send_on(ctx: Context, documents: list[Document]) -> None:
    """Have spans written of segments, if that is where they go."""
    if documents and await goes_to_logs(ctx):
        await write(ctx, [span for document in documents for span in spans.of_segment(document)])


async def write(ctx: Context, found: list[spans.Span]) -> None:
    """Have spans written, as many at once as PutLogEvents takes."""
    for batch in _batches([orjson.dumps(span) for span in found]):
        await ctx.schedule("write_spans", {"spans": [line.decode() for line in batch], "at": ctx.now()})


def _batches(lines: list[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        size += len(line) + _EVENT_OVERHEAD
        if batch and (size > _BATCH_BYTES or len(batch) == _BATCH_EVENTS):
            yield batch
            batch, size = [], len(line) + _EVENT_OVERHEAD
        batch.append(line)
    if batch:
        yield batch


@service.task
async def write_spans(ctx: Context, payload: Request) -> None:
    await _put(ctx, [{"timestamp": int(payload["at"] * 1000), "message": span} for span in payload["spans"]])


# -- indexing


@service.operation
async def get_indexing_rules(ctx: Context, request: Request) -> Request:
    """The one rule that there is. API_GetIndexingRules."""
    if request.get("NextToken") is not None:
        raise errors.invalid_token()
    return {"IndexingRules": [_shown(await _indexing.get(ctx) or Indexing())]}


@service.operation
async def update_indexing_rule(ctx: Context, request: Request) -> Request:
    """API_UpdateIndexingRule."""
    if request["Name"] != _RULE:
        raise errors.no_such_rule(request["Name"])
    given = request["Rule"].get("Probabilistic")
    if given is None:
        raise errors.invalid_request("Rule must have exactly one member")
    percentage = float(given["DesiredSamplingPercentage"])
    if not 0 <= percentage <= 100:
        raise errors.invalid_request("DesiredSamplingPercentage must be between 0 and 100")
    rule = Indexing(percentage, ctx.now())
    _indexing.put(ctx, rule)
    return {"IndexingRule": _shown(rule)}


def _shown(rule: Indexing) -> Request:
    probabilistic = {
        "DesiredSamplingPercentage": rule.percentage,
        "ActualSamplingPercentage": rule.percentage,
    }
    return {"Name": _RULE, "ModifiedAt": rule.modified, "Rule": {"Probabilistic": probabilistic}}
