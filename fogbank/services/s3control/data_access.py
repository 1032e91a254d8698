"""What a grant is worth: temporary credentials for what it is about.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-credentials.html. They are those of the location's role, held to a
session policy for the scope of the grant, or for what was asked for.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.identity import Principal, sessions
from fogbank.kernel import AWSError, Context, pages
from fogbank.services.s3control import accounts, errors, grants_instances, grants_locations, grants_scopes
from fogbank.services.s3control.grants import Grant, grants
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_HOUR = 3600


@service.operation(**grants_instances.ON_SHARED)
async def get_data_access(ctx: Context, request: Request) -> Answer:
    """Errors: AccessDenied without a grant, StsNotAuthorizedError when the location's role does not trust Access Grants."""
    home = accounts.home(ctx, request)
    await grants_instances.find(home)
    grant = _closest(await _grants_of(home, ctx.principal), request)
    location = await grants_locations.find(home, grant.location)
    scope = request["Target"] if request.get("Privilege") == "Minimal" else grant.scope
    acting = await _acting(home, location.role, json.dumps(grants_scopes.session_policy(scope, request["Permission"])))
    credential = await sessions.issue(home, acting, request.get("DurationSeconds") or _HOUR)
    return {
        "Credentials": {
            "AccessKeyId": credential.access_key,
            "SecretAccessKey": credential.secret,
            "SessionToken": credential.session_token,
            "Expiration": credential.expires,
        },
        "MatchedGrantTarget": scope,
        "Grantee": {"GranteeType": grant.kind, "GranteeIdentifier": grant.grantee},
        "MatchedInstanceArn": grants_instances.arn_of(home),
    }


async def _acting(home: Context, role: str, policy: str) -> Principal:
    """A session of a location's role, held to a policy."""
    name = f"access-grants-{home.ids.hex(16)}"
    source = grants_instances.arn_of(home)
    try:
        acting = await home.assume(role, source_arn=source, session_name=name, service="access-grants.s3")
    except AWSError:
        raise errors.sts_not_authorized(role) from None
    assert acting.session is not None
    return msgspec.structs.replace(acting, session=msgspec.structs.replace(acting.session, policies=(policy,)))


async def _grants_of(home: Context, principal: Principal) -> list[Grant]:
    """The grants for a caller: those that name its user or role."""
    return [grant for grant in await grants.scan(home) if grant.kind == "IAM" and grant.grantee == principal.policy_arn]


def _closest(held: list[Grant], request: Request) -> Grant:
    """The grant with the narrowest scope that covers what is asked for. Raises AccessDenied."""
    target, permission = request["Target"], request["Permission"]
    fitting = [
        grant
        for grant in held
        if grants_scopes.allows(grant.permission, permission) and grants_scopes.covers(grant.scope, target)
    ]
    if not fitting:
        raise errors.no_data_access(permission, target)
    return max(fitting, key=lambda grant: len(grant.scope))


@service.operation(**grants_instances.ON_SHARED)
async def list_caller_access_grants(ctx: Context, request: Request) -> Answer:
    """The caller's own grants, whose scopes contain `GrantScope`."""
    home = accounts.home(ctx, request)
    await grants_instances.find(home)
    limit, after = accounts.limit_of(request), accounts.after_of(request)
    part = request.get("GrantScope") or ""
    found = [
        grant
        for grant in await _grants_of(home, ctx.principal)
        if part in grant.scope and (after is None or grant.id > after[0])
    ]
    shown, token = pages.page(found, limit, lambda grant: grant.id)
    entries = [
        {
            "Permission": grant.permission,
            "GrantScope": grant.scope,
            "ApplicationArn": grant.application or None,
            "AccessGrantsInstanceArn": grants_instances.arn_of(home),
        }
        for grant in shown
    ]
    return {"CallerAccessGrantsList": entries, "NextToken": token}


@service.operation(**grants_instances.ON_SHARED)
async def get_access_grants_instance_for_prefix(ctx: Context, request: Request) -> Answer:
    """The account's instance, when one of its locations contains the prefix."""
    home = accounts.home(ctx, request)
    await grants_instances.find(home)
    prefix = request["S3Prefix"]
    for location in await grants_locations.locations.scan(home):
        scope = location.scope if location.scope.endswith("*") else f"{location.scope}*"
        if grants_scopes.covers(scope, prefix):
            return {
                "AccessGrantsInstanceArn": grants_instances.arn_of(home),
                "AccessGrantsInstanceId": grants_instances.ID,
            }
    raise errors.no_such_location()
