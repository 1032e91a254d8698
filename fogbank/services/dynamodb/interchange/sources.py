"""The objects under a prefix of a bucket, in the order of their keys, as lines: what imports and bulk operations read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, NamedTuple

from fogbank.kernel import bodies
from fogbank.services.dynamodb.interchange import jobs, lines

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

# of an object, read at once
PIECE_BYTES = 1024 * 1024
_BATCH = 100


class Source(NamedTuple):
    """`bucket` is the bucket, and its owner if one was named, as S3 wants them."""

    bucket: Document
    prefix: str
    compression: str


def source(given: Document, compression: str) -> Source:
    """Of an S3BucketSource or an InputS3Configuration."""
    bucket = {"Bucket": given["S3Bucket"]}
    if "S3BucketOwner" in given:
        bucket["ExpectedBucketOwner"] = given["S3BucketOwner"]
    return Source(bucket, given.get("S3KeyPrefix", ""), compression)


async def objects_after(ctx: Context, source: Source, after: str, limit: int = 1) -> list[Document]:
    """Key, Size and ETag of the objects behind a key."""
    request = {**source.bucket, "Prefix": source.prefix, "MaxKeys": limit}
    if after:
        request["StartAfter"] = after
    answer = await ctx.transact(jobs.s3, ctx, "ListObjectsV2", request)
    return answer.get("Contents") or []


async def batches(
    ctx: Context, source: Source, found: Document, splitter: lines.Splitter
) -> AsyncIterator[list[bytes]]:
    """The lines of an object, some at a time. Raises Malformed when it cannot be unpacked."""
    unpacker = lines.unpacker(source.compression)
    async for piece in _pieces(ctx, source, found):
        for data in unpacker.feed(piece):
            whole = splitter.feed(data)
            for start in range(0, len(whole), _BATCH):
                yield whole[start : start + _BATCH]
    unpacker.finish()
    yield splitter.finish()


async def _pieces(ctx: Context, source: Source, found: Document) -> AsyncIterator[bytes]:
    for start in range(0, found["Size"], PIECE_BYTES):
        span = f"bytes={start}-{start + PIECE_BYTES - 1}"
        request = {**source.bucket, "Key": found["Key"], "Range": span, "IfMatch": found["ETag"]}
        answer = await ctx.transact(jobs.s3, ctx, "GetObject", request)
        yield await bodies.whole(answer["Body"])
