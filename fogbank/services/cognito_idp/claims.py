"""What the tokens of a user say, and what the pool's function makes of it.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
"""

from __future__ import annotations

from typing import Any

from fogbank.services.cognito_idp import triggers
from fogbank.services.cognito_idp.client import App
from fogbank.services.cognito_idp.groups import Group
from fogbank.services.cognito_idp.pool import issuer
from fogbank.services.cognito_idp.user import User

Claims = dict[str, Any]

_SCOPE = "aws.cognito.signin.user.admin"
_TRUTHS = ("email_verified", "phone_number_verified")
_VERSIONS = {"V1_0": "1", "V2_0": "2", "V3_0": "3"}
# what a function cannot change
_FIXED = frozenset(
    {
        *(
            "acr",
            "amr",
            "at_hash",
            "auth_time",
            "azp",
            "client_id",
            "cognito:username",
            "event_id",
            "exp",
            "iat",
            "identities",
        ),
        *("iss", "jti", "nbf", "nonce", "origin_jti", "sub", "token_use", "username"),
    }
)


async def of_sign_in(
    app: App, user: User, groups: list[Group], origin: str, at: int, source: str, metadata: dict[str, str]
) -> tuple[Claims, Claims]:
    """The claims of the access token and of the id token. In no transaction. `at`: when the user signed in, epoch seconds."""
    names = [group.name for group in groups]
    roles = [group.role for group in groups if group.role]
    common = _common(app, user, origin, at)
    access = common | {"token_use": "access", "scope": _SCOPE, "client_id": app.client.id, "username": user.name}
    access |= {"exp": common["iat"] + app.client.seconds("AccessToken"), "jti": app.ctx.ids.uuid()}
    identity = _attributes(app, user) | common
    identity |= {"token_use": "id", "aud": app.client.id, "cognito:username": user.name}
    identity |= {"exp": common["iat"] + app.client.seconds("IdToken"), "jti": app.ctx.ids.uuid()}
    override = await _overridden(app, user, names, roles, source, metadata)
    _put_groups(access, identity, override.get("groupOverrideDetails") or {}, names, roles)
    _change(identity, override.get("idTokenGeneration") or {})
    _change(access, override.get("accessTokenGeneration") or {})
    return access, identity


def _common(app: App, user: User, origin: str, at: int) -> Claims:
    claims: Claims = {"sub": user.sub, "iss": issuer(app.ctx, app.pool.id)}
    if app.client.revokes():
        claims["origin_jti"] = origin
    return claims | {"event_id": app.ctx.ids.uuid(), "auth_time": at, "iat": int(app.ctx.now())}


def _attributes(app: App, user: User) -> Claims:
    """The attributes that the client may read, as they are in an id token."""
    readable = app.client.settings.get("ReadAttributes")
    claims: Claims = {}
    for name, value in user.attributes.items():
        if name.startswith("dev:") or (readable is not None and name not in readable):
            continue
        if name in _TRUTHS:
            claims[name] = value == "true"
        else:
            claims[name] = {"formatted": value} if name == "address" else value
    return claims


def _put_groups(access: Claims, identity: Claims, given: Claims, names: list[str], roles: list[str]) -> None:
    names = given.get("groupsToOverride", names) or []
    roles = given.get("iamRolesToOverride", roles) or []
    preferred = given.get("preferredRole") or (roles[0] if roles else None)
    if names:
        access["cognito:groups"] = identity["cognito:groups"] = names
    if roles:
        identity["cognito:roles"] = roles
    if preferred:
        identity["cognito:preferred_role"] = preferred


def _change(claims: Claims, given: Claims) -> None:
    for name, value in (given.get("claimsToAddOrOverride") or {}).items():
        if name not in _FIXED:
            claims[name] = value
    for name in given.get("claimsToSuppress") or ():
        if name not in _FIXED:
            claims.pop(name, None)
    if "scope" in claims:
        scopes = [scope for scope in claims["scope"].split() if scope not in (given.get("scopesToSuppress") or ())]
        claims["scope"] = " ".join(dict.fromkeys([*scopes, *(given.get("scopesToAdd") or ())]))


async def _overridden(
    app: App, user: User, names: list[str], roles: list[str], source: str, metadata: dict[str, str]
) -> Claims:
    """What the function says, in the form of its second version."""
    config = app.pool.settings["LambdaConfig"].get("PreTokenGenerationConfig") or {}
    version = _VERSIONS[config.get("LambdaVersion", "V1_0")]
    told = {"groupsToOverride": names, "iamRolesToOverride": roles, "preferredRole": roles[0] if roles else None}
    request: Claims = {"userAttributes": _told(user), "groupConfiguration": told}
    if metadata:
        request["clientMetadata"] = metadata
    if version != "1":
        request["scopes"] = [_SCOPE]
    member = "claimsOverrideDetails" if version == "1" else "claimsAndScopeOverrideDetails"
    answer = await triggers.ask(
        app.ctx,
        app.pool,
        "PreTokenGeneration",
        source,
        user.name,
        request,
        {member: None},
        app.client.id,
        version,
    )
    details: Claims = answer.get(member) or {}
    if version != "1":
        return details
    return {"idTokenGeneration": details, "groupOverrideDetails": details.get("groupOverrideDetails")}


def _told(user: User) -> dict[str, str]:
    return user.told() | {"cognito:user_status": user.status}
