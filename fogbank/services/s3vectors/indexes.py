"""Vector indexes: their dimension and metric, their modes, and the metadata that can be searched for words."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3vectors import encryption, errors, limits, tags
from fogbank.services.s3vectors.access import ON_BUCKET, ON_INDEX, ON_NEW_INDEX
from fogbank.services.s3vectors.buckets import check_mode, page_of
from fogbank.services.s3vectors.records import (
    ENHANCED,
    Address,
    Index,
    TextSearch,
    bucket_address,
    bucket_at,
    check_name,
    index_address,
    index_at,
    indexes,
    replace,
    vectors,
)
from fogbank.services.s3vectors.service import service

Request = dict[str, Any]

_TEXT_SEARCHES = 10
_BUILD_SECONDS = 0.5
_SWEEP_BATCH = 500


@service.operation(action=with_members("s3vectors:CreateIndex", {"tags": "s3vectors:TagResource"}), **ON_NEW_INDEX)
async def create_index(ctx: Context, request: Request) -> Request:
    """Create an index in a bucket. API_S3VectorBuckets_CreateIndex."""
    bucket_at_home = bucket_address(ctx, request)
    bucket, name = await bucket_at(bucket_at_home), request["indexName"]
    check_name(name, "indexName")
    address = Address(bucket_at_home.ctx, bucket.name, name)
    home = address.ctx
    if await indexes.get(home, bucket.name, name) is not None:
        raise errors.index_exists()
    if await indexes.count(home, bucket.name, limit=limits.INDEXES) >= limits.INDEXES:
        raise errors.quota_exceeded("indexes in a vector bucket", limits.INDEXES)
    configuration = request.get("metadataConfiguration") or {}
    index = Index(
        ctx.ids.uuid(),
        bucket.name,
        name,
        ctx.now(),
        request["dimension"],
        request["distanceMetric"],
        bucket.mode,
        await encryption.for_index(address, request.get("encryptionConfiguration"), bucket.encryption),
        _hidden(configuration),
        _text_searches(bucket.mode, [], configuration.get("textSearchConfigurations") or [], active=True),
        tags.checked({}, request.get("tags") or {}),
    )
    indexes.put(home, index, bucket.name, name)
    return {"indexArn": address.arn}


def _hidden(configuration: Request) -> list[str]:
    keys = configuration.get("nonFilterableMetadataKeys") or []
    if len(set(keys)) < len(keys):
        raise errors.validation("Metadata keys must be unique", "metadataConfiguration.nonFilterableMetadataKeys")
    return keys


def _text_searches(mode: str, present: list[TextSearch], added: list[Request], active: bool) -> list[TextSearch]:
    """Of a new index there is nothing to build. Raises ValidationException, ConflictException."""
    if added and mode != ENHANCED:
        raise errors.validation("Text search requires an index in ENHANCED mode", "textSearchConfigurations")
    known = {search.key for search in present}
    for each in added:
        if each["metadataKey"] in known:
            raise errors.text_search_exists(each["metadataKey"])
        known.add(each["metadataKey"])
    if len(known) > _TEXT_SEARCHES:
        raise errors.validation(f"At most {_TEXT_SEARCHES} keys can be searched", "textSearchConfigurations")
    return [*present, *(TextSearch(each["metadataKey"], each.get("language") or "", active) for each in added)]


@service.operation(**ON_INDEX)
async def get_index(ctx: Context, request: Request) -> Request:
    """What there is to know of an index. API_S3VectorBuckets_GetIndex."""
    address = index_address(ctx, request)
    index = await index_at(address)
    details = {
        "dataType": "float32",
        "dimension": index.dimension,
        "distanceMetric": index.metric,
        "metadataConfiguration": _configuration(index),
        "encryptionConfiguration": encryption.shown(index.encryption),
        "indexMode": index.mode,
    }
    return {"index": {**_summary(address, index), **details}}


def _configuration(index: Index) -> Request | None:
    searches = [
        {"metadataKey": each.key, "language": each.language or None, "status": "ACTIVE" if each.active else "BUILDING"}
        for each in index.text_searches
    ]
    found = {"nonFilterableMetadataKeys": index.hidden or None, "textSearchConfigurations": searches or None}
    return found if index.hidden or searches else None


def _summary(address: Address, index: Index) -> Request:
    return {
        "vectorBucketName": index.bucket,
        "indexName": index.name,
        "indexArn": Address(address.ctx, index.bucket, index.name).arn,
        "creationTime": index.created,
    }


@service.operation(**ON_BUCKET)
async def list_indexes(ctx: Context, request: Request) -> Request:
    """The indexes of a bucket, by name. API_S3VectorBuckets_ListIndexes."""
    address = bucket_address(ctx, request)
    bucket = await bucket_at(address)
    limit, bounds = page_of(request)
    found = await indexes.scan(address.ctx, bucket.name, limit=limit + 1, **bounds)
    shown, token = pages.page(found, limit, lambda index: index.name)
    return {"indexes": [_summary(address, index) for index in shown], "nextToken": token}


@service.operation(**ON_INDEX)
async def delete_index(ctx: Context, request: Request) -> Request:
    """Delete an index with its vectors. API_S3VectorBuckets_DeleteIndex."""
    address = index_address(ctx, request)
    index = await index_at(address)
    indexes.delete(address.ctx, index.bucket, index.name)
    await address.ctx.schedule("sweep", {"id": index.id})
    return {}


@service.task
async def sweep(ctx: Context, payload: dict[str, Any]) -> None:
    """Remove the vectors of an index that is gone, some at a time."""
    found = await vectors.scan(ctx, payload["id"], limit=_SWEEP_BATCH)
    for vector in found:
        vectors.delete(ctx, payload["id"], vector.key)
    if len(found) == _SWEEP_BATCH:
        await ctx.schedule("sweep", payload)


@service.operation(**ON_INDEX)
async def update_index_mode(ctx: Context, request: Request) -> Request:
    """Whether filters count before or during the search; only enhanced indexes search for words. API_..._UpdateIndexMode."""
    address = index_address(ctx, request)
    index = await index_at(address)
    check_mode(await bucket_at(address), request["indexMode"], "indexMode")
    if request["indexMode"] != ENHANCED and index.text_searches:
        raise errors.validation("An index with text search configurations cannot be CLASSIC", "indexMode")
    indexes.put(address.ctx, replace(index, mode=request["indexMode"]), index.bucket, index.name)
    return {}


# -- text search


@service.operation(action="s3vectors:UpdateMetadataConfiguration", **ON_INDEX)
async def update_metadata_configuration(ctx: Context, request: Request) -> Request:
    """Add or delete keys that can be searched for words. API_S3VectorBuckets_UpdateMetadataConfiguration."""
    address = index_address(ctx, request)
    index, added, deleted = await index_at(address), request.get("add"), request.get("delete")
    if (added is None) is (deleted is None):
        raise errors.validation("Must specify either add or delete but not both")
    if index.mode != ENHANCED:
        raise errors.validation("Text search requires an index in ENHANCED mode")
    if deleted is not None:
        searches = _without(index, [each["metadataKey"] for each in deleted.get("textSearchConfigurations") or []])
    else:
        wanted = (added or {}).get("textSearchConfigurations") or []
        searches = _text_searches(index.mode, index.text_searches, wanted, active=False)
        place = {"bucket": index.bucket, "index": index.name, "id": index.id}
        await address.ctx.schedule("build_text_search", place, delay=_BUILD_SECONDS, key=index.id)
    indexes.put(address.ctx, replace(index, text_searches=searches), index.bucket, index.name)
    return {"indexArn": address.arn}


def _without(index: Index, gone: list[str]) -> list[TextSearch]:
    for key in gone:
        if all(search.key != key for search in index.text_searches):
            raise errors.validation(f"The metadata key '{key}' is not configured for text search", "delete")
    return [search for search in index.text_searches if search.key not in gone]


@service.task
async def build_text_search(ctx: Context, payload: dict[str, Any]) -> None:
    """BUILDING becomes ACTIVE. Nothing is built: a search counts the words of the vectors as they are then."""
    index = await indexes.get(ctx, payload["bucket"], payload["index"])
    if index is not None and index.id == payload["id"]:
        searches = [replace(search, active=True) for search in index.text_searches]
        indexes.put(ctx, replace(index, text_searches=searches), index.bucket, index.name)
