"""What S3 Tables keeps, and where it lies in the store.

    buckets      bucket                      -> TableBucket
    namespaces   bucket, namespace           -> Namespace
    tables       bucket, namespace, table    -> Table
    table-names  bucket, table id            -> where the table of that ARN is now: it can be renamed
    replicas     bucket, table id, bucket ARN -> how replicating the table there went
    jobs         bucket, table id, kind       -> how a maintenance job went the last time
    noncurrent   bucket, table id, key        -> since when no snapshot names a file

The files of a table lie in a hidden bucket of S3, its warehouse. Settings are kept as the API has them.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.kernel import Collection, Context, Record
from fogbank.services.s3tables import errors
from fogbank.services.s3tables.service import service

Request = dict[str, Any]

AES256 = {"sseAlgorithm": "AES256"}
STANDARD = {"storageClass": "STANDARD"}

_ARN = re.compile(
    r"arn:aws[-a-z0-9]*:s3tables:([-a-z0-9]*):(\d{12}):bucket/([a-z0-9_-]{3,63})(?:/table/([\w-]{1,255}))?", re.ASCII
)


class TableBucket(Record, frozen=True):
    """`created` is epoch seconds. `settings` are documents by name (`encryption`, `maintenance` ...), those that were put."""

    name: str
    id: str
    created: float
    settings: dict[str, Any] = {}
    tags: dict[str, str] = {}


class Namespace(Record, frozen=True):
    name: str
    id: str
    created: float
    creator: str


class Table(Record, frozen=True):
    """`warehouse` and `metadata` are S3 URIs; `metadata` is empty until there is some. `token` is another after each change.

    `source` is the ARN of the table that this one is a replica of, as a rule empty.
    """

    bucket: str
    namespace: str
    name: str
    id: str
    token: str
    warehouse: str
    metadata: str
    created: float
    creator: str
    modified: float
    modifier: str
    settings: dict[str, Any] = {}
    tags: dict[str, str] = {}
    source: str = ""


class TablePlace(Record, frozen=True):
    namespace: str
    name: str


class Replica(Record, frozen=True):
    """A table at one destination. `tried` is the metadata that was tried last, and `message` why that failed, empty if it did not.

    `arn` is the table there, `done` the metadata that it has, and `at` (epoch seconds) since when.
    """

    tried: str = ""
    message: str = ""
    arn: str = ""
    done: str = ""
    at: float = 0.0


class Job(Record, frozen=True):
    """`at` is epoch seconds, `message` why it failed."""

    at: float
    message: str = ""


class Since(Record, frozen=True):
    at: float


buckets: Collection[TableBucket] = service.collection("buckets", TableBucket)
namespaces: Collection[Namespace] = service.collection("namespaces", Namespace)
tables: Collection[Table] = service.collection("tables", Table)
places: Collection[TablePlace] = service.collection("table-names", TablePlace)
replicas: Collection[Replica] = service.collection("replicas", Replica)
jobs: Collection[Job] = service.collection("jobs", Job)
noncurrent: Collection[Since] = service.collection("noncurrent", Since)

replace = msgspec.structs.replace


# -- names


def is_for_metadata(ctx: Context) -> bool:
    """Does S3 ask on behalf of its caller, to have metadata tables? Some names are for these alone."""
    return "metadata.s3.amazonaws.com" in ctx.origin.get("aws:CalledVia", ())


def bucket_arn(ctx: Context, bucket: str) -> str:
    return f"arn:{ctx.partition}:s3tables:{ctx.region}:{ctx.account}:bucket/{bucket}"


def table_arn(ctx: Context, table: Table) -> str:
    return f"{bucket_arn(ctx, table.bucket)}/table/{table.id}"


def parsed(ctx: Context, arn: str) -> tuple[Context, str, str]:
    """(context of the owner, bucket, table id or nothing) of an ARN. Raises BadRequestException, NotFoundException."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise errors.bad_request("The specified ARN is not valid.")
    region, account, bucket, table = found.groups()
    if region != ctx.region:
        raise errors.no_such_bucket()
    return (ctx if account == ctx.account else ctx.at(account=account)), bucket, table or ""


# -- finding


class Found:
    """A bucket, and perhaps a table in it, with the context of their owner."""

    __slots__ = ("bucket", "ctx", "table")

    def __init__(self, ctx: Context, bucket: TableBucket, table: Table | None = None) -> None:
        self.ctx = ctx
        self.bucket = bucket
        self.table = table

    @property
    def arn(self) -> str:
        return bucket_arn(self.ctx, self.bucket.name) if self.table is None else table_arn(self.ctx, self.table)


async def look_up(ctx: Context, request: Request) -> Found | None:
    """What a request is about: the table if it names one, else the bucket. None when that is not there."""
    arn = (
        request.get("tableArn")
        or request.get("tableARN")
        or request.get("resourceArn")
        or request.get("tableBucketARN")
        or ""
    )
    home, name, table_id = parsed(ctx, arn)
    bucket = await buckets.get(home, name)
    if bucket is None:
        return None
    namespace, table_name = request.get("namespace"), request.get("name")
    if table_id:
        place = await places.get(home, name, table_id)
        if place is None:
            return None
        namespace, table_name = place.namespace, place.name
    if not isinstance(namespace, str) or table_name is None:
        return Found(home, bucket)
    table = await tables.get(home, name, namespace, table_name)
    return None if table is None else Found(home, bucket, table)


async def find_bucket(ctx: Context, request: Request) -> Found:
    """Raises NotFoundException."""
    home, name, _ = parsed(ctx, request["tableBucketARN"])
    bucket = await buckets.get(home, name)
    if bucket is None:
        raise errors.no_such_bucket()
    return Found(home, bucket)


async def find_table(ctx: Context, request: Request) -> tuple[Found, Table]:
    """Raises NotFoundException, for the bucket, the namespace or the table."""
    found = await look_up(ctx, request)
    if found is not None and found.table is not None:
        return found, found.table
    arn = request.get("tableARN") or request.get("tableArn") or request.get("tableBucketARN")
    if arn is None:
        raise errors.bad_request("A table ARN, or the ARN of its bucket, its namespace and its name must be specified.")
    home, name, _ = parsed(ctx, arn)
    if await buckets.get(home, name) is None:
        raise errors.no_such_bucket()
    namespace = request.get("namespace")
    if namespace is not None and await namespaces.get(home, name, namespace) is None:
        raise errors.no_such_namespace()
    raise errors.no_such_table()


def save_bucket(found: Found, **changes: Any) -> None:
    buckets.put(found.ctx, replace(found.bucket, **changes), found.bucket.name)


def save_table(ctx: Context, table: Table, **changes: Any) -> Table:
    changed = replace(table, **changes)
    tables.put(ctx, changed, changed.bucket, changed.namespace, changed.name)
    return changed


async def forget_table(ctx: Context, table: Table) -> None:
    """Keep nothing about a table that goes."""
    for (destination,), _ in await replicas.items(ctx, (str,), table.bucket, table.id):
        replicas.delete(ctx, table.bucket, table.id, destination)
    for (kind,), _ in await jobs.items(ctx, (str,), table.bucket, table.id):
        jobs.delete(ctx, table.bucket, table.id, kind)
    for (key,), _ in await noncurrent.items(ctx, (str,), table.bucket, table.id):
        noncurrent.delete(ctx, table.bucket, table.id, key)


def with_setting(settings: dict[str, Any], name: str, document: Any) -> dict[str, Any]:
    """The settings with one put, or removed when `document` is None."""
    rest = {key: value for key, value in settings.items() if key != name}
    return rest if document is None else {**rest, name: document}
