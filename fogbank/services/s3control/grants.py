"""Grants of S3 Access Grants: who may read or write what.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-grant.html

    grants   id   -> Grant
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import Collection, Context, Record, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3control import accounts, errors, grants_instances, grants_locations, grants_scopes, limits, tags
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_IAM = re.compile(r"arn:[\w-]+:iam::\d{12}:(user|role|root)(/.+)?")


class Grant(Record, frozen=True):
    """`kind` and `grantee` say who (`IAM`, an ARN), `location` and `sub_prefix` where; `scope` is what comes of these."""

    id: str
    created: float
    kind: str
    grantee: str
    permission: str
    location: str
    sub_prefix: str
    scope: str
    application: str = ""


grants: Collection[Grant] = service.collection("grants", Grant)

_ON_NEW: dict[str, Any] = accounts.on(
    "arn:aws:s3:{region}:{account}:access-grants/default/location/{AccessGrantsLocationId}"
)
_ON: dict[str, Any] = accounts.on("arn:aws:s3:{region}:{account}:access-grants/default/grant/{AccessGrantId}")


def _arn(home: Context, grant_id: str) -> str:
    return f"{grants_instances.arn_of(home)}/grant/{grant_id}"


async def _exists(home: Context, grant_id: str) -> bool:
    return await grants.get(home, grant_id) is not None


tags.kind("access-grants/default/grant/", _exists)


@service.operation(action=with_members("s3:CreateAccessGrant", {"Tags": "s3:TagResource"}), **_ON_NEW)
async def create_access_grant(ctx: Context, request: Request) -> Answer:
    """Errors: NoSuchAccessGrantsLocationError, InvalidAccessGrant, AccessGrantAlreadyExists."""
    home = accounts.home(ctx, request)
    location = await grants_locations.find(home, request["AccessGrantsLocationId"])
    made = _new(home, request, location.scope)
    await _check_grantee(home, made)
    present = await grants.scan(home)
    if any(_same(each, made) for each in present):
        raise errors.grant_exists()
    if len(present) >= limits.ACCESS_GRANTS:
        raise errors.too_many_grants(limits.ACCESS_GRANTS)
    grants.put(home, made, made.id)
    tags.put_new(home, _arn(home, made.id), request.get("Tags"))
    return _entry(home, made)


def _new(home: Context, request: Request, location_scope: str) -> Grant:
    sub_prefix = (request.get("AccessGrantsLocationConfiguration") or {}).get("S3SubPrefix") or ""
    if location_scope == grants_scopes.EVERYWHERE and not sub_prefix:
        raise errors.invalid_grant()  # nobody is granted everything
    scope = grants_scopes.joined(location_scope, sub_prefix)
    is_object = request.get("S3PrefixType") == "Object"
    if "*" in scope[:-1] or (is_object == scope.endswith("*")):
        raise errors.invalid_grant()
    grantee = request["Grantee"]
    return Grant(
        home.ids.uuid(),
        home.now(),
        grantee.get("GranteeType") or "IAM",
        grantee.get("GranteeIdentifier") or "",
        request["Permission"],
        request["AccessGrantsLocationId"],
        sub_prefix,
        scope,
        request.get("ApplicationArn") or "",
    )


async def _check_grantee(home: Context, grant: Grant) -> None:
    """IAM's users and roles are named by ARN; those of a directory need an association with one."""
    if grant.kind == "IAM":
        if _IAM.fullmatch(grant.grantee) is None:
            raise errors.invalid_grant()
        return
    instance = await grants_instances.find(home)
    if not instance.identity_center or not grant.grantee:
        raise errors.invalid_grant()


def _same(one: Grant, other: Grant) -> bool:
    return (one.kind, one.grantee, one.permission, one.scope, one.application) == (
        other.kind,
        other.grantee,
        other.permission,
        other.scope,
        other.application,
    )


async def _find(ctx: Context, request: Request) -> tuple[Context, Grant]:
    home = accounts.home(ctx, request)
    await grants_instances.find(home)
    found = await grants.get(home, request["AccessGrantId"])
    if found is None:
        raise errors.no_such_grant()
    return home, found


@service.operation(**_ON)
async def get_access_grant(ctx: Context, request: Request) -> Answer:
    return _entry(*await _find(ctx, request))


@service.operation(**_ON)
async def delete_access_grant(ctx: Context, request: Request) -> Answer:
    """Credentials that were vended for it go on until they expire."""
    home, found = await _find(ctx, request)
    grants.delete(home, found.id)
    tags.forget(home, _arn(home, found.id))
    return {}


_FILTERS = {
    "GranteeType": "kind",
    "GranteeIdentifier": "grantee",
    "Permission": "permission",
    "GrantScope": "scope",
    "ApplicationArn": "application",
}


@service.operation(**grants_instances.ON_SHARED)
async def list_access_grants(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    await grants_instances.find(home)
    limit = accounts.limit_of(request)
    wanted = {field: request[member] for member, field in _FILTERS.items() if request.get(member) is not None}
    found = [
        grant
        for grant in await grants.scan(home, after=accounts.after_of(request))
        if all(getattr(grant, field) == value for field, value in wanted.items())
    ]
    shown, token = pages.page(found, limit, lambda grant: grant.id)
    return {"AccessGrantsList": [_entry(home, grant) for grant in shown], "NextToken": token}


def _entry(home: Context, grant: Grant) -> Answer:
    return {
        "CreatedAt": grant.created,
        "AccessGrantId": grant.id,
        "AccessGrantArn": _arn(home, grant.id),
        "Grantee": {"GranteeType": grant.kind, "GranteeIdentifier": grant.grantee},
        "Permission": grant.permission,
        "AccessGrantsLocationId": grant.location,
        "AccessGrantsLocationConfiguration": {"S3SubPrefix": grant.sub_prefix} if grant.sub_prefix else None,
        "GrantScope": grant.scope,
        "ApplicationArn": grant.application or None,
    }
