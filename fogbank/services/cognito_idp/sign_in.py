"""InitiateAuth and RespondToAuthChallenge, by apps and by administrators.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.kernel.errors import not_implemented
from fogbank.services.cognito_idp import custom_auth, errors, migration, passing, passwords, sessions, srp_flow, tokens
from fogbank.services.cognito_idp import schema as schemas
from fogbank.services.cognito_idp.client import App, app_in, app_of, check_secret_hash
from fogbank.services.cognito_idp.own_account import check_secret
from fogbank.services.cognito_idp.passing import SOFTWARE_TOKEN, Metadata
from fogbank.services.cognito_idp.pool import ON_POOL, OPEN, Request
from fogbank.services.cognito_idp.service import service
from fogbank.services.cognito_idp.sign_up import check_writable
from fogbank.services.cognito_idp.totp import is_right
from fogbank.services.cognito_idp.user import CONFIRMED, User, again, existing, find, save, with_password

Params = dict[str, str]

_REFRESH = ("REFRESH_TOKEN", "REFRESH_TOKEN_AUTH")
_BY_ADMIN = ("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
_BY_PASSWORD = ("USER_PASSWORD_AUTH", *_BY_ADMIN)
# the ExplicitAuthFlows that let a flow in, in today's spelling and in the former one
_ALLOWING = {
    "USER_PASSWORD_AUTH": ("ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"),
    "ADMIN_USER_PASSWORD_AUTH": ("ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"),
    "ADMIN_NO_SRP_AUTH": ("ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"),
    "USER_SRP_AUTH": ("ALLOW_USER_SRP_AUTH", "ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH"),
    "CUSTOM_AUTH": ("ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY"),
}


@service.operation(transaction=False, **OPEN)
async def initiate_auth(ctx: Context, request: Request) -> Request:
    """API_InitiateAuth. Errors: NotAuthorizedException, UserNotFoundException, UserNotConfirmedException, those of functions."""
    if request["AuthFlow"] in _BY_ADMIN:
        raise errors.flow_for_admins()
    return await _initiate(await app_of(ctx, request["ClientId"]), request)


@service.operation(transaction=False, **ON_POOL)
async def admin_initiate_auth(ctx: Context, request: Request) -> Request:
    """API_AdminInitiateAuth. Errors: as InitiateAuth."""
    if request["AuthFlow"] == "USER_PASSWORD_AUTH":
        raise errors.flow_not_for_admins()
    return await _initiate(await app_in(ctx, request["UserPoolId"], request["ClientId"]), request)


async def _initiate(app: App, request: Request) -> Request:
    flow, params = request["AuthFlow"], request.get("AuthParameters") or {}
    metadata = request.get("ClientMetadata")
    if flow == "USER_AUTH":
        raise not_implemented("cognito-idp", "USER_AUTH")
    if flow in _REFRESH:
        return await _refresh(app, params, metadata)
    if not app.client.allows(*_ALLOWING[flow]):
        raise errors.flow_not_enabled(flow)
    name = _needed(params, "USERNAME")
    user = await app.ctx.transact(find, app.ctx, app.pool, name)
    await check_secret_hash(app, params.get("SECRET_HASH"), name, *_names(user))
    if flow == "CUSTOM_AUTH":
        return await _custom(app, name, user, params, metadata)
    if flow == "USER_SRP_AUTH":
        return await _by_srp(app, name, user, params, metadata)
    return await _by_password(app, name, user, _needed(params, "PASSWORD"), metadata)


def _needed(params: Params, name: str) -> str:
    if not params.get(name):
        raise errors.missing_parameter(name)
    return params[name]


def _names(user: User | None) -> tuple[str, ...]:
    """The names, besides the given one, that a secret hash may be made of."""
    return () if user is None else (user.name, user.sub)


# -- flows


async def _refresh(app: App, params: Params, metadata: Metadata) -> Request:
    flows = app.client.settings.get("ExplicitAuthFlows") or []
    if any(flow.startswith("ALLOW_") for flow in flows) and "ALLOW_REFRESH_TOKEN_AUTH" not in flows:
        raise errors.flow_not_enabled("REFRESH_TOKEN_AUTH")
    token = _needed(params, "REFRESH_TOKEN")
    if app.client.secret:
        names = _names(await tokens.holder(app, token))
        await check_secret_hash(app, params.get("SECRET_HASH"), *names)
    return {"ChallengeParameters": {}, "AuthenticationResult": await tokens.refreshed(app, token, metadata)}


@service.operation(transaction=False, **OPEN)
async def get_tokens_from_refresh_token(ctx: Context, request: Request) -> Request:
    """API_GetTokensFromRefreshToken. Errors: NotAuthorizedException."""
    app = await app_of(ctx, request["ClientId"])
    await check_secret(app, request.get("ClientSecret"))
    metadata = request.get("ClientMetadata")
    return {"AuthenticationResult": await tokens.refreshed(app, request["RefreshToken"], metadata)}


def _known(app: App, user: User | None) -> User:
    """Raises NotAuthorizedException or UserNotFoundException for a user that is not there."""
    if user is None:
        raise errors.wrong_password() if app.client.is_discreet() else errors.no_such_user()
    if not user.enabled:
        raise errors.disabled()
    return user


async def _by_password(app: App, name: str, user: User | None, password: str, metadata: Metadata) -> Request:
    if user is None:
        user = await migration.migrated(app, name, password, metadata)
    if user is not None or app.client.is_discreet():
        await passing.ask_before(app, name, user, metadata)
    user = _known(app, user)
    if not passwords.fits(user.password, app.pool.id, user.name, password):
        raise errors.wrong_password()
    return await passing.after_password(app, user, metadata)


async def _by_srp(app: App, name: str, user: User | None, params: Params, metadata: Metadata) -> Request:
    if user is None and not app.client.is_discreet():
        raise errors.no_such_user()
    if user is not None:
        _known(app, user)
    await passing.ask_before(app, name, user, metadata)
    return await srp_flow.challenge(app, name, user, _needed(params, "SRP_A"))


async def _custom(app: App, name: str, user: User | None, params: Params, metadata: Metadata) -> Request:
    custom_auth.check(app)
    if user is None and not app.client.is_discreet():
        raise errors.no_such_user()
    if user is not None:
        _known(app, user)
    await passing.ask_before(app, name, user, metadata)
    history, srp_a = [], ""
    if params.get("CHALLENGE_NAME") == "SRP_A":
        history, srp_a = [custom_auth.result("SRP_A", True)], _needed(params, "SRP_A")
    return await custom_auth.step(app, name, user, history, metadata, srp_a)


# -- challenges


@service.operation(transaction=False, **OPEN)
async def respond_to_auth_challenge(ctx: Context, request: Request) -> Request:
    """API_RespondToAuthChallenge. Errors: NotAuthorizedException, CodeMismatchException, InvalidPasswordException, those of functions."""
    return await _respond(await app_of(ctx, request["ClientId"]), request)


@service.operation(transaction=False, **ON_POOL)
async def admin_respond_to_auth_challenge(ctx: Context, request: Request) -> Request:
    """API_AdminRespondToAuthChallenge. Errors: as RespondToAuthChallenge."""
    return await _respond(await app_in(ctx, request["UserPoolId"], request["ClientId"]), request)


async def _respond(app: App, request: Request) -> Request:
    challenge, responses = request["ChallengeName"], request.get("ChallengeResponses") or {}
    metadata = request.get("ClientMetadata")
    if challenge not in (*_ANSWERS, "PASSWORD_VERIFIER"):
        raise not_implemented("cognito-idp", challenge)
    name = _needed(responses, "USERNAME")
    user = await app.ctx.transact(find, app.ctx, app.pool, name)
    await check_secret_hash(app, responses.get("SECRET_HASH"), name, *_names(user))
    if challenge == "PASSWORD_VERIFIER":
        return await _verified(app, responses, metadata)
    session = await sessions.found(app, request.get("Session"), challenge)
    user = await app.ctx.transact(existing, app.ctx, app.pool, session.user)
    if not user.enabled:
        raise errors.disabled()
    answer: Request = await _ANSWERS[challenge](app, user, session, responses, metadata)
    return answer


async def _verified(app: App, responses: Params, metadata: Metadata) -> Request:
    content = await srp_flow.answered(app, responses)
    user = _known(app, await app.ctx.transact(find, app.ctx, app.pool, content["user"]))
    if user.password is None or user.password.verifier.hex() != content["verifier"]:
        raise errors.wrong_password()  # it was changed since the challenge
    if content["custom"] is not None:
        history = [*content["custom"], custom_auth.result("PASSWORD_VERIFIER", True)]
        return await custom_auth.step(app, user.name, user, history, metadata)
    return await passing.after_password(app, user, metadata)


async def _new_password(
    app: App, user: User, session: sessions.Session, responses: Params, metadata: Metadata
) -> Request:
    prefix = "userAttributes."
    changes = {name.removeprefix(prefix): value for name, value in responses.items() if name.startswith(prefix)}
    check_writable(app, changes)
    schemas.check(app.pool.schema, changes)
    password = _needed(responses, "NEW_PASSWORD")
    passwords.check(app.pool, password)
    attributes = user.attributes | changes
    schemas.check_required(app.pool.schema, attributes)
    await sessions.spend(app, session)

    async def keep() -> User:
        now = await again(app.ctx, app.pool, user)
        changed = with_password(app.pool, replace(now, attributes=attributes), password, CONFIRMED)
        return await save(app.ctx, app.pool, changed, now)

    changed = await app.ctx.transact(keep)
    return await passing.after_new_password(app, changed, "TokenGeneration_NewPasswordChallenge", metadata)


async def _software_token(
    app: App, user: User, session: sessions.Session, responses: Params, metadata: Metadata
) -> Request:
    if not await is_right(app, user, _needed(responses, "SOFTWARE_TOKEN_MFA_CODE")):
        raise errors.wrong_mfa_code()
    await sessions.spend(app, session)
    return await passing.signed_in(app, user, "TokenGeneration_Authentication", metadata)


async def _set_up(app: App, user: User, session: sessions.Session, responses: Params, metadata: Metadata) -> Request:
    """After AssociateSoftwareToken and VerifySoftwareToken with the session of the challenge."""
    if not session.state.get("verified"):
        raise errors.bad_session()
    await sessions.spend(app, session)
    return await passing.signed_in(app, user, "TokenGeneration_Authentication", metadata)


async def _custom_answer(
    app: App, user: User, session: sessions.Session, responses: Params, metadata: Metadata
) -> Request:
    return await custom_auth.answered(app, user, session, _needed(responses, "ANSWER"), metadata)


_ANSWERS: dict[str, Any] = {
    "NEW_PASSWORD_REQUIRED": _new_password,
    SOFTWARE_TOKEN: _software_token,
    "MFA_SETUP": _set_up,
    custom_auth.CHALLENGE: _custom_answer,
}
