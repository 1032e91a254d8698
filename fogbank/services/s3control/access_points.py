"""Access points: names of their own, with policies of their own, under which buckets are reached.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points.html. What they let through, S3 decides: see `s3/access_points.py`.

    access-points  name                            -> AccessPoint  (of `fogbank.identity.storage_access`)
    aliases        alias                           -> whose it is
    attached       bucket, account, region, name   -> nothing; global: which access points a bucket has
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.identity import storage_access
from fogbank.identity.storage_access import AccessPoint, Alias, Scope, access_points, aliases, attached
from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3control import accounts, blocks, errors, limits, tags
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace

ON: dict[str, Any] = accounts.on("arn:aws:s3:{region}:{account}:accesspoint/{Name}")
ON_DIRECTORY: dict[str, Any] = accounts.on("arn:aws:s3express:{region}:{account}:accesspoint/{Name}")

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,48}[a-z0-9])")
_DIRECTORY_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?--([a-z0-9]+-az\d+)--xa-s3")
_DIRECTORY_BUCKET = re.compile(r".+--([a-z0-9]+-az\d+)--x-s3")
_RESERVED = ("-s3alias", "--ol-s3", "--xa-s3", ".mrap")
_ALIAS_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_ALIAS_RANDOM = 34
_ALIAS_NAME = 63 - len("-s3alias") - _ALIAS_RANDOM - 1


def named(request: Request) -> str:
    """The name in a request, which may be given as an ARN. Raises NoSuchOutpost: there are none here."""
    name = str(request["Name"])
    if ":s3-outposts:" in name:
        raise errors.no_such_outpost()
    return name.rpartition("/")[2] if name.startswith("arn:") else name


async def find(ctx: Context, request: Request) -> tuple[Context, AccessPoint]:
    """The access point that a request names, and its account's context. Raises NoSuchAccessPoint."""
    home = accounts.home(ctx, request)
    name = named(request)
    point = await access_points.get(home, name)
    if point is None:
        raise errors.no_such_access_point(name)
    return home, point


async def _exists(home: Context, name: str) -> bool:
    return await access_points.get(home, name) is not None


tags.kind("accesspoint/", _exists)


# -- creating and deleting


@service.operation(action=with_members("s3:CreateAccessPoint", {"Tags": "s3:TagResource"}), **ON)
async def create_access_point(ctx: Context, request: Request) -> Answer:
    """Errors: InvalidRequest, AccessPointAlreadyOwnedByYou, TooManyAccessPoints."""
    home = accounts.home(ctx, request)
    name, bucket = named(request), request["Bucket"]
    if ":s3-outposts:" in bucket:
        raise errors.no_such_outpost()
    _check_name(name, bucket)
    if await access_points.get(home, name) is not None:
        raise errors.access_point_already_owned(name)
    if await access_points.count(home) >= limits.ACCESS_POINTS:
        raise errors.too_many_access_points()
    bucket_account = await _owner_of_bucket(home, bucket, request.get("BucketAccountId"))
    point = _made(home, request, name, bucket_account)
    access_points.put(home, point, name)
    attached.put(home, b"", bucket, home.account, home.region, name)
    if point.alias:
        aliases.put(home, Alias("accesspoint", home.account, home.region, name), point.alias)
    tags.put_new(home, point.arn, request.get("Tags"))
    return {"AccessPointArn": point.arn, "Alias": point.alias or None}


