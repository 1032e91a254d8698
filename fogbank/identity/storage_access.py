"""What S3 and S3 Control ask of each other.

S3 asks, before it lets somebody in, for an account's block on public access, and for the access points to its buckets:

    public-access-blocks   (account)                               -> PublicAccessBlock
    access-points          (account, region) name                  -> AccessPoint
    attached               (global) bucket, account, region, name  -> nothing: which access points a bucket has
    multi-region           (account) name                          -> MultiRegionAccessPoint
    object-lambda          (account, region) name                  -> ObjectLambdaAccessPoint
    aliases                (global) alias                          -> Alias: whose it is

S3 Control writes these rows and S3 reads them, so that neither imports the other, and S3 is not slower for what nobody uses. S3 Control
asks by `Buckets`, which S3 provides. Every function takes a context inside a transaction.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from fogbank.kernel.collection import Collection, Record

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

# The parts of a block on public access, in the order in which `Flags` has them.
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
Flags = tuple[bool, bool, bool, bool]
Kind = Literal["accesspoint", "object-lambda", "multi-region"]

_ARN = re.compile(r"arn:[\w-]+:s3:([a-z0-9-]*):(\d{12}):accesspoint[/:]([a-z0-9.-]+)")
_NAME_AND_ACCOUNT = re.compile(r"([a-z0-9-]+)-(\d{12})")
_OBJECT_LAMBDA_ARN = re.compile(r"arn:[\w-]+:s3-object-lambda:([a-z0-9-]+):(\d{12}):accesspoint[/:]([a-z0-9-]+)")
_MULTI_REGION = ".mrap"
OBJECT_LAMBDA = "--ol-s3"
_ALIAS = "-s3alias"
_DIRECTORY = "--xa-s3"


class PublicAccessBlock(Record, frozen=True):
    """What an account blocks, in the order of `BLOCKS`."""

    flags: Flags


class Scope(Record, frozen=True):
    """What an access point of a directory bucket is limited to; empty parts limit nothing."""

    prefixes: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()


class AccessPoint(Record, frozen=True):
    """An access point in one region. `vpc` is empty for one that the internet reaches; `created` is epoch seconds."""

    name: str
    account: str
    region: str
    bucket: str
    bucket_account: str
    alias: str
    created: float
    vpc: str = ""
    flags: Flags = (True, True, True, True)
    policy: str = ""
    scope: Scope | None = None

    @property
    def arn(self) -> str:
        service = "s3express" if self.name.endswith(_DIRECTORY) else "s3"
        return f"arn:aws:{service}:{self.region}:{self.account}:accesspoint/{self.name}"


class Route(Record, frozen=True):
    """A bucket behind a Multi-Region Access Point. `dial` is 100 where requests go, 0 where they do not."""

    bucket: str
    bucket_account: str
    region: str
    dial: int = 100


class MultiRegionAccessPoint(Record, frozen=True):
    """`status` is as GetMultiRegionAccessPoint says it; `policy` is in force, `proposed` is not yet."""

    name: str
    account: str
    alias: str
    created: float
    status: str
    routes: tuple[Route, ...]
    flags: Flags = (True, True, True, True)
    policy: str = ""
    proposed: str = ""

    @property
    def arn(self) -> str:
        return f"arn:aws:s3::{self.account}:accesspoint/{self.alias}"


class ObjectLambdaAccessPoint(Record, frozen=True):
    """An access point whose answers a function makes; `configuration` is the document of the API."""

    name: str
    account: str
    region: str
    alias: str
    created: float
    configuration: dict[str, Any]
    policy: str = ""

    @property
    def arn(self) -> str:
        return f"arn:aws:s3-object-lambda:{self.region}:{self.account}:accesspoint/{self.name}"


class Alias(Record, frozen=True):
    kind: Kind
    account: str
    region: str
    name: str


public_access_blocks: Collection[PublicAccessBlock] = Collection(
    "s3control", "public-access-blocks", PublicAccessBlock, scope="account", cached=True
)
access_points: Collection[AccessPoint] = Collection("s3control", "access-points", AccessPoint, cached=True)
attached: Collection[bytes] = Collection("s3control", "attached", bytes, scope="global")
multi_region: Collection[MultiRegionAccessPoint] = Collection(
    "s3control", "multi-region", MultiRegionAccessPoint, scope="account", cached=True
)
object_lambda: Collection[ObjectLambdaAccessPoint] = Collection(
    "s3control", "object-lambda", ObjectLambdaAccessPoint, cached=True
)
aliases: Collection[Alias] = Collection("s3control", "aliases", Alias, scope="global", cached=True)


async def blocks(ctx: Context, part: str) -> bool:
    """Does the account of the context block this (a name of `BLOCKS`) for all of its buckets?"""
    found = await public_access_blocks.get(ctx)
    return found is not None and found.flags[BLOCKS.index(part)]


def is_access_point(name: str) -> bool:
    """Is this, in a bucket's place, an access point's ARN, its alias, or a directory bucket's access point?"""
    return name.endswith((_ALIAS, _MULTI_REGION, _DIRECTORY)) or name.startswith("arn:")


