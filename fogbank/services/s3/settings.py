"""Configurations of a bucket that take effect later (lifecycle, replication, inventory, ...): where their documents lie.

    settings    bucket, kind, id -> the document; the id is empty where a bucket has but one of the kind

They are kept decoded in memory, since requests ask for them; what is compiled of a document is kept by its bytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Collection, Context, pages
from fogbank.services.s3 import errors
from fogbank.services.s3.content import digests
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Home, home_of
from fogbank.services.s3.service import service

Document = dict[str, Any]
Request = dict[str, Any]
Answer = dict[str, Any]

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketMetricsConfiguration.html: TooManyConfigurations
MOST = 1000
_PAGE = 100
_DAY = 86400

documents: Collection[bytes] = service.collection("settings", bytes, scope="account", cached=True)

_pack = msgspec.msgpack.Encoder().encode
unpack: Callable[[bytes], Document] = msgspec.msgpack.Decoder(Document).decode


async def packed(home: Home, kind: str, name: str = "") -> bytes | None:
    """A document as its bytes, for what is compiled of it."""
    return await documents.get(home.ctx, home.name, kind, name)


async def read(home: Home, kind: str, name: str = "") -> Document | None:
    found = await packed(home, kind, name)
    return None if found is None else unpack(found)


def write(home: Home, kind: str, document: Document, name: str = "") -> None:
    documents.put(home.ctx, _pack(document), home.name, kind, name)


def erase(home: Home, kind: str, name: str = "") -> None:
    documents.delete(home.ctx, home.name, kind, name)


async def all_of(home: Home, kind: str, **bounds: Any) -> list[Document]:
    return [unpack(found) for found in await documents.scan(home.ctx, home.name, kind, **bounds)]


async def forget(home: Home) -> None:
    """The bucket goes, and its configurations with it."""
    for collection, parts in _of_buckets:
        for key, _ in await collection.items(home.ctx, parts, home.name):
            collection.delete(home.ctx, home.name, *key)


def goes_with_bucket(collection: Collection[Any], *parts: type) -> None:
    """Declare that rows are a bucket's, by whose name their keys begin; `parts` are the types of the rest."""
    _of_buckets.append((collection, parts))


_of_buckets: list[tuple[Collection[Any], tuple[type, ...]]] = []
goes_with_bucket(documents, str, str)


# -- work that is done later


def scope(home: Home) -> Context:
    """Where the tasks of a bucket are, whatever region it was reached from."""
    return home.ctx.at(region=home.bucket.region, service=service)


def next_midnight(now: float) -> int:
    """The first midnight (UTC, epoch seconds) after a moment."""
    return (int(now) // _DAY + 1) * _DAY


# -- configurations of which a bucket has many, told apart by their ids

Check = Callable[[Home, Document], Awaitable[None]]
Changed = Callable[[Home], Awaitable[None]]


def declare_many(kind: str, noun: str, check: Check, changed: Changed | None = None, **options: Any) -> None:
    """Declare the operations that put, get, delete and list the configurations of a kind (`Inventory`).

    `check` raises what AWS answers to a document that it does not take; `changed` is called after a put or delete. `options` are those
    of the operations.
    """
    member, snake = f"{noun}Configuration", kind.replace("-", "_")

    async def put(ctx: Context, request: Request) -> Answer:
        digests.check_document(ctx.request)
        document, name = request[member], request["Id"]
        if document["Id"] != name:
            raise errors.invalid_argument("The id of the configuration is not the one of the request", "id", name)
        home = await home_of(ctx, request)
        await check(home, document)
        is_new = await packed(home, kind, name) is None
        if is_new and await documents.count(home.ctx, home.name, kind, limit=MOST) >= MOST:
            raise errors.too_many_configurations(MOST)
        write(home, kind, document, name)
        await _tell(home)
        return {}

    async def get(ctx: Context, request: Request) -> Answer:
        home = await home_of(ctx, request)
        found = await read(home, kind, request["Id"])
        if found is None:
            raise _missing(home)
        return {member: found}

    async def delete(ctx: Context, request: Request) -> Answer:
        home = await home_of(ctx, request)
        if await packed(home, kind, request["Id"]) is None:
            raise _missing(home)
        erase(home, kind, request["Id"])
        await _tell(home)
        return {}

    async def listed(ctx: Context, request: Request) -> Answer:
        token = request.get("ContinuationToken")
        wrong = errors.invalid_argument("The continuation token provided is incorrect", "continuation-token", token)
        bounds = {} if token is None else {"after": (pages.position(token, wrong),)}
        found = await all_of(await home_of(ctx, request), kind, limit=_PAGE + 1, **bounds)
        shown, following = pages.page(found, _PAGE, lambda document: document["Id"])
        return {
            f"{member}List": shown,
            "IsTruncated": following is not None,
            "ContinuationToken": token,
            "NextContinuationToken": following,
        }

    async def _tell(home: Home) -> None:
        if changed is not None:
            await changed(home)

    def declare(handler: Any, operation: str, verb: str) -> None:
        service.operation_from(handler, operation, action=f"s3:{verb}{member}", **access.ON_BUCKET, **options)

    declare(put, f"put_bucket_{snake}_configuration", "Put")
    declare(get, f"get_bucket_{snake}_configuration", "Get")
    declare(delete, f"delete_bucket_{snake}_configuration", "Put")
    declare(listed, f"list_bucket_{snake}_configurations", "Get")


def _missing(home: Home) -> AWSError:
    return errors.no_such_configuration("NoSuchConfiguration", "The specified configuration does not exist.", home.name)
