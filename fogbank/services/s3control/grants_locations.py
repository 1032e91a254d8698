"""Locations of S3 Access Grants: where grants may lead, and as which role.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-location.html

    grants-locations   id   -> Location; the whole of S3 has the id `default`
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.identity import roles, storage_access
from fogbank.kernel import Collection, Context, Record, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3control import accounts, errors, grants_instances, grants_scopes, limits, tags
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_ACCESS_GRANTS = "access-grants.s3.amazonaws.com"


class Location(Record, frozen=True):
    id: str
    scope: str
    role: str
    created: float


locations: Collection[Location] = service.collection("grants-locations", Location)

_ON_NEW: dict[str, Any] = accounts.on("arn:aws:s3:{region}:{account}:access-grants/default")
_ON: dict[str, Any] = accounts.on(
    "arn:aws:s3:{region}:{account}:access-grants/default/location/{AccessGrantsLocationId}"
)


def arn_of(home: Context, location_id: str) -> str:
    return f"{grants_instances.arn_of(home)}/location/{location_id}"


async def find(home: Context, location_id: str) -> Location:
    """Raises AccessGrantsInstanceNotExistsError and NoSuchAccessGrantsLocationError."""
    await grants_instances.find(home)
    found = await locations.get(home, location_id)
    if found is None:
        raise errors.no_such_location()
    return found


async def _exists(home: Context, location_id: str) -> bool:
    return await locations.get(home, location_id) is not None


tags.kind("access-grants/default/location/", _exists)


@service.operation(action=with_members("s3:CreateAccessGrantsLocation", {"Tags": "s3:TagResource"}), **_ON_NEW)
async def create_access_grants_location(ctx: Context, request: Request) -> Answer:
    """Errors: InvalidAccessGrantsLocation, AccessGrantsLocationAlreadyExistsError, InvalidIamRole."""
    home = accounts.home(ctx, request)
    await grants_instances.find(home)
    scope = request["LocationScope"]
    await _check_scope(home, scope)
    await _check_role(home, request["IAMRoleArn"])
    present = await locations.scan(home)
    if any(each.scope == scope for each in present):
        raise errors.location_exists()
    if len(present) >= limits.ACCESS_GRANTS_LOCATIONS:
        raise errors.too_many_locations(limits.ACCESS_GRANTS_LOCATIONS)
    location_id = "default" if scope == grants_scopes.EVERYWHERE else home.ids.uuid()
    made = Location(location_id, scope, request["IAMRoleArn"], home.now())
    locations.put(home, made, made.id)
    tags.put_new(home, arn_of(home, made.id), request.get("Tags"))
    return _entry(home, made)


async def _check_scope(home: Context, scope: str) -> None:
    """A location is of the account's own, in the region of the instance."""
    if not grants_scopes.is_location(scope):
        raise errors.invalid_location()
    bucket = grants_scopes.bucket_of(scope)
    if not bucket:
        return
    place = await storage_access.buckets(home.app).place(home, bucket)
    if place != (home.account, home.region):
        raise errors.invalid_location()


async def _check_role(home: Context, role: str) -> None:
    if roles.account_of(role) != home.account:
        raise errors.invalid_iam_role()
    await home.authorise("iam:PassRole", role, keys={"iam:PassedToService": _ACCESS_GRANTS})


@service.operation(**_ON)
async def get_access_grants_location(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    return _entry(home, await find(home, request["AccessGrantsLocationId"]))


@service.operation(**_ON)
async def update_access_grants_location(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    found = await find(home, request["AccessGrantsLocationId"])
    await _check_role(home, request["IAMRoleArn"])
    changed = msgspec.structs.replace(found, role=request["IAMRoleArn"])
    locations.put(home, changed, changed.id)
    return _entry(home, changed)


@service.operation(**_ON)
async def delete_access_grants_location(ctx: Context, request: Request) -> Answer:
    """Errors: AccessGrantsLocationNotEmptyError."""
    home = accounts.home(ctx, request)
    found = await find(home, request["AccessGrantsLocationId"])
    if any(grant.location == found.id for grant in await service.collections["grants"].scan(home)):
        raise errors.location_not_empty()
    locations.delete(home, found.id)
    tags.forget(home, arn_of(home, found.id))
    return {}


@service.operation(**grants_instances.ON_SHARED)
async def list_access_grants_locations(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    await grants_instances.find(home)
    limit = accounts.limit_of(request)
    wanted = request.get("LocationScope")
    found = [
        each
        for each in await locations.scan(home, after=accounts.after_of(request))
        if wanted is None or each.scope == wanted
    ]
    shown, token = pages.page(found, limit, lambda each: each.id)
    return {"AccessGrantsLocationsList": [_entry(home, each) for each in shown], "NextToken": token}


def _entry(home: Context, location: Location) -> Answer:
    return {
        "CreatedAt": location.created,
        "AccessGrantsLocationId": location.id,
        "AccessGrantsLocationArn": arn_of(home, location.id),
        "LocationScope": location.scope,
        "IAMRoleArn": location.role,
    }
