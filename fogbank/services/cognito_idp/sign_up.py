"""Signing oneself up, and a new password for those who have forgotten theirs."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.services.cognito_idp import codes, errors, passwords, tokens, triggers
from fogbank.services.cognito_idp.administration import after_confirmation, recovery
from fogbank.services.cognito_idp.client import App, app_of, check_secret_hash
from fogbank.services.cognito_idp.pool import OPEN, Request
from fogbank.services.cognito_idp.service import service
from fogbank.services.cognito_idp.user import (
    CONFIRMED,
    FORCE_CHANGE_PASSWORD,
    UNCONFIRMED,
    VERIFIED,
    User,
    again,
    find,
    new,
    save,
    values,
    with_password,
)

_BLANK = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}


def check_writable(app: App, attributes: dict[str, str]) -> None:
    """Raise NotAuthorizedException for what the client may not write."""
    writable = app.client.settings.get("WriteAttributes")
    for name in attributes:
        if name in VERIFIED.values() or name.startswith("dev:") or (writable is not None and name not in writable):
            raise errors.cannot_write(name)


async def _app(ctx: Context, request: Request, *names: str) -> App:
    app = await app_of(ctx, request["ClientId"])
    await check_secret_hash(app, request.get("SecretHash"), request["Username"], *names)
    return app


# -- signing up


@service.operation(transaction=False, **OPEN)
async def sign_up(ctx: Context, request: Request) -> Request:
    """API_SignUp. Errors: UsernameExistsException, InvalidPasswordException, NotAuthorizedException, those of functions."""
    app = await _app(ctx, request)
    if app.pool.settings["AdminCreateUserConfig"].get("AllowAdminCreateUserOnly"):
        raise errors.no_sign_up()
    check_writable(app, values(request.get("UserAttributes")))
    passwords.check(app.pool, request.get("Password") or "")
    await app.ctx.transact(_new, app, request)  # refused before the function is asked
    answer = await _asked(app, request)
    user = await app.ctx.transact(_create, app, request, answer)
    if user.status == CONFIRMED:
        await after_confirmation(app.ctx, app.pool, user, "ConfirmSignUp", app.client.id, request.get("ClientMetadata"))
        return {"UserConfirmed": True, "UserSub": user.sub}
    sent = await _send_code(app, user, "CustomMessage_SignUp", request.get("ClientMetadata"))
    return {"UserConfirmed": False, "UserSub": user.sub, "CodeDeliveryDetails": sent}


async def _asked(app: App, request: Request) -> dict[str, Any]:
    told: dict[str, Any] = {
        "userAttributes": values(request.get("UserAttributes")),
        "validationData": values(request.get("ValidationData")) or None,
    }
    if request.get("ClientMetadata"):
        told["clientMetadata"] = request["ClientMetadata"]
    name, source = request["Username"], "PreSignUp_SignUp"
    return await triggers.ask(app.ctx, app.pool, "PreSignUp", source, name, told, _BLANK, app.client.id)


async def _new(app: App, request: Request) -> User:
    return await new(app.ctx, app.pool, request["Username"], values(request.get("UserAttributes")), UNCONFIRMED)


async def _create(app: App, request: Request, answer: dict[str, Any]) -> User:
    user = await _new(app, request)
    status = CONFIRMED if answer.get("autoConfirmUser") else UNCONFIRMED
    attributes = dict(user.attributes)
    for name, member in (("email", "autoVerifyEmail"), ("phone_number", "autoVerifyPhone")):
        if attributes.get(name):
            attributes[VERIFIED[name]] = "true" if answer.get(member) else "false"
    user = with_password(app.pool, replace(user, attributes=attributes), request["Password"], status)
    return await save(app.ctx, app.pool, user, None)


def _way(app: App, user: User) -> str | None:
    """The attribute that a new user's code goes to: the phone comes first."""
    verified = app.pool.listed("AutoVerifiedAttributes")
    return next((name for name in ("phone_number", "email") if name in verified and user.attributes.get(name)), None)


async def _send_code(app: App, user: User, source: str, metadata: dict[str, str] | None) -> Request | None:
    way = _way(app, user)
    if way is None:
        return None
    return await codes.send(app.ctx, app.pool, user, codes.SIGN_UP, way, source, app.client.id, metadata)


@service.operation(transaction=False, **OPEN)
async def confirm_sign_up(ctx: Context, request: Request) -> Request:
    """API_ConfirmSignUp. Errors: CodeMismatchException, ExpiredCodeException, AliasExistsException, UserNotFoundException."""
    app, user = await _named(ctx, request, errors.code_expired())
    if user.status != UNCONFIRMED:
        raise errors.already_confirmed(user.status)
    code = await codes.check(app.ctx, app.pool, user, codes.SIGN_UP, request["ConfirmationCode"])
    confirmed = await app.ctx.transact(_confirm, app, user, code.attribute, bool(request.get("ForceAliasCreation")))
    metadata = request.get("ClientMetadata")
    await after_confirmation(app.ctx, app.pool, confirmed, "ConfirmSignUp", app.client.id, metadata)
    return {}


