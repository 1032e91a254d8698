"""What an application may do: access scopes, authentication methods, grants, sessions."""

from __future__ import annotations

import json
from typing import Any

from fogbank.identity import policy_grammar
from fogbank.kernel import Context
from fogbank.services.sso_admin import errors, limits
from fogbank.services.sso_admin.application import ON_APPLICATION, Key, Targets, change, grants, methods, named, scopes
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.service import service
from fogbank.services.sso_admin.token_issuers import find_issuer

Request = dict[str, Any]

# The member of a Grant that each type has.
_GRANTS = {
    "authorization_code": "AuthorizationCode",
    "refresh_token": "RefreshToken",
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "JwtBearer",
    "urn:ietf:params:oauth:grant-type:token-exchange": "TokenExchange",
}


# -- access scopes


def _scope(name: str, targets: Targets) -> Request:
    return {"Scope": name, "AuthorizedTargets": list(targets.arns) or None}


@service.operation(**ON_APPLICATION)
async def put_application_access_scope(ctx: Context, request: Request) -> Request:
    """API_PutApplicationAccessScope."""
    _, key = await named(ctx, request)
    targets = Targets(tuple(request.get("AuthorizedTargets", ())))
    known = await scopes.get(ctx, *key, request["Scope"])
    if known is None and await scopes.count(ctx, *key) >= limits.SCOPES:
        raise errors.too_many("access scopes of an application", limits.SCOPES)
    scopes.put(ctx, targets, *key, request["Scope"])
    return {}


@service.operation(**ON_APPLICATION)
async def get_application_access_scope(ctx: Context, request: Request) -> Request:
    """API_GetApplicationAccessScope."""
    _, targets = await _scope_of(ctx, request)
    return _scope(request["Scope"], targets)


async def _scope_of(ctx: Context, request: Request) -> tuple[Key, Targets]:
    """(the application's key, what the scope leads to). Raises ResourceNotFoundException."""
    _, key = await named(ctx, request)
    targets = await scopes.get(ctx, *key, request["Scope"])
    if targets is None:
        raise errors.not_found(f"The application has no access scope {request['Scope']}.")
    return key, targets


@service.operation(**ON_APPLICATION)
async def delete_application_access_scope(ctx: Context, request: Request) -> Request:
    """API_DeleteApplicationAccessScope."""
    key, _ = await _scope_of(ctx, request)
    scopes.delete(ctx, *key, request["Scope"])
    return {}


@service.operation(**ON_APPLICATION)
async def list_application_access_scopes(ctx: Context, request: Request) -> Request:
    """API_ListApplicationAccessScopes."""
    _, key = await named(ctx, request)
    rows = [(str(rest[0]), targets) for rest, targets in await scopes.items(ctx, (str,), *key)]
    return listed(request, "Scopes", rows, lambda row: row[0], lambda row: _scope(*row))


# -- authentication methods


@service.operation(**ON_APPLICATION)
async def put_application_authentication_method(ctx: Context, request: Request) -> Request:
    """Who may ask for tokens as the application, by a policy. API_PutApplicationAuthenticationMethod."""
    _, key = await named(ctx, request)
    method = request["AuthenticationMethod"]
    if "Iam" not in method:
        raise errors.invalid("AuthenticationMethod must have the member of its type.")
    try:
        policy_grammar.check(json.dumps(method["Iam"]["ActorPolicy"]), "resource")
    except policy_grammar.MalformedPolicy as finding:
        raise errors.invalid(f"The actor policy is not valid: {finding.message}") from None
    methods.put(ctx, method, *key, request["AuthenticationMethodType"])
    return {}


@service.operation(**ON_APPLICATION)
async def get_application_authentication_method(ctx: Context, request: Request) -> Request:
    """API_GetApplicationAuthenticationMethod."""
    _, method = await _method_of(ctx, request)
    return {"AuthenticationMethod": method}


async def _method_of(ctx: Context, request: Request) -> tuple[Key, Request]:
    """(the application's key, the method). Raises ResourceNotFoundException."""
    _, key = await named(ctx, request)
    method = await methods.get(ctx, *key, request["AuthenticationMethodType"])
    if method is None:
        raise errors.not_found("The application has no such authentication method.")
    return key, method


