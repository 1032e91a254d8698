"""Who may use an authority besides its owner: permissions of ACM, and the resource policy.

https://docs.aws.amazon.com/privateca/latest/userguide/granting-ca-access.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.acm_pca import errors, limits, states
from fogbank.services.acm_pca.access import OWNED
from fogbank.services.acm_pca.authority import Authority, Permission, arn, find, save
from fogbank.services.acm_pca.service import service

Request = dict[str, Any]

_ACM = "acm.amazonaws.com"


@service.operation(**OWNED)
async def create_permission(ctx: Context, request: Request) -> None:
    """Let ACM issue and renew certificates with the authority. API_CreatePermission."""
    scope, authority = await find(ctx, request)
    _check_alive(authority)
    if request["Principal"] != _ACM:
        raise errors.unknown_principal(request["Principal"])
    source = request.get("SourceAccount", scope.account)
    if _found(authority, request["Principal"], source) is not None:
        raise errors.permission_exists(request["Principal"])
    added = Permission(request["Principal"], source, list(dict.fromkeys(request["Actions"])), scope.now())
    save(scope, authority, permissions=[*authority.permissions, added])


@service.operation(**OWNED)
async def delete_permission(ctx: Context, request: Request) -> None:
    """Take a permission back. API_DeletePermission."""
    scope, authority = await find(ctx, request)
    _check_alive(authority)
    gone = _found(authority, request["Principal"], request.get("SourceAccount", scope.account))
    if gone is None:
        raise errors.permission_not_found(request["Principal"])
    save(scope, authority, permissions=[one for one in authority.permissions if one is not gone])


@service.operation(**OWNED)
async def list_permissions(ctx: Context, request: Request) -> Request:
    """The permissions that the authority has given. API_ListPermissions."""
    scope, authority = await find(ctx, request)
    _check_alive(authority)
    rows = sorted(authority.permissions, key=_position)
    if "NextToken" in request:
        last = pages.position(request["NextToken"], errors.invalid_next_token())
        rows = [one for one in rows if _position(one) > last]
    shown, token = pages.page(rows, request.get("MaxResults", limits.PAGE), _position)
    return {"Permissions": [_shown(scope, authority, one) for one in shown], "NextToken": token}


def _found(authority: Authority, principal: str, source: str) -> Permission | None:
    return next((one for one in authority.permissions if (one.principal, one.source) == (principal, source)), None)


def _position(permission: Permission) -> str:
    return f"{permission.principal} {permission.source}"


def _shown(ctx: Context, authority: Authority, one: Permission) -> Request:
    return {
        "CertificateAuthorityArn": arn(ctx, authority),
        "CreatedAt": one.created,
        "Principal": one.principal,
        "SourceAccount": one.source,
        "Actions": one.actions,
    }


def _check_alive(authority: Authority) -> None:
    if authority.status == states.DELETED:
        raise errors.invalid_state(authority.status)


# -- the resource policy


@service.operation(**OWNED)
async def put_policy(ctx: Context, request: Request) -> None:
    """Attach a resource policy, in place of what was there. API_PutPolicy."""
    scope, authority = await find(ctx, request)
    _check_alive(authority)
    _check_policy(ctx, request["Policy"], arn(scope, authority))
    save(scope, authority, policy=request["Policy"])


def _check_policy(ctx: Context, text: str, authority_arn: str) -> None:
    from fogbank.identity import policy_grammar
    from fogbank.identity.policy import Access, Policy

    try:
        document = policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.invalid_policy(error.message) from None
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    for statement in statements:
        actions = statement.get("Action", [])
        for action in [actions] if isinstance(actions, str) else actions:
            if not action.lower().startswith("acm-pca:"):
                raise errors.invalid_policy(f"the action {action} is not one of Private CA.")
    access = Access(ctx.principal, "acm-pca:PutPolicy", authority_arn)
    if Policy(document).evaluate(access).denied_by is not None:
        raise errors.lockout()


@service.operation(**OWNED)
async def get_policy(ctx: Context, request: Request) -> Request:
    """The resource policy. API_GetPolicy."""
    _, authority = await find(ctx, request)
    _check_alive(authority)
    if authority.policy is None:
        raise errors.policy_not_found(request["ResourceArn"])
    return {"Policy": authority.policy}


@service.operation(**OWNED)
async def delete_policy(ctx: Context, request: Request) -> None:
    """Take the resource policy away, if there is one. API_DeletePolicy."""
    scope, authority = await find(ctx, request)
    _check_alive(authority)
    save(scope, authority, policy=None)
