"""What S3 keeps, and where it lies in the store.

    names      bucket                    -> who owns it; global, since bucket names are
    buckets    bucket                    -> Bucket, with its owner (so that an account's buckets are listed by a scan)
    objects    bucket, key               -> the current version, unless that is a delete marker: what a GET reads and a listing scans
    versions   bucket, key, order        -> all other versions and delete markers, the newest first
    nulls      bucket, key               -> the order of the null version, while that is in `versions`
    bodies     bucket, key, slot         -> the bytes of an object of up to INLINE_BYTES that do not lie in its record
    manifests  bucket, key, slot         -> the parts of an object that was uploaded in parts
    uploads    bucket, key, upload id    -> Upload
    parts      upload id, part number    -> Part

All but `names` are in the scope of the bucket's owner and of no region. An object's bytes lie in its record (up to POCKET_BYTES: one
read less), in a row of `bodies`, in a blob, or in the blobs of its parts. `slot` is the version's order, empty for null versions, of
which a key has at most one. `order` (see `versions.py`) is also the version's id, unless it is a null version. A null version that
has never been anything but current has no order yet.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Collection, Context, Record
from fogbank.services.s3 import access_points, errors, names, versions
from fogbank.services.s3.service import service

ENABLED = "Enabled"
SUSPENDED = "Suspended"

# The ownership that a bucket begins with: it has no ACLs.
ENFORCED = "BucketOwnerEnforced"


# The parts of the block on public access, in the order of `Bucket.block_public`.
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class Encryption(Record, frozen=True):
    """How bytes are said to be encrypted: `AES256` (S3's own key), `aws:kms` or `aws:kms:dsse` with a key of KMS."""

    algorithm: str = "AES256"
    kms_key: str = ""
    bucket_key: bool = False


class Claim(Record, frozen=True):
    """A bucket name that is taken."""

    account: str
    region: str


class Bucket(Record, frozen=True):
    """`created` is epoch seconds; `versioning` is empty until it was Enabled or Suspended for the first time.

    `features` names those of the bucket's configurations that have a part in requests for its objects (`notification`), so that
    the others cost these requests nothing.
    """

    name: str
    account: str
    region: str
    created: float
    versioning: str = ""
    encryption: Encryption = Encryption()
    tags: dict[str, str] = {}
    policy: str = ""
    acl: str = "private"
    ownership: str = ENFORCED
    block_public: tuple[bool, bool, bool, bool] | None = (True, True, True, True)
    features: tuple[str, ...] = ()

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.name}"

    def blocks(self, name: str) -> bool:
        """Is this part of the block on public access (by AWS's name of it) in force?"""
        return self.block_public is not None and self.block_public[BLOCKS.index(name)]


class Traits(Record, frozen=True):
    """What a writer says of an object besides its bytes. `headers` holds the other system headers by member (`CacheControl`)."""

    content_type: str = "binary/octet-stream"
    headers: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    encryption: Encryption = Encryption()
    acl: str = ""


class Object(Record, frozen=True):
    """One version of an object, or a delete marker (`deleted`).

    Listings read only the fields up to `checksum_type` (see `Listed`). `modified` is epoch seconds, `etag` is without quotes,
    `storage_class` empty for STANDARD, `checksum` base64 as its header has it. The bytes are `body`, those of `blob`, those of
    the manifest when `parts` is not 0, or else those of the body row.
    """

    modified: int
    etag: str
    size: int
    storage_class: str = ""
    checksum_algorithm: str = ""
    checksum_type: str = ""
    order: str = ""
    null: bool = True
    deleted: bool = False
    blob: str = ""
    parts: int = 0
    checksum: str = ""
    traits: Traits = Traits()
    body: bytes = b""

    @property
    def has_row(self) -> bool:
        """Are the bytes a row of `bodies`?"""
        return self.size > 0 and not (self.body or self.blob or self.parts)

    @property
    def version_id(self) -> str:
        return versions.NULL if self.null else self.order

    @property
    def slot(self) -> str:
        return "" if self.null else self.order