@service.operation(**ON_APPLICATION)
async def delete_application_authentication_method(ctx: Context, request: Request) -> Request:
    """API_DeleteApplicationAuthenticationMethod."""
    key, _ = await _method_of(ctx, request)
    methods.delete(ctx, *key, request["AuthenticationMethodType"])
    return {}


@service.operation(**ON_APPLICATION)
async def list_application_authentication_methods(ctx: Context, request: Request) -> Request:
    """API_ListApplicationAuthenticationMethods."""
    _, key = await named(ctx, request)
    rows = [(str(rest[0]), method) for rest, method in await methods.items(ctx, (str,), *key)]

    def show(row: tuple[str, Request]) -> Request:
        return {"AuthenticationMethodType": row[0], "AuthenticationMethod": row[1]}

    return listed(request, "AuthenticationMethods", rows, lambda row: row[0], show)


# -- grants


@service.operation(**ON_APPLICATION)
async def put_application_grant(ctx: Context, request: Request) -> Request:
    """API_PutApplicationGrant. Raises ValidationException for a grant that is not of its type."""
    _, key = await named(ctx, request)
    member = _GRANTS[request["GrantType"]]
    if set(request["Grant"]) != {member}:
        raise errors.invalid(f"Grant must have the member {member}, and no other.")
    await _check_grant(ctx, request["Grant"])
    grants.put(ctx, request["Grant"], *key, request["GrantType"])
    return {}


async def _check_grant(ctx: Context, grant: Request) -> None:
    if "AuthorizationCode" in grant and not grant["AuthorizationCode"].get("RedirectUris"):
        raise errors.invalid("RedirectUris is required for the grant type authorization_code.")
    if "JwtBearer" in grant:
        issuers = grant["JwtBearer"].get("AuthorizedTokenIssuers")
        if not issuers:
            raise errors.invalid("AuthorizedTokenIssuers is required for the JWT bearer grant.")
        for issuer in issuers:
            await find_issuer(ctx, issuer.get("TrustedTokenIssuerArn", "///"))


@service.operation(**ON_APPLICATION)
async def get_application_grant(ctx: Context, request: Request) -> Request:
    """API_GetApplicationGrant."""
    _, grant = await _grant_of(ctx, request)
    return {"Grant": grant}


async def _grant_of(ctx: Context, request: Request) -> tuple[Key, Request]:
    """(the application's key, the grant). Raises ResourceNotFoundException."""
    _, key = await named(ctx, request)
    grant = await grants.get(ctx, *key, request["GrantType"])
    if grant is None:
        raise errors.not_found(f"The application has no grant of type {request['GrantType']}.")
    return key, grant


@service.operation(**ON_APPLICATION)
async def delete_application_grant(ctx: Context, request: Request) -> Request:
    """API_DeleteApplicationGrant."""
    key, _ = await _grant_of(ctx, request)
    grants.delete(ctx, *key, request["GrantType"])
    return {}


@service.operation(**ON_APPLICATION)
async def list_application_grants(ctx: Context, request: Request) -> Request:
    """API_ListApplicationGrants."""
    _, key = await named(ctx, request)
    rows = [(str(rest[0]), grant) for rest, grant in await grants.items(ctx, (str,), *key)]
    return listed(request, "Grants", rows, lambda row: row[0], lambda row: {"GrantType": row[0], "Grant": row[1]})


# -- sessions


@service.operation(**ON_APPLICATION)
async def put_application_session_configuration(ctx: Context, request: Request) -> Request:
    """API_PutApplicationSessionConfiguration."""
    application, _ = await named(ctx, request)
    change(ctx, application, sessions=request.get("UserBackgroundSessionApplicationStatus", application.sessions))
    return {}


@service.operation(**ON_APPLICATION)
async def get_application_session_configuration(ctx: Context, request: Request) -> Request:
    """API_GetApplicationSessionConfiguration."""
    application, _ = await named(ctx, request)
    return {"UserBackgroundSessionApplicationStatus": application.sessions}
