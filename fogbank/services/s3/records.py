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
    bucket-keys  bucket, key, requester  -> BucketKey: see `keys.py`
    annotations  bucket, key, slot, name -> Annotation
    notes      bucket, key, slot, name, number -> the bytes of an annotation, encrypted, in rows of up to INLINE_BYTES

All but `names` are in the scope of the bucket's owner and of no region. An object's bytes lie in its record (up to POCKET_BYTES: one
read less), in a row of `bodies`, in a blob, or in the blobs of its parts; if the object has an envelope, encrypted (`ciphers.py`). `slot`
is the version's order, empty for null versions, of which a key has at most one. `order` (see `versions.py`) is also the version's id,
unless it is a null version. A null version that has never been anything but current has no order yet.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.kernel import Collection, Context, Record
from fogbank.services.s3 import errors
from fogbank.services.s3.access_point import access_points
from fogbank.services.s3.bucket import names
from fogbank.services.s3.object import versions
from fogbank.services.s3.service import service

ENABLED = "Enabled"
SUSPENDED = "Suspended"

# Object ownership. Buckets begin with the first: they have no ACLs.
ENFORCED = "BucketOwnerEnforced"
PREFERRED = "BucketOwnerPreferred"

# In place of a canned ACL's name: the grants are listed.
GRANTED = "granted"

# The parts of the block on public access, in the order of `Bucket.block_public`.
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


S3_KEY = "AES256"
KMS = "aws:kms"
DSSE = "aws:kms:dsse"
CUSTOMER = "SSE-C"


class Encryption(Record, frozen=True):
    """Under whose key bytes are: `AES256` (S3's own), `aws:kms` or `aws:kms:dsse` (one of KMS), `SSE-C` (the customer's).

    `context` is the further encryption context that the writer gave, as its header has it.
    """

    algorithm: str = S3_KEY
    kms_key: str = ""
    bucket_key: bool = False
    context: str = ""

    @property
    def uses_kms(self) -> bool:
        return self.algorithm in (KMS, DSSE)


class Envelope(Record, frozen=True):
    """How to come by the content keys of an object's bytes; see `keys.py`. Bytes without an envelope are as they came.

    wrapped  the inner content key under its wrapping key: S3's own, a data key of KMS, or one made of the customer's
    kms      KMS's ciphertext of the wrapping key
    salt     by which the customer's key becomes the wrapping key
    outer    the key of the second layer, under S3's own
    direct   there is no content key: the bytes, which are few, are themselves under S3's own key
    """

    wrapped: bytes = b""
    kms: bytes = b""
    salt: bytes = b""
    outer: bytes = b""
    direct: bool = False

    @property
    def layers(self) -> int:
        """How often the bytes are encrypted under content keys."""
        return bool(self.wrapped) + bool(self.outer)


class BucketKey(Record, frozen=True):
    """A data key of KMS for many objects of a bucket: KMS's ciphertext of it, the key under S3's own, until when it is good, and
    the ARN of the key of KMS."""

    kms: bytes
    sealed: bytes
    until: float
    arn: str


class DefaultRetention(Record, frozen=True):
    """What a bucket with object lock says of new objects. Of `days` and `years` one is 0; the `hold_` ones are an event hold's."""

    mode: str = ""
    days: int = 0
    years: int = 0
    hold_days: int = 0
    hold_years: int = 0


class Lock(Record, frozen=True):
    """What keeps a version from being deleted. `until` is epoch seconds, 0 with no `mode`.

    `legal_hold` and `event_hold` are ON, OFF, or empty if they never were; the event hold's duration is in days or years.
    """

    mode: str = ""
    until: float = 0
    legal_hold: str = ""
    event_hold: str = ""
    hold_days: int = 0
    hold_years: int = 0


class Grant(Record, frozen=True):
    """`grantee` is a canonical user's id or a group's URI; `permission` one of S3's words (`FULL_CONTROL`)."""

    grantee: str
    permission: str


class Claim(Record, frozen=True):
    """A bucket name that is taken."""

    account: str
    region: str


class Bucket(Record, frozen=True):
    """`created` is epoch seconds; `versioning` is empty until it was Enabled or Suspended for the first time.

    `features` names those of the bucket's configurations that have a part in requests for its objects (`notification`), so that
    the others cost these requests nothing. `acl` is a canned ACL's name, or GRANTED where the `grants` are listed one by one.
    `blocked` are the kinds of encryption that new objects must not have (`NONE`: none). `retention` is there once the bucket has
    object lock. `mfa_delete` is Enabled, Disabled, or empty if it was never set.
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
    grants: tuple[Grant, ...] = ()
    blocked: tuple[str, ...] = ()
    retention: DefaultRetention | None = None
    mfa_delete: str = ""

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
    grants: tuple[Grant, ...] = ()


class Course(Record, frozen=True):
    """What became of a version after it was written; see `courses.py`. Moments are epoch seconds.

    replication     PENDING, COMPLETED, FAILED or REPLICA, if replication has to do with it
    restoring       by which tier a readable copy is on its way (`Standard`)
    restored_until  how long there is a readable copy of an archived version
    tier            the archive tier of Intelligent-Tiering in which it lies (`ARCHIVE_ACCESS`)
    used            the day on which it was last read, where that counts
    annotations     how many annotations it has
    appends         how often something was appended to it, and of how many parts it was before
    """

    replication: str = ""
    restoring: str = ""
    restored_until: int = 0
    tier: str = ""
    used: int = 0
    annotations: int = 0
    appends: int = 0


class Object(Record, frozen=True):
    """One version of an object, or a delete marker (`deleted`).

    Listings read only the fields up to `checksum_type` (see `Listed`). `modified` is epoch seconds, `etag` is without quotes,
    `storage_class` empty for STANDARD, `checksum` base64 as its header has it. The bytes are `body`, those of `blob`, those of
    the manifest when `parts` is not 0, or else those of the body row; `size` counts them as they were before any encryption.
    `owner` is the account that the object belongs to, empty for the bucket's.
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
    envelope: Envelope = Envelope()
    lock: Lock | None = None
    owner: str = ""
    course: Course = Course()

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
    """A part of an upload or of an object. `blob` holds `size` bytes; `modified` is epoch seconds.

    `salt` sets its content keys apart from those of the other parts; without it the bytes are as they came.
    """

    number: int
    size: int
    etag: str
    blob: str
    algorithm: str = ""
    checksum: str = ""
    modified: int = 0
    salt: bytes = b""


