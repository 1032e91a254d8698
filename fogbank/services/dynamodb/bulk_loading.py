"""What a bulk operation does: reads puts from S3, writes them some at a time, and reports those that were not written.

    bulk-reports  (space, kind, number)  a line of a report

How far it came, what it counted and what it has to report are written with the items themselves, so that a crash neither repeats nor
loses a put: begun again, it skips the lines that are done. The reports go to S3 at the end.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Output.html
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import orjson

from fogbank.http import Payload
from fogbank.kernel import AWSError
from fogbank.services.dynamodb import bulk as bulk_operations
from fogbank.services.dynamodb import rows, table_errors, tables, vectors
from fogbank.services.dynamodb.bulk import CANCELLING, IN_PROGRESS, Bulk, Usage, bulks, put, under_way
from fogbank.services.dynamodb.interchange import jobs, lines, readers, sources
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.writing import Put

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.rows import Change, Image
    from fogbank.services.dynamodb.schema import Layout, Table

Document = dict[str, Any]

ERROR, CONDITION = "ERROR", "CONDITION_CHECK_FAILURE"
_FOLDERS = {ERROR: "errors", CONDITION: "condition-check-failures"}
_ENCRYPTION = {"AES256": "AES256", "KMS": "aws:kms"}
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.BestPractices.html
_MOST_OBJECTS, _LARGEST_OBJECT = 50_000, 5 * 1024**3
_LISTED = 1000
_LINES_OF_FILE = 5000

reports = service.collection("bulk-reports", bytes)


class _Stopped(Exception):
    """The operation was cancelled."""


@service.task(transaction=False)
async def load_bulk(ctx: Context, payload: Document) -> None:
    bulk = await ctx.transact(bulks.get, ctx, payload["id"])
    if bulk is None or bulk.ended is not None:
        return
    ctx.principal = bulk.principal
    try:
        bulk = await _measure(ctx, bulk)
        while found := await sources.objects_after(ctx, bulk.source, bulk.after):
            await _load(ctx, bulk, found[0])
            bulk = await ctx.transact(_advance, ctx, bulk.id, found[0])
        await _report(ctx, bulk)
    except _Stopped:
        await _stop(ctx, bulk)
    except AWSError as error:
        await ctx.transact(_end, ctx, bulk.id, "FAILED", jobs.failure(error))
    else:
        outcome = "COMPLETED_WITH_ERRORS" if bulk.failed else "COMPLETED"
        await ctx.transact(_end, ctx, bulk.id, outcome, None)


async def _stop(ctx: Context, bulk: Bulk) -> None:
    failure = ("Cancelled", "The bulk operation was cancelled.")
    try:
        await _report(ctx, bulk)
    except AWSError as error:
        failure = jobs.failure(error)
    await ctx.transact(_end, ctx, bulk.id, "CANCELLED", failure)


async def _current(ctx: Context, id: str) -> Bulk:
    """The operation, if it is to go on."""
    bulk = await bulks.get(ctx, id)
    if bulk is None or bulk.status != IN_PROGRESS:
        raise _Stopped
    return bulk


# -- reading


async def _measure(ctx: Context, bulk: Bulk) -> Bulk:
    """How many bytes there are to read. Raises what the operation fails with: nothing there, too many objects, too large ones."""
    if bulk.total is not None:
        return bulk
    total = count = 0
    after = ""
    while found := await sources.objects_after(ctx, bulk.source, after, _LISTED):
        count, after = count + len(found), found[-1]["Key"]
        total += sum([each["Size"] for each in found])
        if count > _MOST_OBJECTS or any(each["Size"] > _LARGEST_OBJECT for each in found):
            raise AWSError(
                "LimitExceededException", "The input has more than 50,000 objects, or one of more than 5 GB."
            )
    if not count:
        raise AWSError("S3NoSuchKey", "There are no objects with the key prefix in the bucket.")
    return await ctx.transact(_note_total, ctx, bulk.id, total)


async def _note_total(ctx: Context, id: str, total: int) -> Bulk:
    return put(ctx, await _current(ctx, id), total=total)


async def _load(ctx: Context, bulk: Bulk, found: Document) -> None:
    """Write the items of an object. At what cannot be made sense of, the rest of the object is left."""
    line = 0
    try:
        async for batch in sources.batches(ctx, bulk.source, found, lines.Splitter()):
            done, line = line, line + len(batch)
            if line > bulk.lines:
                skipped = max(bulk.lines - done, 0)
                if not await ctx.transact(_write_all, ctx, bulk.id, found, batch[skipped:], line):
                    return
            await asyncio.sleep(0)  # others have their turn
    except lines.Malformed as error:  # an object that cannot be unpacked is an item that failed
        await ctx.transact(_leave_packed, ctx, bulk.id, found, str(error))


async def _leave_packed(ctx: Context, id: str, found: Document, reason: str) -> None:
    await _leave(ctx, _Outcomes(await _current(ctx, id)), found, reason)


async def _leave(ctx: Context, outcomes: _Outcomes, found: Document, reason: str) -> None:
    """The rest of an object makes no sense. Begun again, the operation goes on with the next one."""
    outcomes.fail(ERROR, {"S3ObjectKey": found["Key"]}, reason)
    outcomes.keep(ctx, outcomes.bulk.lines)
    await _advance(ctx, outcomes.bulk.id, found)


# -- writing


class _Outcomes:
    """What came of some puts."""

    def __init__(self, bulk: Bulk) -> None:
        self.bulk = bulk
        self.counts = {ERROR: 0, CONDITION: 0}
        self.processed = 0
        self.usage = msgspec.structs.asdict(bulk.usage)
        self.reported: list[tuple[str, Document]] = []

    def fail(self, kind: str, about: Document, reason: str) -> None:
        self.processed += 1
        self.counts[kind] += 1
        if kind in self.bulk.reports:
            self.reported.append((kind, {**about, "ErrorMessage": reason}))

    def wrote(self, layout: Layout, new: Image, changes: list[Change]) -> None:
        self.processed += 1
        usage = self.usage
        usage["table"] += new.size
        for change in changes:
            name, of_kind = change.into.name, "shared" if change.into.is_global else "local"
            usage[of_kind] = usage[of_kind] | {name: usage[of_kind].get(name, 0) + change.new_size}
        for index in layout.table.vectors:
            vector = vectors.vector_of(index, new.item)
            if vector is not None:
                known = usage["vectors"].get(index.name, 0)
                usage["vectors"] = usage["vectors"] | {index.name: known + len(vector) * vector.itemsize}

    def keep(self, ctx: Context, line: int) -> None:
        """With the items, that everything up to a line of the object is done."""
        bulk = self.bulk
        for number, (kind, report) in enumerate(self.reported, bulk.failed + bulk.refused):
            reports.put(ctx, orjson.dumps(report) + b"\n", bulk.space, kind, number)
        put(
            ctx,
            bulk,
            processed=bulk.processed + self.processed,
            failed=bulk.failed + self.counts[ERROR],
            refused=bulk.refused + self.counts[CONDITION],
            usage=Usage(**self.usage),
            lines=line,
        )


class _Line(NamedTuple):
    """A put, or why there is none: `put` is None for an empty line."""

    put: Document | None
    reason: str | None = None


def _parsed(read: Any, line: bytes) -> _Line:
    try:
        return _Line(read(line))
    except lines.Malformed as error:
        return _Line(None, str(error))


async def _write_all(ctx: Context, id: str, found: Document, batch: list[bytes], line: int) -> bool:
    """Write the items of lines, the last of which has this number. False when the rest of the object makes no sense."""
    bulk = await _current(ctx, id)
    layout = (await _table(ctx, bulk)).layout
    read = readers.put_reader(bulk.request["InputS3Configuration"]["InputFormat"])
    outcomes = _Outcomes(bulk)
    for raw in batch:
        parsed = _parsed(read, raw)
        if parsed.reason is not None:
            await _leave(ctx, outcomes, found, parsed.reason)
            return False
        if parsed.put is not None:
            await _write(ctx, layout, parsed.put, outcomes)
    outcomes.keep(ctx, line)
    return True


async def _table(ctx: Context, bulk: Bulk) -> Table:
    table = await tables.tables.get(ctx, bulk.table)
    if table is None or table.id != bulk.table_id or table.status == "DELETING":
        raise table_errors.no_such_table(bulk.table)
    return table


async def _write(ctx: Context, layout: Layout, request: Document, outcomes: _Outcomes) -> None:
    old = None
    try:
        write = Put(request)
        place = write.bind(layout)
        old = await rows.read(ctx, place)
        new = write.work_out(old, layout)
    except AWSError as error:
        is_condition = error.code == "ConditionalCheckFailedException"
        existing = {"ExistingItem": old.fragment} if is_condition and old is not None else {}
        outcomes.fail(CONDITION if is_condition else ERROR, {"Item": request["Item"], **existing}, error.message)
        return
    assert new is not None
    outcomes.wrote(layout, new, await rows.replace(ctx, layout, place, old, new))


async def _advance(ctx: Context, id: str, found: Document) -> Bulk:
    """The object is done. One that was left is so already."""
    bulk = await _current(ctx, id)
    if bulk.after == found["Key"]:
        return bulk
    return put(ctx, bulk, after=found["Key"], lines=0, read=bulk.read + found["Size"])


async def _end(ctx: Context, id: str, status: str, failure: tuple[str, str] | None) -> None:
    bulk = await bulks.get(ctx, id)
    if bulk is None or bulk.ended is not None:
        return
    if bulk.status == CANCELLING and status != "FAILED":
        status, failure = "CANCELLED", failure or ("Cancelled", "The bulk operation was cancelled.")
    put(ctx, bulk, status=status, ended=ctx.now(), failure=failure)
    under_way.delete(ctx, bulk.table, bulk.id)
    await ctx.schedule("purge", {"collection": reports.name, "space": bulk.space})


# -- reporting


async def _report(ctx: Context, bulk: Bulk) -> None:
    """Write what was not written as lines of JSON, and a manifest that names the files."""
    files = [file for kind in bulk.reports for file in await _report_kind(ctx, bulk, kind)]
    bulk = await ctx.transact(bulk_operations.find, ctx, bulk.arn)
    manifest = {
        "bulkOperationArn": bulk.arn,
        "processedItemCount": bulk.processed,
        "failedItemCount": bulk.failed,
        "conditionCheckFailureCount": bulk.refused,
        "files": files,
    }
    await _put_object(ctx, bulk, "manifest.json", orjson.dumps(manifest))


async def _report_kind(ctx: Context, bulk: Bulk, kind: str) -> list[Document]:
    files: list[Document] = []
    after: Any = None
    while found := await ctx.transact(_lines_of, ctx, bulk, kind, after):
        name = f"{_FOLDERS[kind]}/{len(files):05}.json"
        key = await _put_object(ctx, bulk, name, b"".join([line for _, line in found]))
        files.append({"outputType": kind, "itemCount": len(found), "s3Key": key})
        after = found[-1][0]
    return files


async def _lines_of(ctx: Context, bulk: Bulk, kind: str, after: Any) -> list[tuple[Any, bytes]]:
    return await reports.items(ctx, (int,), bulk.space, kind, after=after, limit=_LINES_OF_FILE)


async def _put_object(ctx: Context, bulk: Bulk, name: str, data: bytes) -> str:
    output = bulk.request["OutputS3Configuration"]
    prefix = output.get("S3KeyPrefix", "").rstrip("/")
    key = f"{prefix}/AWSDynamoDB/{bulk.id}/{name}".lstrip("/")
    request: Document = {"Bucket": output["S3Bucket"], "Key": key, "Body": Payload(data)}
    if "S3SseAlgorithm" in output:
        request["ServerSideEncryption"] = _ENCRYPTION[output["S3SseAlgorithm"]]
    for member, given in (("ExpectedBucketOwner", "S3BucketOwner"), ("SSEKMSKeyId", "S3SseKmsKeyId")):
        if given in output:
            request[member] = output[given]
    await jobs.s3(ctx, "PutObject", request)
    return key
