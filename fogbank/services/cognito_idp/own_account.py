"""What signed-in users do with their own accounts, by their access token."""

from __future__ import annotations

import hmac

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.services.cognito_idp import codes, errors, passwords, schema, tokens
from fogbank.services.cognito_idp.administration import attributes_shown, erase, merged, without
from fogbank.services.cognito_idp.client import App, app_of, secret_of
from fogbank.services.cognito_idp.pool import OPEN, Request
from fogbank.services.cognito_idp.service import service
from fogbank.services.cognito_idp.sign_up import check_writable
from fogbank.services.cognito_idp.user import CONFIRMED, VERIFIED, User, again, save, values, with_password


@service.operation(transaction=False, **OPEN)
async def get_user(ctx: Context, request: Request) -> Request:
    """API_GetUser. Errors: NotAuthorizedException."""
    app, user = await tokens.bearer(ctx, request["AccessToken"])
    return {
        "Username": user.name,
        "UserAttributes": attributes_shown(user, app.client.settings.get("ReadAttributes")),
        "PreferredMfaSetting": user.preferred or None,
        "UserMFASettingList": list(user.factors) or None,
    }


@service.operation(transaction=False, **OPEN)
async def change_password(ctx: Context, request: Request) -> Request:
    """API_ChangePassword. Errors: NotAuthorizedException, InvalidPasswordException, PasswordHistoryPolicyViolationException."""
    app, user = await tokens.bearer(ctx, request["AccessToken"])
    if not passwords.fits(user.password, app.pool.id, user.name, request.get("PreviousPassword") or ""):
        raise errors.wrong_password()

    async def change() -> None:
        now = await again(app.ctx, app.pool, user)
        await save(app.ctx, app.pool, with_password(app.pool, now, request["ProposedPassword"], CONFIRMED), now)

    await app.ctx.transact(change)
    return {}


@service.operation(transaction=False, **OPEN)
async def update_user_attributes(ctx: Context, request: Request) -> Request:
    """API_UpdateUserAttributes. A new address is asked for a code. Errors: NotAuthorizedException, AliasExistsException."""
    app, user = await tokens.bearer(ctx, request["AccessToken"])
    changes = values(request["UserAttributes"])
    check_writable(app, changes)
    schema.check(app.pool.schema, changes)
    schema.check_mutable(app.pool.schema, changes, user.attributes)

    async def change() -> User:
        now = await again(app.ctx, app.pool, user)
        return await save(app.ctx, app.pool, replace(now, attributes=merged(now, changes)), now)

    changed = await app.ctx.transact(change)
    addresses = [
        name
        for name in app.pool.listed("AutoVerifiedAttributes")
        if changes.get(name) and changes[name] != user.attributes.get(name)
    ]
    source = "CustomMessage_UpdateUserAttribute"
    sent = [await _ask(app, changed, name, source, request) for name in addresses]
    return {"CodeDeliveryDetailsList": sent}


async def _ask(app: App, user: User, name: str, source: str, request: Request) -> Request:
    metadata = request.get("ClientMetadata")
    return await codes.send(app.ctx, app.pool, user, name, name, source, app.client.id, metadata)


@service.operation(transaction=False, **OPEN)
async def get_user_attribute_verification_code(ctx: Context, request: Request) -> Request:
    """API_GetUserAttributeVerificationCode. Errors: InvalidParameterException, NotAuthorizedException."""
    app, user = await tokens.bearer(ctx, request["AccessToken"])
    name = request["AttributeName"]
    if name not in VERIFIED or not user.attributes.get(name):
        raise errors.no_value_to_verify(name)
    return {"CodeDeliveryDetails": await _ask(app, user, name, "CustomMessage_VerifyUserAttribute", request)}


@service.operation(transaction=False, **OPEN)
async def verify_user_attribute(ctx: Context, request: Request) -> Request:
    """API_VerifyUserAttribute. Errors: CodeMismatchException, ExpiredCodeException, AliasExistsException, NotAuthorizedException."""
    app, user = await tokens.bearer(ctx, request["AccessToken"])
    name = request["AttributeName"]
    if name not in VERIFIED:
        raise errors.no_value_to_verify(name)
    await codes.check(app.ctx, app.pool, user, name, request["Code"])

    async def verify() -> None:
        codes.spend(app.ctx, app.pool, user, name)
        now = await again(app.ctx, app.pool, user)
        attributes = now.attributes | {VERIFIED[name]: "true"}
        await save(app.ctx, app.pool, replace(now, attributes=attributes), now)

    await app.ctx.transact(verify)
    return {}


@service.operation(transaction=False, **OPEN)
async def delete_user_attributes(ctx: Context, request: Request) -> Request:
    """API_DeleteUserAttributes. Errors: NotAuthorizedException, InvalidParameterException (required)."""
    app, user = await tokens.bearer(ctx, request["AccessToken"])
    names = request["UserAttributeNames"]
    check_writable(app, dict.fromkeys(names, ""))
    await app.ctx.transact(without, app.ctx, app.pool, user, names)
    return {}


@service.operation(transaction=False, **OPEN)
async def delete_user(ctx: Context, request: Request) -> None:
    """API_DeleteUser. Errors: NotAuthorizedException."""
    app, user = await tokens.bearer(ctx, request["AccessToken"])
    await app.ctx.transact(erase, app.ctx, app.pool, user)


@service.operation(transaction=False, **OPEN)
async def global_sign_out(ctx: Context, request: Request) -> Request:
    """API_GlobalSignOut: all tokens of the user are void. Errors: NotAuthorizedException."""
    app, user = await tokens.bearer(ctx, request["AccessToken"])

    async def end() -> None:
        now = await again(app.ctx, app.pool, user)
        await save(app.ctx, app.pool, replace(now, signed_out=ctx.now()), now)
        await tokens.sign_out(app.ctx, app.pool, user)

    await app.ctx.transact(end)
    return {}


@service.operation(transaction=False, **OPEN)
async def revoke_token(ctx: Context, request: Request) -> Request:
    """API_RevokeToken: a refresh token and the access tokens of its sign-in.

    Errors: UnsupportedOperationException, UnsupportedTokenTypeException, NotAuthorizedException.
    """
    app = await app_of(ctx, request["ClientId"])
    if not app.client.revokes():
        raise errors.revocation_disabled()
    await check_secret(app, request.get("ClientSecret"))
    await tokens.revoke(app, request["Token"])
    return {}


async def check_secret(app: App, given: str | None) -> None:
    """Raise NotAuthorizedException unless this is the client's secret."""
    if not app.client.secret:
        return
    if not given:
        raise errors.refresh_without_secret(app.client.id)
    secret = await app.ctx.transact(secret_of, app.ctx, app.client)
    if not hmac.compare_digest(given.encode(), secret.encode()):
        raise errors.not_authorized("SecretHash does not match for the client: " + app.client.id)
