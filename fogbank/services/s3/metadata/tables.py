"""Making metadata tables, and committing rows to them: by S3 Tables' operations, and by writing into the tables' warehouses.

Tables are made with the permissions of whoever configures them, and get a policy that lets `metadata.s3.amazonaws.com` write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import orjson

from fogbank.http import Payload
from fogbank.identity.principals import service_principal
from fogbank.kernel import Context
from fogbank.services.s3 import records
from fogbank.services.s3.content import bodies
from fogbank.services.s3.metadata import schemas
from fogbank.services.s3.object import objects, vault
from fogbank.services.s3.service import service
from fogbank.storage.blobs import in_thread

Document = dict[str, Any]
Work = Callable[[Any], None]

_WRITER, _KEEPER = "metadata.s3", "maintenance.s3tables"
_CALLED_VIA = {"aws:CalledVia": ("metadata.s3.amazonaws.com",)}
_ACTIONS = ["s3tables:GetTableMetadataLocation", "s3tables:UpdateTableMetadataLocation", "s3tables:GetTable"]


class Place(NamedTuple):
    """A table by its names."""

    bucket_arn: str
    namespace: str
    name: str

    @property
    def params(self) -> Document:
        return {"tableBucketARN": self.bucket_arn, "namespace": self.namespace, "name": self.name}


def can_write() -> bool:
    """Are PyIceberg and pyarrow, which write the files, installed?"""
    return find_spec("pyiceberg") is not None and find_spec("pyarrow") is not None


# -- making


async def ask(ctx: Context, operation: str, params: Document) -> Document:
    """An operation of S3 Tables as the caller, by way of S3's metadata."""
    inner = ctx.at()
    inner.origin = {**ctx.origin, **_CALLED_VIA}
    return await inner.call("s3tables", operation, params, as_caller=True)


async def create(ctx: Context, place: Place, columns: Any, encryption: Document | None) -> str:
    """Make a table that S3 may write. Gives its ARN."""
    members: Document = {}
    if encryption is not None:
        members["encryptionConfiguration"] = {
            "sseAlgorithm": encryption["SseAlgorithm"],
            **({"kmsKeyArn": encryption["KmsKeyArn"]} if encryption.get("KmsKeyArn") else {}),
        }
    metadata = {"iceberg": {"schemaV2": schemas.schema(columns)}}
    made = await ask(ctx, "CreateTable", {**place.params, "format": "ICEBERG", "metadata": metadata, **members})
    arn = str(made["tableARN"])
    await ask(ctx, "PutTablePolicy", {**place.params, "resourcePolicy": _policy(arn)})
    return arn


def _policy(arn: str) -> str:
    principal = {"Service": f"{_WRITER}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": _ACTIONS, "Resource": arn}
    return orjson.dumps({"Version": "2012-10-17", "Statement": [statement]}).decode()


# -- committing


class Prepared(NamedTuple):
    """A commit whose files are written, but that no table has yet."""

    place: Place
    token: str
    location: str


def _as_service(ctx: Context, name: str) -> Context:
    acting = ctx.at(service=service)
    acting.principal = service_principal(name, ctx.account)
    acting.request, acting.protocol = None, ""
    return acting


async def prepare(ctx: Context, place: Place, work: Work) -> Prepared | None:
    """Write the files of a commit, if something comes of the work on the table; outside of transactions.

    `ctx` is in the account and region of the bucket, `work` is one of `iceberg`'s.
    """
    from fogbank.services.s3.metadata import iceberg

    async def located() -> Document:
        writer = _as_service(ctx, _WRITER)
        return await writer.call("s3tables", "GetTableMetadataLocation", place.params, as_caller=True)

    found = await ctx.transact(located)
    loop, keeper = asyncio.get_running_loop(), _as_service(ctx, _KEEPER)

    def fetch(location: str) -> bytes:
        """Several threads may ask at once, so each time with a context of its own."""
        return asyncio.run_coroutine_threadsafe(_read(_as_service(ctx, _KEEPER), location), loop).result()

    metadata = await _read(keeper, found["metadataLocation"])
    made = await in_thread(iceberg.commit, work, metadata, ctx.now(), fetch)
    if made is None:
        return None
    location = _following(ctx, found["metadataLocation"])
    for where, data in {**made.files, location: made.metadata}.items():
        bucket, key = _split(where)
        await objects.put_object(keeper, {"Bucket": bucket, "Key": key, "Body": Payload(data)})
    return Prepared(place, found["versionToken"], location)


async def conclude(ctx: Context, prepared: Prepared) -> None:
    """Make the commit the table's; inside a transaction. Raises ConflictException when somebody was faster."""
    request = {**prepared.place.params, "versionToken": prepared.token, "metadataLocation": prepared.location}
    await _as_service(ctx, _WRITER).call("s3tables", "UpdateTableMetadataLocation", request, as_caller=True)


def _split(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key


def _following(ctx: Context, location: str) -> str:
    """Metadata files are numbered."""
    directory, _, name = location.rpartition("/")
    return f"{directory}/{int(name.partition('-')[0]) + 1:05}-{ctx.ids.uuid()}.metadata.json"


async def _read(ctx: Context, location: str) -> bytes:
    bucket, key = _split(location)

    async def opened() -> Any:
        home = await records.find(ctx, bucket)
        record = None if home is None else await vault.current(home, key)
        if home is None or record is None:
            raise LookupError(f"{location} is not there")
        return await bodies.pieces(home, key, record, 0, record.size)

    return b"".join([piece async for piece in await ctx.transact(opened)])