def _check_name(name: str, bucket: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-restrictions-limitations-naming-rules.html"""
    zone = _DIRECTORY_BUCKET.fullmatch(bucket)
    if zone is not None:
        of_name = _DIRECTORY_NAME.fullmatch(name)
        if of_name is None or of_name[1] != zone[1]:
            raise errors.invalid_access_point()
    elif _NAME.fullmatch(name) is None or name.endswith(_RESERVED) or name.startswith("xn--"):
        raise errors.invalid_access_point()


async def _owner_of_bucket(home: Context, bucket: str, claimed: str | None) -> str:
    """The account that owns a bucket: the access point's own, or the one that the request names."""
    account = claimed or home.account
    place = await storage_access.buckets(home.app).place(home, bucket)
    if place is None or place.region != home.region:
        raise errors.no_bucket_for_access_point()
    if place.account != account:
        raise errors.access_denied()
    return account


def _made(home: Context, request: Request, name: str, bucket_account: str) -> AccessPoint:
    is_directory = name.endswith("--xa-s3")
    scope = request.get("Scope")
    if scope is not None and not is_directory:
        raise errors.no_such_scope()
    return AccessPoint(
        name,
        home.account,
        home.region,
        request["Bucket"],
        bucket_account,
        "" if is_directory else _alias(home, name),
        home.now(),
        vpc=(request.get("VpcConfiguration") or {}).get("VpcId") or "",
        flags=blocks.flags_of(request.get("PublicAccessBlockConfiguration"), default=True),
        scope=None if scope is None else scope_of(scope),
    )


def _alias(home: Context, name: str) -> str:
    """A name that no bucket can have: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html"""
    random = "".join(home.ids.choice(_ALIAS_ALPHABET) for _ in range(_ALIAS_RANDOM))
    return f"{name[:_ALIAS_NAME].rstrip('-')}-{random}-s3alias"


@service.operation(**ON)
async def delete_access_point(ctx: Context, request: Request) -> Answer:
    home, point = await find(ctx, request)
    access_points.delete(home, point.name)
    attached.delete(home, point.bucket, home.account, home.region, point.name)
    if point.alias:
        aliases.delete(home, point.alias)
    tags.forget(home, point.arn)
    return {}


# -- reading


@service.operation(**ON)
async def get_access_point(ctx: Context, request: Request) -> Answer:
    home, point = await find(ctx, request)
    host = f"s3-accesspoint.{home.region}.amazonaws.com"
    return {
        **_entry(point),
        "PublicAccessBlockConfiguration": blocks.document_of(point.flags),
        "CreationDate": point.created,
        "Endpoints": {
            "ipv4": host,
            "dualstack": f"s3-accesspoint.dualstack.{home.region}.amazonaws.com",
            "fips": f"s3-accesspoint-fips.{home.region}.amazonaws.com",
            "fips_dualstack": f"s3-accesspoint-fips.dualstack.{home.region}.amazonaws.com",
        },
    }


def _entry(point: AccessPoint) -> Answer:
    return {
        "Name": point.name,
        "NetworkOrigin": "VPC" if point.vpc else "Internet",
        "VpcConfiguration": {"VpcId": point.vpc} if point.vpc else None,
        "Bucket": point.bucket,
        "AccessPointArn": point.arn,
        "Alias": point.alias or None,
        "BucketAccountId": point.bucket_account,
    }


@service.operation(**accounts.ON_ACCOUNT)
async def list_access_points(ctx: Context, request: Request) -> Answer:
    """The access points of an account in this region, but those of directory buckets."""
    if request.get("DataSourceType") not in (None, "ALL", "S3"):
        return {"AccessPointList": []}
    return await _list(ctx, request, request.get("Bucket"), is_directory=False)


@service.operation(action="s3express:ListAccessPointsForDirectoryBuckets", **accounts.ON_ACCOUNT)
async def list_access_points_for_directory_buckets(ctx: Context, request: Request) -> Answer:
    return await _list(ctx, request, request.get("DirectoryBucket"), is_directory=True)


async def _list(ctx: Context, request: Request, bucket: str | None, is_directory: bool) -> Answer:
    home = accounts.home(ctx, request)
    if bucket is not None:
        await _check_listable(home, bucket)
    limit, after = accounts.limit_of(request), accounts.after_of(request)
    found = [
        point
        for point in await access_points.scan(home, after=after)
        if bucket in (None, point.bucket) and point.name.endswith("--xa-s3") == is_directory
    ]
    shown, token = pages.page(found, limit, lambda point: point.name)
    return {"AccessPointList": [_entry(point) for point in shown], "NextToken": token}


async def _check_listable(home: Context, bucket: str) -> None:
    if ":s3-outposts:" in bucket:
        raise errors.no_such_outpost()
    if await storage_access.buckets(home.app).place(home, bucket) is None:
        raise errors.no_bucket_to_list()


# -- the scope of those of directory buckets


def scope_of(document: dict[str, Any]) -> Scope:
    """A scope as it is kept. Raises InvalidRequest for prefixes that are too long together."""
    prefixes = tuple(document.get("Prefixes") or ())
    if sum(len(prefix.encode()) for prefix in prefixes) >= limits.SCOPE_PREFIX_BYTES:
        raise errors.invalid_request("The total length of all prefixes must be less than 256 bytes.")
    return Scope(prefixes, tuple(document.get("Permissions") or ()))


async def _with_scope(ctx: Context, request: Request) -> tuple[Context, AccessPoint]:
    home, point = await find(ctx, request)
    if not point.name.endswith("--xa-s3"):
        raise errors.no_such_scope()
    return home, point


@service.operation(action="s3express:PutAccessPointScope", **ON_DIRECTORY)
async def put_access_point_scope(ctx: Context, request: Request) -> Answer:
    home, point = await _with_scope(ctx, request)
    access_points.put(home, replace(point, scope=scope_of(request["Scope"])), point.name)
    return {}


@service.operation(action="s3express:GetAccessPointScope", **ON_DIRECTORY)
async def get_access_point_scope(ctx: Context, request: Request) -> Answer:
    _, point = await _with_scope(ctx, request)
    scope = point.scope or Scope()
    return {"Scope": {"Prefixes": list(scope.prefixes), "Permissions": list(scope.permissions)}}


@service.operation(action="s3express:DeleteAccessPointScope", **ON_DIRECTORY)
async def delete_access_point_scope(ctx: Context, request: Request) -> Answer:
    home, point = await _with_scope(ctx, request)
    access_points.put(home, replace(point, scope=None), point.name)
    return {}
