"""Putting, getting, deleting and listing vectors."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import orjson

from fogbank.kernel import Context, pages
from fogbank.services.s3vectors import distances, encryption, errors, filters, limits
from fogbank.services.s3vectors.access import ON_INDEX, require_get
from fogbank.services.s3vectors.records import Address, Index, Vector, index_address, index_at, vectors
from fogbank.services.s3vectors.service import service

Request = dict[str, Any]

_BATCH = 500


async def _open(ctx: Context, request: Request) -> tuple[Address, Index]:
    """The index of a request, if the caller can use its key."""
    address = index_address(ctx, request)
    index = await index_at(address)
    await encryption.require(address, index)
    return address, index


@service.operation(**ON_INDEX)
async def put_vectors(ctx: Context, request: Request) -> Request:
    """Add vectors, and replace those with the same keys: all of them or none. API_S3VectorBuckets_PutVectors."""
    address, index = await _open(ctx, request)
    for given in request["vectors"]:
        vector = _checked(index, given)
        vectors.put(address.ctx, vector, index.id, vector.key)
    return {}


def _checked(index: Index, given: Request) -> Vector:
    key = given["key"]
    data, problem = read_data(index, given["data"])
    if problem:
        raise errors.invalid_record(key, problem)
    return Vector(key, data, filters.checked(key, given.get("metadata"), index.hidden))


def read_data(index: Index, given: Request) -> tuple[bytes, str]:
    """The packed values of a vector, and what is wrong with them."""
    values = given.get("float32")
    if values is None:
        return b"", "vector data must be float32"
    if len(values) != index.dimension:
        return b"", errors.wrong_dimension(index.dimension, len(values))
    data = distances.packed(values)
    if data is None:
        return b"", "vector must not contain NaN or Infinity"
    if index.metric == distances.COSINE and not any(data):
        return b"", "zero vectors are not allowed with the cosine distance metric"
    return data, ""


@service.operation(**ON_INDEX)
async def get_vectors(ctx: Context, request: Request) -> Request:
    """Vectors by key, those that are there. API_S3VectorBuckets_GetVectors."""
    address, index = await _open(ctx, request)
    found = [await vectors.get(address.ctx, index.id, key) for key in dict.fromkeys(request["keys"])]
    return {"vectors": [_shown(vector, request) for vector in found if vector is not None]}


def _shown(vector: Vector, request: Request) -> Request:
    shown: Request = {"key": vector.key}
    if request.get("returnData"):
        shown["data"] = {"float32": distances.unpacked(vector.data)}
    if request.get("returnMetadata"):
        shown["metadata"] = metadata_of(vector)
    return shown


def metadata_of(vector: Vector) -> Request:
    return orjson.loads(vector.metadata) if vector.metadata else {}


@service.operation(**ON_INDEX)
async def delete_vectors(ctx: Context, request: Request) -> Request:
    """Delete vectors by key; those that are not there are gone already. API_S3VectorBuckets_DeleteVectors."""
    address, index = await _open(ctx, request)
    for key in request["keys"]:
        vectors.delete(address.ctx, index.id, key)
    return {}


# -- listing


@service.operation(**ON_INDEX)
async def list_vectors(ctx: Context, request: Request) -> Request:
    """A page of the vectors, by key; of one segment of them if that is asked for. API_S3VectorBuckets_ListVectors."""
    count, number = _segment(request)
    if request.get("returnData") or request.get("returnMetadata"):
        await require_get(ctx, request)
    address, index = await _open(ctx, request)
    limit = request.get("maxResults") or limits.PAGE
    shown: list[Request] = []
    size, last, more = 0, "", False
    async for vector in _walk(address.ctx, index, request.get("nextToken")):
        if crc32(vector.key.encode()) % count != number:
            continue
        if len(shown) == limit or size > limits.PAGE_BYTES:
            more = True
            break
        shown.append(_shown(vector, request))
        size += len(vector.key) + _weight(vector, request)
        last = vector.key
    return {"vectors": shown, "nextToken": pages.token(last) if more else None}


def _weight(vector: Vector, request: Request) -> int:
    """The bytes of what is shown of a vector besides its key."""
    data = len(vector.data) if request.get("returnData") else 0
    return data + (len(vector.metadata) if request.get("returnMetadata") else 0)


async def _walk(ctx: Context, index: Index, token: str | None) -> Any:
    """All vectors from a position on."""
    after = None if token is None else (pages.position(token, errors.bad_token()),)
    while found := await vectors.scan(ctx, index.id, after=after, limit=_BATCH):
        for vector in found:
            yield vector
        if len(found) < _BATCH:
            return
        after = (found[-1].key,)


def _segment(request: Request) -> tuple[int, int]:
    """How many segments there are, and which is meant."""
    count, number = request.get("segmentCount"), request.get("segmentIndex")
    if (count is None) is not (number is None):
        raise errors.validation("segmentCount and segmentIndex must be specified together", "segmentCount")
    if count is None or number is None:
        return 1, 0
    if number >= count:
        raise errors.validation("segmentIndex must be less than segmentCount", "segmentIndex")
    return count, number
