"""QueryVectors: the nearest vectors, those with the right words, or both. https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3VectorBuckets_QueryVectors.html

A search looks at every vector of the index, so it is exact. They are read a batch at a time, each in a transaction of its own, and measured
in a worker thread: others are served meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from fogbank.kernel import Context, pages
from fogbank.services.s3vectors import distances, encryption, errors, filters, limits, words
from fogbank.services.s3vectors.access import ON_INDEX, require_get
from fogbank.services.s3vectors.records import (
    CLASSIC,
    ENHANCED,
    Address,
    Index,
    Vector,
    index_address,
    index_at,
    vectors,
)
from fogbank.services.s3vectors.service import service
from fogbank.services.s3vectors.vectors import metadata_of, read_data

Request = dict[str, Any]

_BATCH = 2000


class Candidates(NamedTuple):
    """What a search needs of the vectors that pass the filter, by key."""

    distances: dict[str, float]
    texts: dict[str, dict[str, str]]  # by metadata key, then by key


class Ranking(NamedTuple):
    """Keys in order, and the scores they have by it."""

    keys: list[str]
    distances: dict[str, float]
    bm25: dict[str, dict[str, float]]
    fused: dict[str, float]


@service.operation(transaction=False, **ON_INDEX)
async def query_vectors(ctx: Context, request: Request) -> Request:
    """The `topK` best matches, a page of them at a time. API_S3VectorBuckets_QueryVectors."""
    address, index = await ctx.transact(_open, ctx, request)
    query = _query_data(index, request)
    start = _start(request)
    test = None if request.get("filter") is None else filters.compiled(request["filter"], index.hidden)
    found = await _candidates(
        address, index, query, [each["metadataKey"] for each in request.get("queryTexts") or ()], test
    )
    ranking = await asyncio.to_thread(_ranked, request, query is not None, found)
    shown = ranking.keys[start : min(request["topK"], start + limits.RESULTS_PAGE)]
    end = start + len(shown)
    has_more = end < min(request["topK"], len(ranking.keys))
    return {
        "vectors": await ctx.transact(_shown, address, index, request, ranking, shown),
        "distanceMetric": index.metric,
        "nextToken": pages.token(str(end)) if has_more else None,
    }


async def _open(ctx: Context, request: Request) -> tuple[Address, Index]:
    if request.get("queryTexts") or request.get("filter") is not None or request.get("returnMetadata"):
        await require_get(ctx, request)
    address = index_address(ctx, request)
    index = await index_at(address)
    await encryption.require(address, index)
    _check(index, request)
    return address, index


def _check(index: Index, request: Request) -> None:
    """Raises ValidationException for what does not fit together, or the index."""
    texts = request.get("queryTexts") or []
    mode = request.get("queryMode") or index.mode
    if request["topK"] > limits.TOP_K:
        raise errors.validation(f"topK must be at most {limits.TOP_K}", "topK")
    if request.get("queryVector") is None and not texts:
        raise errors.validation("Must specify queryVector, queryTexts, or both")
    if mode == CLASSIC and index.mode == ENHANCED:
        raise errors.validation("CLASSIC cannot be specified for an ENHANCED index", "queryMode")
    if texts and index.mode != ENHANCED:
        raise errors.validation("Text search requires an index in ENHANCED mode", "queryTexts")
    wanted = [each["metadataKey"] for each in texts]
    if len(set(wanted)) < len(wanted):
        raise errors.validation("Each query text must have a metadata key of its own", "queryTexts")
    active = {search.key for search in index.text_searches if search.active}
    for key in wanted:
        if key not in active:
            raise errors.validation(
                f"The metadata key '{key}' is not configured for text search, or still building", "queryTexts"
            )


def _query_data(index: Index, request: Request) -> bytes | None:
    if request.get("queryVector") is None:
        return None
    data, problem = read_data(index, request["queryVector"])
    if problem:
        raise errors.validation(f"Query {problem}", "queryVector")
    return data


def _start(request: Request) -> int:
    """How many results came on earlier pages."""
    token = request.get("nextToken")
    if not token:
        return 0
    position = pages.position(token, errors.bad_token())
    if not position.isdigit():
        raise errors.bad_token()
    return int(position)


async def _candidates(
    address: Address, index: Index, query: bytes | None, text_keys: list[str], test: filters.Test | None
) -> Candidates:
    found = Candidates({}, {key: {} for key in text_keys})
    async for batch in _batches(address, index):
        await asyncio.to_thread(_consider, batch, index, query, test, found)
    return found


async def _batches(address: Address, index: Index) -> AsyncIterator[list[Vector]]:
    ctx, after = address.ctx, None
    while True:
        batch = await ctx.transact(_batch, ctx, index.id, after)
        if batch:
            yield batch
            after = (batch[-1].key,)
        if len(batch) < _BATCH:
            return


async def _batch(ctx: Context, index_id: str, after: tuple[str] | None) -> list[Vector]:
    return await vectors.scan(ctx, index_id, after=after, limit=_BATCH)


def _consider(
    batch: list[Vector], index: Index, query: bytes | None, test: filters.Test | None, found: Candidates
) -> None:
    """Measure the vectors of a batch that pass the filter."""
    if test is not None or found.texts:
        passing = []
        for vector in batch:
            metadata = metadata_of(vector)
            if test is None or test(metadata):
                passing.append(vector)
                _note_texts(vector.key, metadata, found)
        batch = passing
    if query is not None:
        measured = distances.distances(index.metric, query, [vector.data for vector in batch])
        found.distances.update(zip((vector.key for vector in batch), measured, strict=True))


def _note_texts(key: str, metadata: Request, found: Candidates) -> None:
    for name, texts in found.texts.items():
        value = metadata.get(name)
        if isinstance(value, list):
            value = " ".join(each for each in value if isinstance(each, str))
        if isinstance(value, str):
            texts[key] = value


def _ranked(request: Request, by_vector: bool, found: Candidates) -> Ranking:
    nearest = sorted(found.distances, key=lambda key: (found.distances[key], key)) if by_vector else []
    queries = request.get("queryTexts") or []
    scores = {each["metadataKey"]: words.bm25(each["text"], found.texts[each["metadataKey"]]) for each in queries}
    if not scores:
        return Ranking(nearest, found.distances, {}, {})
    rankings = [words.ranked(each) for each in scores.values()]
    if not by_vector and len(rankings) == 1:
        return Ranking(rankings[0], {}, scores, {})
    top = request["topK"]
    fused = words.fused([ranking[:top] for ranking in (([nearest] if by_vector else []) + rankings)])
    return Ranking(words.ranked(fused), found.distances, scores, fused if by_vector else {})


async def _shown(address: Address, index: Index, request: Request, ranking: Ranking, keys: list[str]) -> list[Request]:
    """What is told of the matches; one that was deleted meanwhile is left out."""
    shown = []
    for key in keys:
        match: Request = {"key": key}
        if request.get("returnDistance") and key in ranking.distances:
            match["distance"] = ranking.distances[key]
        if request.get("returnScores") and ranking.bm25:
            match["scores"] = _scores(ranking, key)
        if request.get("returnMetadata"):
            vector = await vectors.get(address.ctx, index.id, key)
            if vector is None:
                continue
            match["metadata"] = metadata_of(vector)
        shown.append(match)
    return shown


def _scores(ranking: Ranking, key: str) -> Request:
    return {
        "fused": ranking.fused.get(key),
        "bm25Scores": [
            {"metadataKey": name, "score": scores[key]} for name, scores in ranking.bm25.items() if key in scores
        ],
        "vectorDistance": ranking.distances.get(key),
    }