class Manifest(Record, frozen=True):
    """The parts of an object, and the upload that it was made by (replicas name none)."""

    parts: list[Part]
    upload_id: str = ""


class Annotation(Record, frozen=True):
    """A text under a name on a version of an object. Units are those of Object; its bytes are in so many `rows`."""

    modified: int
    etag: str
    size: int
    checksum_algorithm: str
    checksum: str
    encryption: Encryption
    envelope: Envelope
    rows: int


class Upload(Record, frozen=True):
    """A multipart upload under way, and what the object will be made with. `initiated` is epoch seconds."""

    initiated: int
    initiator: str
    storage_class: str
    checksum_algorithm: str
    checksum_type: str
    traits: Traits
    envelope: Envelope = Envelope()
    lock: Lock | None = None
    owner: str = ""


claims: Collection[Claim] = service.collection("names", Claim, scope="global", cached=True)
buckets: Collection[Bucket] = service.collection("buckets", Bucket, scope="account", cached=True)
objects: Collection[Object] = service.collection("objects", Object, scope="account")
history: Collection[Object] = service.collection("versions", Object, scope="account")
nulls: Collection[bytes] = service.collection("nulls", bytes, scope="account")
bodies: Collection[bytes] = service.collection("bodies", bytes, scope="account")
manifests: Collection[Manifest] = service.collection("manifests", Manifest, scope="account")
uploads: Collection[Upload] = service.collection("uploads", Upload, scope="account")
parts: Collection[Part] = service.collection("parts", Part, scope="account")
bucket_keys: Collection[BucketKey] = service.collection("bucket-keys", BucketKey, scope="account")
object_annotations: Collection[Annotation] = service.collection("annotations", Annotation, scope="account")
notes: Collection[bytes] = service.collection("notes", bytes, scope="account")

read_listed = msgspec.msgpack.Decoder(Listed).decode
read_object = msgspec.msgpack.Decoder(Object).decode


class Home:
    """A bucket and the context in whose scope its rows are: the owner's."""

    __slots__ = ("bucket", "ctx", "name")

    def __init__(self, ctx: Context, bucket: Bucket) -> None:
        self.ctx = ctx
        self.bucket = bucket
        self.name = bucket.name


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
    """The bucket that a request names. Raises NoSuchBucket; AccessDenied when it is not the expected owner's.

    What was found is noted in the request for as long as the transaction lasts: the decision about the request asks, too.
    """
    noted = request.get(NOTE)
    home = noted[1] if noted is not None and noted[0] is ctx.tx else await _find_named(ctx, request)
    expected = request.get("ExpectedBucketOwner")
    if expected is not None and expected != home.bucket.account:
        raise errors.access_denied() if _ACCOUNT.fullmatch(expected) else errors.invalid_expected_owner()
    return home


_ACCOUNT = re.compile(r"\d{12}")


NOTE = "home"


def noted(request: dict[str, Any]) -> Home | None:
    """The bucket that was found for a request already."""
    note = request.get(NOTE)
    return None if note is None else note[1]


async def _find_named(ctx: Context, request: dict[str, Any]) -> Home:
    name = request["Bucket"]
    bucket = buckets.remembered(ctx, name)
    home = await find(ctx, name) if bucket is None else Home(ctx, bucket)
    if home is None and (behind := await access_points.bucket_behind(ctx, name)) is not None:
        name = request["Bucket"] = behind
        home = await find(ctx, name)
    if home is None:
        raise errors.no_such_bucket(name) if names.could_be_bucket(name) else errors.invalid_bucket_name(name)
    if REQUESTER_PAYS in home.bucket.features and pays(ctx, home.bucket) and not _offers_to_pay(ctx, request):
        raise errors.access_denied()
    request[NOTE] = (ctx.tx, home)
    return home


# The feature of a bucket for whose requests requesters pay: they have to say that they will.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html
REQUESTER_PAYS = "request-payment"
# The feature of a bucket whose tags have a say in decisions; see `abac.py`.
ABAC = "abac"
_PAYER_HEADER = "x-amz-request-payer"
_REQUESTER = "requester"


def pays(ctx: Context, bucket: Bucket) -> bool:
    """Is the caller somebody whom such a bucket charges? Nobody charges services."""
    return ctx.principal.account != bucket.account and ctx.principal.kind != "service"


def _offers_to_pay(ctx: Context, request: dict[str, Any]) -> bool:
    if ctx.principal.kind == "anonymous":
        return False
    if _REQUESTER in (request.get("RequestPayer"), ctx.headers.get(_PAYER_HEADER)):
        return True
    return ctx.request is not None and f"{_PAYER_HEADER}={_REQUESTER}" in ctx.request.query


async def owner_of(ctx: Context, request: dict[str, Any]) -> str:
    """The account that owns the bucket of a request."""
    noted = request.get(NOTE)
    home = noted[1] if noted is not None else await ctx.transact(_find_named, ctx, request)
    return home.bucket.account
