"""Exports to S3: ExportTableToPointInTime, DescribeExport, ListExports.

    exports       (ARN)           Export
    export-files  (ARN, number)   DataFile

A task writes the files of an export one after another, with the permissions of who asked for it. How far it came is in the export's
record, and a file's name before the file is: begun again after a crash, it goes on with the file at which it was. What is exported is of
one moment (or the changes between two), read in pieces out of the table and the history that it keeps meanwhile.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.HowItWorks.html
"""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import orjson

from fogbank.http import Payload
from fogbank.identity.principals import Principal
from fogbank.kernel import AWSError, Record, pages
from fogbank.services.dynamodb import errors, recovery, table_errors, tables
from fogbank.services.dynamodb import history as past
from fogbank.services.dynamodb.interchange import ion, jobs, manifests
from fogbank.services.dynamodb.interchange.edits import Edit, edits_between
from fogbank.services.dynamodb.interchange.filtered import Filter
from fogbank.services.dynamodb.rows import Image
from fogbank.services.dynamodb.service import service
from fogbank.storage.blobs import in_thread

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import Table

Document = dict[str, Any]

# of items as they lie in the store, in one data file
FILE_BYTES = 8 * 1024 * 1024
_LISTED = 25
_NAME_LENGTH = 26
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_SHORTEST, _LONGEST = 15 * 60, 24 * 3600
_ENCRYPTION = {"AES256": "AES256", "KMS": "aws:kms"}


class Export(Record, frozen=True):
    """`until` is the moment that is exported, `since` that at which the changes of an incremental export begin (0 for a full one).

    `after` is the last row that is in a data file (None: all are), `next_file` the name of the next data file.
    """

    arn: str
    table: str
    table_arn: str
    table_id: str
    principal: Principal
    request: Document
    started: float
    until: int
    next_file: str
    since: int = 0
    status: str = "IN_PROGRESS"
    ended: float | None = None
    failure: tuple[str, str] | None = None
    items: int = 0
    size: int = 0
    files: int = 0
    after: bytes | None = b""

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def format(self) -> str:
        return self.request.get("ExportFormat", "DYNAMODB_JSON")

    @property
    def view(self) -> str:
        return self.request["IncrementalExportSpecification"].get("ExportViewType", "NEW_AND_OLD_IMAGES")


class DataFile(Record, frozen=True):
    key: str
    items: int
    md5: str
    etag: str


exports = service.collection("exports", Export)
data_files = service.collection("export-files", DataFile)


def export_arn(ctx: Context, request: Document) -> str:
    return str(request["ExportArn"])


async def find(ctx: Context, arn: str) -> Export:
    """Raises ExportNotFoundException."""
    export = await exports.get(ctx, arn)
    if export is None:
        raise AWSError("ExportNotFoundException", f"Export not found: {arn}")
    return export


def _put(ctx: Context, export: Export, **changes: Any) -> Export:
    changed = msgspec.structs.replace(export, **changes)
    exports.put(ctx, changed, changed.arn)
    return changed


# -- asking


def _source_arn(ctx: Context, request: Document) -> str:
    return tables.table_arn(ctx, {"TableName": request["TableArn"]})


@service.operation(resource=_source_arn)
async def export_table_to_point_in_time(ctx: Context, request: Document) -> Document:
    known = await jobs.asked_before(ctx, request, _conflict())
    if known is not None:
        return {"ExportDescription": _describe(await find(ctx, known))}
    if request.get("ExportFormat") == "ION":
        ion.require("ExportTableToPointInTime")
    table = await recovery.find(ctx, request["TableArn"])
    if table.recoverable_since is None:
        raise table_errors.recovery_unavailable(table.name)
    since, until = _period(ctx, table, request)
    Filter(request.get("FilterSpecification"), table.layout)  # refuses what does not fit
    export = Export(
        f"{table.arn}/export/{jobs.new_id(ctx)}",
        table.name,
        table.arn,
        table.id,
        ctx.principal,
        request,
        ctx.now(),
        past.moment_of(until),
        _file_name(ctx),
        past.moment_of(since),
    )
    _put(ctx, export)
    jobs.remember(ctx, request, export.arn)
    await recovery.begin(ctx, table)
    await ctx.schedule("write_export", {"arn": export.arn})
    await ctx.schedule("forget_export", {"arn": export.arn}, delay=jobs.KEPT)
    return {"ExportDescription": _describe(export)}


def _conflict() -> AWSError:
    return AWSError(
        "ExportConflictException", "An export with the same client token and other parameters was requested before"
    )


