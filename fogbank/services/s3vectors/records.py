"""What S3 Vectors keeps, and where it lies in the store.

    buckets   bucket            -> Bucket
    indexes   bucket, index     -> Index
    vectors   index id, key     -> Vector

An index has an id that no other has, so that its vectors can be swept after it is gone, and its name is free at once.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.kernel import Collection, Context, Record
from fogbank.services.s3vectors import errors
from fogbank.services.s3vectors.service import service

Request = dict[str, Any]

CLASSIC = "CLASSIC"
ENHANCED = "ENHANCED"

_ARN = re.compile(r"arn:aws[-a-z0-9]*:s3vectors:([a-z0-9-]+):(\d{12}):bucket/([^/]+)(?:/index/([^/]+))?", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Encryption(Record, frozen=True):
    """`sealed` is a data key under the KMS key: who can have it opened may use the vectors."""

    algorithm: str = "AES256"
    key: str = ""
    sealed: bytes = b""


class Bucket(Record, frozen=True):
    """`created` is epoch seconds; `mode` that of new indexes."""

    name: str
    created: float
    encryption: Encryption
    mode: str
    policy: str = ""
    tags: dict[str, str] = {}


class TextSearch(Record, frozen=True):
    """A metadata key that can be searched for words, once it is `active`."""

    key: str
    language: str = ""
    active: bool = False


class Index(Record, frozen=True):
    """`metric` is cosine or euclidean; `hidden` are the keys of metadata that cannot be filtered by."""

    id: str
    bucket: str
    name: str
    created: float
    dimension: int
    metric: str
    mode: str
    encryption: Encryption
    hidden: list[str] = []
    text_searches: list[TextSearch] = []
    tags: dict[str, str] = {}


class Vector(Record, frozen=True):
    """`data` are 32-bit floats, little-endian; `metadata` is JSON, empty if there was none."""

    key: str
    data: bytes
    metadata: bytes = b""


buckets: Collection[Bucket] = service.collection("buckets", Bucket, cached=True)
indexes: Collection[Index] = service.collection("indexes", Index, cached=True)
vectors: Collection[Vector] = service.collection("vectors", Vector)

replace = msgspec.structs.replace


# -- names


class Address:
    """A bucket or an index, and the context whose scope it lies in. `index` is empty for a bucket."""

    __slots__ = ("bucket", "ctx", "index")

    def __init__(self, ctx: Context, bucket: str, index: str = "") -> None:
        self.ctx = ctx
        self.bucket = bucket
        self.index = index

    @property
    def bucket_arn(self) -> str:
        ctx = self.ctx
        return f"arn:{ctx.partition}:s3vectors:{ctx.region}:{ctx.account}:bucket/{self.bucket}"

    @property
    def arn(self) -> str:
        return f"{self.bucket_arn}/index/{self.index}" if self.index else self.bucket_arn


def check_name(name: str, member: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-buckets-naming.html. Raises ValidationException."""
    if _NAME.fullmatch(name) is None:
        raise errors.validation(f"Invalid name: '{name}'", member)


def address_of_arn(ctx: Context, arn: str, member: str) -> Address:
    """Raises ValidationException for what is no ARN, NotFoundException for one of another region."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise errors.validation(f"Invalid ARN: '{arn}'", member)
    region, account, bucket, index = found.groups()
    if region != ctx.region:
        raise errors.resource_not_found()
    return Address(ctx if account == ctx.account else ctx.at(account=account), bucket, index or "")


def bucket_address(ctx: Context, request: Request) -> Address:
    """The bucket that a request names, by name or ARN."""
    name, arn = request.get("vectorBucketName"), request.get("vectorBucketArn")
    if (name is None) is (arn is None):
        raise errors.validation("Must specify either vectorBucketName or vectorBucketArn but not both")
    return Address(ctx, name) if name is not None else address_of_arn(ctx, arn or "", "vectorBucketArn")


def index_address(ctx: Context, request: Request) -> Address:
    """The index that a request names, by bucket and name or by ARN."""
    arn, bucket, name = request.get("indexArn"), request.get("vectorBucketName"), request.get("indexName")
    if arn is not None:
        if bucket is not None or name is not None:
            raise errors.validation("Must specify either indexArn or both vectorBucketName and indexName but not both")
        found = address_of_arn(ctx, arn, "indexArn")
        if not found.index:
            raise errors.validation(f"Invalid ARN: '{arn}'", "indexArn")
        return found
    if bucket is None or name is None:
        raise errors.validation("Must specify either indexArn or both vectorBucketName and indexName")
    return Address(ctx, bucket, name)


# -- finding


async def bucket_at(address: Address) -> Bucket:
    """Raises NotFoundException."""
    found = await buckets.get(address.ctx, address.bucket)
    if found is None:
        raise errors.bucket_not_found()
    return found


async def index_at(address: Address) -> Index:
    """Raises NotFoundException, for the bucket or the index."""
    found = await indexes.get(address.ctx, address.bucket, address.index)
    if found is None:
        await bucket_at(address)
        raise errors.index_not_found()
    return found