async def _confirm(app: App, user: User, attribute: str, force: bool) -> User:
    codes.spend(app.ctx, app.pool, user, codes.SIGN_UP)
    user = await again(app.ctx, app.pool, user)
    attributes = user.attributes | {VERIFIED[attribute]: "true"}
    return await save(app.ctx, app.pool, replace(user, attributes=attributes, status=CONFIRMED), user, force)


async def _named(ctx: Context, request: Request, unknown: Exception) -> tuple[App, User]:
    """The app and the user that a request names. `unknown` is what discreet clients say of users that are not there."""
    app = await app_of(ctx, request["ClientId"])
    user = await app.ctx.transact(find, app.ctx, app.pool, request["Username"])
    await check_secret_hash(app, request.get("SecretHash"), request["Username"], *((user.name,) if user else ()))
    if user is None:
        raise unknown if app.client.is_discreet() else errors.no_such_user()
    return app, user


@service.operation(transaction=False, **OPEN)
async def resend_confirmation_code(ctx: Context, request: Request) -> Request:
    """API_ResendConfirmationCode. Errors: InvalidParameterException (confirmed before, nothing to verify), UserNotFoundException."""
    app = await app_of(ctx, request["ClientId"])
    user = await app.ctx.transact(find, app.ctx, app.pool, request["Username"])
    await check_secret_hash(app, request.get("SecretHash"), request["Username"], *((user.name,) if user else ()))
    if user is None:
        return _pretended(app)
    if user.status != UNCONFIRMED:
        raise errors.confirmed_before()
    sent = await _send_code(app, user, "CustomMessage_ResendCode", request.get("ClientMetadata"))
    if sent is None:
        raise errors.no_auto_verification()
    return {"CodeDeliveryDetails": sent}


def _pretended(app: App) -> Request:
    """What a discreet client says of a user that is not there: that a code is on its way. Raises UserNotFoundException."""
    if not app.client.is_discreet():
        raise errors.no_such_user()
    return {
        "CodeDeliveryDetails": {
            "Destination": codes.masked("email", "user@example.com"),
            "DeliveryMedium": "EMAIL",
            "AttributeName": "email",
        }
    }


# -- forgotten passwords


@service.operation(transaction=False, **OPEN)
async def forgot_password(ctx: Context, request: Request) -> Request:
    """API_ForgotPassword. Errors: InvalidParameterException (no verified address), NotAuthorizedException, UserNotFoundException."""
    app = await app_of(ctx, request["ClientId"])
    user = await app.ctx.transact(find, app.ctx, app.pool, request["Username"])
    await check_secret_hash(app, request.get("SecretHash"), request["Username"], *((user.name,) if user else ()))
    if user is None:
        return _pretended(app)
    if not user.enabled:
        raise errors.disabled()
    if user.status == FORCE_CHANGE_PASSWORD:
        raise errors.not_authorized("User password cannot be reset in the current state.")
    attribute, source = recovery(app.pool, user), "CustomMessage_ForgotPassword"
    metadata = request.get("ClientMetadata")
    sent = await codes.send(app.ctx, app.pool, user, codes.PASSWORD, attribute, source, app.client.id, metadata)
    return {"CodeDeliveryDetails": sent}


@service.operation(transaction=False, **OPEN)
async def confirm_forgot_password(ctx: Context, request: Request) -> Request:
    """API_ConfirmForgotPassword. Errors: CodeMismatchException, ExpiredCodeException, InvalidPasswordException, UserNotFoundException."""
    app, user = await _named(ctx, request, errors.code_expired())
    passwords.check(app.pool, request["Password"])
    code = await codes.check(app.ctx, app.pool, user, codes.PASSWORD, request["ConfirmationCode"])
    changed = await app.ctx.transact(_renew, app, user, code.attribute, request["Password"])
    metadata = request.get("ClientMetadata")
    await after_confirmation(app.ctx, app.pool, changed, "ConfirmForgotPassword", app.client.id, metadata)
    return {}


async def _renew(app: App, user: User, attribute: str, password: str) -> User:
    codes.spend(app.ctx, app.pool, user, codes.PASSWORD)
    user = await again(app.ctx, app.pool, user)
    await tokens.sign_out(app.ctx, app.pool, user)
    attributes = user.attributes | {VERIFIED[attribute]: "true"}
    changed = with_password(app.pool, replace(user, attributes=attributes), password, CONFIRMED)
    return await save(app.ctx, app.pool, changed, user)