async def find(ctx: Context, name: str) -> AccessPoint | MultiRegionAccessPoint | None:
    """The access point that is given in a bucket's place: by ARN, by alias, or as `name-account` (which a host has)."""
    named = _ARN.fullmatch(name)
    if named is not None:
        region, account, rest = named.groups()
        return await _at(ctx, "accesspoint" if region else "multi-region", account, region, rest)
    if name.endswith((_ALIAS, _MULTI_REGION)):
        alias = await aliases.get(ctx, name)
        return None if alias is None else await _at(ctx, alias.kind, alias.account, alias.region, alias.name)
    if name.endswith(_DIRECTORY):
        return await access_points.get(ctx, name)
    owned = _NAME_AND_ACCOUNT.fullmatch(name)
    return None if owned is None else await _at(ctx, "accesspoint", owned[2], ctx.region, owned[1])


async def find_object_lambda(ctx: Context, name: str) -> ObjectLambdaAccessPoint | None:
    """The Object Lambda Access Point that is given in a bucket's place: by ARN, by alias, or as `name-account`."""
    alias = await aliases.get(ctx, name) if name.endswith(OBJECT_LAMBDA) else None
    if alias is not None:
        return await object_lambda.get(ctx.at(account=alias.account, region=alias.region), alias.name)
    by_arn = _OBJECT_LAMBDA_ARN.fullmatch(name)
    if by_arn is not None:
        return await object_lambda.get(ctx.at(account=by_arn[2], region=by_arn[1]), by_arn[3])
    owned = _NAME_AND_ACCOUNT.fullmatch(name)
    return None if owned is None else await object_lambda.get(ctx.at(account=owned[2]), owned[1])


async def _at(
    ctx: Context, kind: Kind, account: str, region: str, name: str
) -> AccessPoint | MultiRegionAccessPoint | None:
    if kind == "accesspoint":
        return await access_points.get(ctx.at(account=account, region=region), name)
    if name.endswith(_MULTI_REGION):
        alias = await aliases.get(ctx, name)
        if alias is None or alias.account != account:
            return None
        name = alias.name
    return await multi_region.get(ctx.at(account=account), name)


# -- what S3 Control asks of S3


class Place(NamedTuple):
    """Whose a bucket is, and where."""

    account: str
    region: str


class Listed(NamedTuple):
    """An object that is in a bucket now.

    `modified` is epoch seconds, `encryption` the algorithm, `version_id` empty without versioning. `replication` is its status,
    and `is_eligible` says whether a rule of the bucket's replication is about it.
    """

    key: str
    version_id: str
    size: int
    modified: int
    storage_class: str
    encryption: str
    kms_key: str
    bucket_key: bool
    replication: str
    is_eligible: bool


class Buckets(Protocol):
    """Provided by S3."""

    async def place(self, ctx: Context, name: str) -> Place | None:
        """Where the bucket of that name is; None when there is none."""

    async def owned(self, ctx: Context) -> list[tuple[str, str]]:
        """The names and regions of all buckets of the context's account."""

    async def objects(self, ctx: Context, name: str, after: str, limit: int) -> list[Listed]:
        """The objects of a bucket that is there, in order of their keys, from after that key."""

    async def replicate(self, ctx: Context, name: str, key: str, version_id: str) -> None:
        """Have a version replicated (again); the current one without an id. Raises AWSError when no rule is about it."""

    async def tags(self, ctx: Context, name: str) -> dict[str, str]:
        """The tags of a bucket that is there."""

    async def set_tags(self, ctx: Context, name: str, tags: dict[str, str]) -> None:
        """Give a bucket other tags."""


def buckets(app: App) -> Buckets:
    """S3's side, loaded by asking for it."""
    service = app.services.get("s3")
    assert service is not None
    found: Buckets = service.provided["buckets"]
    return found