def _period(ctx: Context, table: Table, request: Document) -> tuple[float, float]:
    """(from, to) in epoch seconds; from is 0 for a full export. Raises InvalidExportTimeException, ValidationException."""
    wanted = request.get("IncrementalExportSpecification")
    if request.get("ExportType") != "INCREMENTAL_EXPORT":
        if wanted is not None:
            raise errors.validation("IncrementalExportSpecification is only for exports of type INCREMENTAL_EXPORT")
        return 0.0, _within(ctx, table, "ExportTime", request.get("ExportTime", ctx.now()))
    if request.get("ExportTime") is not None:
        raise errors.validation("ExportTime is only for exports of type FULL_EXPORT")
    if wanted is None or "ExportFromTime" not in wanted:
        raise errors.validation("ExportFromTime must be specified for exports of type INCREMENTAL_EXPORT")
    since = _within(ctx, table, "ExportFromTime", wanted["ExportFromTime"])
    until = _within(ctx, table, "ExportToTime", wanted.get("ExportToTime", ctx.now()))
    if not _SHORTEST <= until - since <= _LONGEST:
        raise _bad_time("The export period must be from 15 minutes to 24 hours long")
    return since, until


def _within(ctx: Context, table: Table, member: str, time: float) -> float:
    if not recovery.earliest(ctx, table) <= time <= ctx.now():
        raise _bad_time(f"{member} must be between EarliestRestorableDateTime and LatestRestorableDateTime")
    return float(time)


def _bad_time(message: str) -> AWSError:
    return AWSError("InvalidExportTimeException", message)


# -- showing


def _describe(export: Export) -> Document:
    request, done = export.request, export.status == "COMPLETED"
    code, message = export.failure or (None, None)
    shown = ("ClientToken", "S3Bucket", "S3BucketOwner", "S3Prefix", "S3SseKmsKeyId")
    return {
        **{member: request.get(member) for member in shown},
        "ExportArn": export.arn,
        "ExportStatus": export.status,
        "StartTime": export.started,
        "EndTime": export.ended,
        "ExportManifest": f"{manifests.folder(export)}manifest-summary.json" if done else None,
        "TableArn": export.table_arn,
        "TableId": export.table_id,
        "ExportTime": None if export.since else export.until / past.MICROSECONDS,
        "S3SseAlgorithm": request.get("S3SseAlgorithm", "AES256"),
        "FailureCode": code,
        "FailureMessage": message,
        "ExportFormat": export.format,
        "BilledSizeBytes": export.size if done else None,
        "ItemCount": export.items if done else None,
        "ExportType": _type(export),
        "IncrementalExportSpecification": _specification(export) if export.since else None,
        "FilterSpecification": request.get("FilterSpecification"),
    }


def _type(export: Export) -> str:
    return "INCREMENTAL_EXPORT" if export.since else "FULL_EXPORT"


def _specification(export: Export) -> Document:
    return {
        "ExportFromTime": export.since / past.MICROSECONDS,
        "ExportToTime": export.until / past.MICROSECONDS,
        "ExportViewType": export.view,
    }


@service.operation(resource=export_arn)
async def describe_export(ctx: Context, request: Document) -> Document:
    return {"ExportDescription": _describe(await find(ctx, request["ExportArn"]))}


@service.operation
async def list_exports(ctx: Context, request: Document) -> Document:
    """By ARN, backwards."""
    limit, until = request.get("MaxResults", _LISTED), None
    if request.get("NextToken"):
        until = (pages.position(request["NextToken"], errors.validation("Invalid NextToken")),)
    table = request.get("TableArn")
    prefix = None if table is None else f"{tables.table_arn(ctx, {'TableName': table})}/export/"
    found = await exports.scan(ctx, starts_with=prefix, until=until, limit=limit + 1, reverse=True)
    shown, token = pages.page(found, limit, lambda export: export.arn)
    summaries = [
        {"ExportArn": export.arn, "ExportStatus": export.status, "ExportType": _type(export)} for export in shown
    ]
    return {"ExportSummaries": summaries, "NextToken": token}


@service.task
async def forget_export(ctx: Context, payload: Document) -> None:
    """After 90 days. Its files stay."""
    export = await exports.get(ctx, payload["arn"])
    if export is None:
        return
    exports.delete(ctx, export.arn)
    for number in range(export.files):
        data_files.delete(ctx, export.arn, number)
    await jobs.forget(ctx, "export_table_to_point_in_time", export.request.get("ClientToken"), export.arn)


# -- writing


@service.task(transaction=False)
async def write_export(ctx: Context, payload: Document) -> None:
    export = await ctx.transact(exports.get, ctx, payload["arn"])
    if export is None or export.status != "IN_PROGRESS":
        return
    ctx.principal = export.principal
    try:
        await _write(ctx, export, f"{manifests.folder(export)}_started", b"")
        while export.after is not None:
            export = await _write_data(ctx, export)
        await _write_manifests(ctx, export)
    except AWSError as error:
        await ctx.transact(_end, ctx, export.arn, "FAILED", jobs.failure(error))
    else:
        await ctx.transact(_end, ctx, export.arn, "COMPLETED", None)