class Listed(Record, frozen=True):
    """The beginning of an Object: all that a listing needs, decoded at a fraction of the cost."""

    modified: int
    etag: str
    size: int
    storage_class: str = ""
    checksum_algorithm: str = ""
    checksum_type: str = ""


class Part(Record, frozen=True):
    """A part of an upload or of an object. `blob` holds `size` bytes; `modified` is epoch seconds."""

    number: int
    size: int
    etag: str
    blob: str
    algorithm: str = ""
    checksum: str = ""
    modified: int = 0


class Manifest(Record, frozen=True):
    parts: list[Part]


class Upload(Record, frozen=True):
    """A multipart upload under way, and what the object will be made with. `initiated` is epoch seconds."""

    initiated: int
    initiator: str
    storage_class: str
    checksum_algorithm: str
    checksum_type: str
    traits: Traits


claims: Collection[Claim] = service.collection("names", Claim, scope="global", cached=True)
buckets: Collection[Bucket] = service.collection("buckets", Bucket, scope="account", cached=True)
objects: Collection[Object] = service.collection("objects", Object, scope="account")
history: Collection[Object] = service.collection("versions", Object, scope="account")
nulls: Collection[bytes] = service.collection("nulls", bytes, scope="account")
bodies: Collection[bytes] = service.collection("bodies", bytes, scope="account")
manifests: Collection[Manifest] = service.collection("manifests", Manifest, scope="account")
uploads: Collection[Upload] = service.collection("uploads", Upload, scope="account")
parts: Collection[Part] = service.collection("parts", Part, scope="account")

read_listed = msgspec.msgpack.Decoder(Listed).decode
read_object = msgspec.msgpack.Decoder(Object).decode


class Home:
    """A bucket and the context in whose scope its rows are: the owner's."""

    __slots__ = ("bucket", "ctx")

    def __init__(self, ctx: Context, bucket: Bucket) -> None:
        self.ctx = ctx
        self.bucket = bucket

    @property
    def name(self) -> str:
        return self.bucket.name


async def find(ctx: Context, name: str) -> Home | None:
    """The bucket of that name, whoever owns it."""
    bucket = await buckets.get(ctx, name)
    if bucket is not None:  # the caller's own, as nearly always
        return Home(ctx, bucket)
    claim = await claims.get(ctx, name)
    if claim is None or claim.account == ctx.account:
        return None
    scope = ctx.at(account=claim.account)
    bucket = await buckets.get(scope, name)
    return None if bucket is None else Home(scope, bucket)


async def home_of(ctx: Context, request: dict[str, Any]) -> Home:
    """The bucket that a request names. Raises NoSuchBucket, or AccessDenied when it is not the expected owner's.

    What was found is noted in the request for as long as the transaction lasts: the decision about the request asks, too.
    """
    noted = request.get(_NOTE)
    home = noted[1] if noted is not None and noted[0] is ctx.tx else await _find_named(ctx, request)
    expected = request.get("ExpectedBucketOwner")
    if expected is not None and expected != home.bucket.account:
        raise errors.access_denied()
    return home


_NOTE = "home"


async def _find_named(ctx: Context, request: dict[str, Any]) -> Home:
    name = request["Bucket"]
    home = await find(ctx, name)
    if home is None and (behind := await access_points.bucket_behind(ctx, name)) is not None:
        name = request["Bucket"] = behind
        home = await find(ctx, name)
    if home is None:
        raise errors.no_such_bucket(name) if names.could_be_bucket(name) else errors.invalid_bucket_name(name)
    request[_NOTE] = (ctx.tx, home)
    return home


async def owner_of(ctx: Context, request: dict[str, Any]) -> str:
    """The account that owns the bucket of a request."""
    noted = request.get(_NOTE)
    home = noted[1] if noted is not None else await ctx.transact(_find_named, ctx, request)
    return home.bucket.account