async def _write(ctx: Context, export: Export, key: str, data: bytes) -> str:
    """Put an object of the export into its bucket. Returns the entity tag."""
    wanted = export.request
    request: Document = {
        "Bucket": wanted["S3Bucket"],
        "Key": key,
        "Body": Payload(data),
        "ServerSideEncryption": _ENCRYPTION[wanted.get("S3SseAlgorithm", "AES256")],
    }
    for member, given in (("ExpectedBucketOwner", "S3BucketOwner"), ("SSEKMSKeyId", "S3SseKmsKeyId")):
        if wanted.get(given) is not None:
            request[member] = wanted[given]
    return str((await jobs.s3(ctx, "PutObject", request))["ETag"]).strip('"')


class Batch(NamedTuple):
    """What goes into one data file."""

    lines: list[bytes]
    size: int
    after: bytes | None


async def _write_data(ctx: Context, export: Export) -> Export:
    """Write the next data file, and note how far that went."""
    batch = Batch([], 0, export.after)
    while batch.after is not None and batch.size < FILE_BYTES:
        more = await ctx.transact(_piece, ctx, export, batch.after)
        batch = Batch(batch.lines + more.lines, batch.size + more.size, more.after)
        await asyncio.sleep(0)  # others have their turn
    data: bytes = await in_thread(_compressed, batch.lines)
    key = manifests.data_key(export, export.next_file)
    etag = await _write(ctx, export, key, data)
    file = DataFile(key, len(batch.lines), manifests.md5_of(data), etag)
    return await ctx.transact(_advance, ctx, export, batch, file)


def _compressed(lines: list[bytes]) -> bytes:
    """The same bytes for the same lines, whenever."""
    return gzip.compress(b"".join(lines), compresslevel=6, mtime=0)


async def _piece(ctx: Context, export: Export, after: bytes) -> Batch:
    table = await tables.tables.get(ctx, export.table)
    if table is None or table.id != export.table_id:
        raise table_errors.no_table_to_back_up(export.table)
    wanted = Filter(export.request.get("FilterSpecification"), table.layout)
    if export.since:
        edits = await edits_between(ctx, table, export.since, export.until, after)
        # what became of an item counts, or what it was when it is gone
        taken = [edit for edit in edits.edits if wanted.takes(Image.stored(edit.new or edit.old))]
        lines = [_edit_line(export, table, edit, wanted) for edit in taken]
        return Batch(lines, sum(map(len, lines)), edits.after)
    piece = await past.piece_as_of(ctx, table, export.until, after)
    images = [image for image in map(Image.stored, piece.values) if wanted.reads(image)]
    lines = [_item_line(export, image, wanted) for image in images if wanted.takes(image)]
    return Batch(lines, sum(image.size for image in images), piece.after)


def _item_line(export: Export, image: Image, wanted: Filter) -> bytes:
    if export.format == "ION":
        return ion.text({"Item": ion.from_item(wanted.part(image))})
    return orjson.dumps({"Item": wanted.shown(image)}) + b"\n"


def _edit_line(export: Export, table: Table, edit: Edit, wanted: Filter) -> bytes:
    stored = {name: Image.stored(value) for name, value in (("OldImage", edit.old), ("NewImage", edit.new)) if value}
    keys = {name: next(iter(stored.values())).item[name] for name in table.layout.names}
    images = {name: wanted.part(image) for name, image in stored.items()}
    if export.view == "NEW_IMAGE":
        images.pop("OldImage", None)
    parts = {"Metadata": {"WriteTimestampMicros": {"N": str(edit.moment)}}, "Keys": keys, **images}
    if export.format == "ION":
        return ion.text({"Record": {name: ion.from_item(part) for name, part in parts.items()}})
    return orjson.dumps(parts) + b"\n"


async def _advance(ctx: Context, export: Export, batch: Batch, file: DataFile) -> Export:
    data_files.put(ctx, file, export.arn, export.files)
    return _put(
        ctx,
        export,
        items=export.items + file.items,
        size=export.size + batch.size,
        files=export.files + 1,
        after=batch.after,
        next_file=_file_name(ctx),
    )


def _file_name(ctx: Context) -> str:
    return "".join([ctx.ids.choice(_LETTERS) for _ in range(_NAME_LENGTH)])


async def _write_manifests(ctx: Context, export: Export) -> None:
    written = await ctx.transact(data_files.scan, ctx, export.arn)
    folder = manifests.folder(export)
    documents = {"files": manifests.files(written), "summary": manifests.summary(export, ctx.now())}
    for name, document in documents.items():
        await _write(ctx, export, f"{folder}manifest-{name}.json", document)
        await _write(ctx, export, f"{folder}manifest-{name}.md5", manifests.md5_of(document).encode())


async def _end(ctx: Context, arn: str, status: str, failure: tuple[str, str] | None) -> None:
    export = await find(ctx, arn)
    if export.status != "IN_PROGRESS":
        return
    _put(ctx, export, status=status, ended=ctx.now(), failure=failure)
    table = await tables.tables.get(ctx, export.table)
    if table is not None and table.id == export.table_id:
        await recovery.end(ctx, table)
