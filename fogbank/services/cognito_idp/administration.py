"""Users, as administrators make and change them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.services.cognito_idp import codes, errors, groups, passwords, schema, tokens, triggers
from fogbank.services.cognito_idp.pool import ON_POOL, Pool, Request, find
from fogbank.services.cognito_idp.service import service
from fogbank.services.cognito_idp.user import (
    CONFIRMED,
    FORCE_CHANGE_PASSWORD,
    RESET_REQUIRED,
    UNCONFIRMED,
    VERIFIED,
    User,
    existing,
    new,
    pairs,
    remove,
    save,
    shown,
    values,
    with_password,
)

# -- creating


@service.operation(transaction=False, **ON_POOL)
async def admin_create_user(ctx: Context, request: Request) -> Request:
    """API_AdminCreateUser. The temporary password is sent to the user, unless MessageAction is SUPPRESS.

    Errors: UsernameExistsException, InvalidPasswordException, InvalidParameterException, UnsupportedUserStateException,
    UserNotFoundException (RESEND), those of functions.
    """
    pool = await ctx.transact(find, ctx, request["UserPoolId"])
    password = request.get("TemporaryPassword") or passwords.temporary(pool)
    passwords.check(pool, password)
    if request.get("MessageAction") == "RESEND":
        user = await ctx.transact(_invited_again, ctx, pool, request["Username"], password)
    else:
        await _ask_before(ctx, pool, request)
        user = await ctx.transact(_create, ctx, pool, request, password)
    if request.get("MessageAction") != "SUPPRESS":
        media = request.get("DesiredDeliveryMediums") or ["SMS"]
        await codes.invite(ctx, pool, user, password, _reached(user, media), request.get("ClientMetadata"))
    return {"User": shown(user)}


async def _ask_before(ctx: Context, pool: Pool, request: Request) -> None:
    """The function may refuse; what else it says does not count here."""
    told: dict[str, Any] = {
        "userAttributes": values(request.get("UserAttributes")),
        "validationData": values(request.get("ValidationData")),
        "clientMetadata": request.get("ClientMetadata") or {},
    }
    blank = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
    await triggers.ask(ctx, pool, "PreSignUp", "PreSignUp_AdminCreateUser", request["Username"], told, blank)


async def _create(ctx: Context, pool: Pool, request: Request, password: str) -> User:
    attributes = values(request.get("UserAttributes"))
    user = await new(ctx, pool, request["Username"], attributes, FORCE_CHANGE_PASSWORD)
    user = _temporarily(ctx, pool, user, password)
    return await save(ctx, pool, user, None, bool(request.get("ForceAliasCreation")))


def _temporarily(ctx: Context, pool: Pool, user: User, password: str) -> User:
    until = ctx.now() + passwords.temporary_seconds(pool)
    return replace(with_password(pool, user, password, FORCE_CHANGE_PASSWORD), temporary_until=until)


async def _invited_again(ctx: Context, pool: Pool, name: str, password: str) -> User:
    user = await existing(ctx, pool, name)
    if user.status != FORCE_CHANGE_PASSWORD:
        raise errors.resend_impossible()
    return await save(ctx, pool, _temporarily(ctx, pool, user, password), user)


def _reached(user: User, media: list[str]) -> list[str]:
    """The attributes by which a user is reached. A user that is reached by none gets no message."""
    ways = {"SMS": "phone_number", "EMAIL": "email"}
    return [ways[medium] for medium in media if user.attributes.get(ways[medium])]


# -- looking


@service.operation(**ON_POOL)
async def admin_get_user(ctx: Context, request: Request) -> Request:
    """API_AdminGetUser. Errors: UserNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    user = await existing(ctx, pool, request["Username"])
    told = shown(user)
    return {
        **told,
        "UserAttributes": told["Attributes"],
        "PreferredMfaSetting": user.preferred or None,
        "UserMFASettingList": list(user.factors) or None,
    }


# -- changing


@service.operation(**ON_POOL)
async def admin_set_user_password(ctx: Context, request: Request) -> None:
    """API_AdminSetUserPassword: for good, or until the next sign-in. Errors: UserNotFoundException, InvalidPasswordException."""
    pool = await find(ctx, request["UserPoolId"])
    user = await existing(ctx, pool, request["Username"])
    if request.get("Permanent"):
        changed = with_password(pool, user, request["Password"], CONFIRMED)
    else:
        changed = _temporarily(ctx, pool, user, request["Password"])
    await save(ctx, pool, changed, user)


@service.operation(**ON_POOL)
async def admin_update_user_attributes(ctx: Context, request: Request) -> None:
    """API_AdminUpdateUserAttributes. An empty value takes an attribute away. Errors: AliasExistsException, UserNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    user = await existing(ctx, pool, request["Username"])
    changes = values(request["UserAttributes"])
    schema.check(pool.schema, changes)
    schema.check_mutable(pool.schema, changes, user.attributes)
    await save(ctx, pool, replace(user, attributes=merged(user, changes)), user)


def merged(user: User, changes: dict[str, str]) -> dict[str, str]:
    """The attributes after a change. A new address is not a verified one, unless that is said."""
    found = user.attributes | changes
    for name, verified in VERIFIED.items():
        if name in changes and verified not in changes and changes[name] != user.attributes.get(name):
            found[verified] = "false"
        if found.get(name) == "":
            found.pop(verified, None)
    return {name: value for name, value in found.items() if value != ""}


@service.operation(**ON_POOL)
async def admin_delete_user_attributes(ctx: Context, request: Request) -> None:
    """API_AdminDeleteUserAttributes. Errors: UserNotFoundException, InvalidParameterException."""
    pool = await find(ctx, request["UserPoolId"])
    user = await existing(ctx, pool, request["Username"])
    await without(ctx, pool, user, request["UserAttributeNames"])


async def without(ctx: Context, pool: Pool, user: User, names: list[str]) -> None:
    """Take attributes away. Raises InvalidParameterException for those that are required."""
    schema.check(pool.schema, dict.fromkeys(names, ""))
    kept = {name: value for name, value in user.attributes.items() if name not in names}
    for name, verified in VERIFIED.items():
        if name in names:
            kept.pop(verified, None)
    schema.check_required(pool.schema, kept)
    await save(ctx, pool, replace(user, attributes=kept), user)


async def _enabled(ctx: Context, request: Request, enabled: bool) -> None:
    pool = await find(ctx, request["UserPoolId"])
    user = await existing(ctx, pool, request["Username"])
    await save(ctx, pool, replace(user, enabled=enabled), user)
    if not enabled:
        await tokens.sign_out(ctx, pool, user)


@service.operation(**ON_POOL)
async def admin_enable_user(ctx: Context, request: Request) -> None:
    """API_AdminEnableUser. Errors: UserNotFoundException."""
    await _enabled(ctx, request, True)


@service.operation(**ON_POOL)
async def admin_disable_user(ctx: Context, request: Request) -> None:
    """API_AdminDisableUser: the tokens of the user are void, too. Errors: UserNotFoundException."""
    await _enabled(ctx, request, False)


@service.operation(**ON_POOL)
async def admin_delete_user(ctx: Context, request: Request) -> None:
    """API_AdminDeleteUser. Errors: UserNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    await erase(ctx, pool, await existing(ctx, pool, request["Username"]))


async def erase(ctx: Context, pool: Pool, user: User) -> None:
    await groups.leave_all(ctx, pool, user)
    await codes.forget_all(ctx, pool, user)
    await tokens.sign_out(ctx, pool, user)
    remove(ctx, pool, user)


@service.operation(**ON_POOL)
async def admin_user_global_sign_out(ctx: Context, request: Request) -> None:
    """API_AdminUserGlobalSignOut. Errors: UserNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    user = await existing(ctx, pool, request["Username"])
    await save(ctx, pool, replace(user, signed_out=ctx.now()), user)
    await tokens.sign_out(ctx, pool, user)


@service.operation(transaction=False, **ON_POOL)
async def admin_confirm_sign_up(ctx: Context, request: Request) -> None:
    """API_AdminConfirmSignUp. Errors: UserNotFoundException, NotAuthorizedException (it is confirmed), those of functions."""

    async def confirm() -> tuple[Pool, User]:
        pool = await find(ctx, request["UserPoolId"])
        user = await existing(ctx, pool, request["Username"])
        if user.status != UNCONFIRMED:
            raise errors.already_confirmed(user.status)
        return pool, await save(ctx, pool, replace(user, status=CONFIRMED), user)

    pool, user = await ctx.transact(confirm)
    await after_confirmation(ctx, pool, user, "ConfirmSignUp", "", request.get("ClientMetadata"))


async def after_confirmation(
    ctx: Context, pool: Pool, user: User, occasion: str, client: str, metadata: dict[str, str] | None
) -> None:
    """Tell the function that a user is confirmed (`ConfirmSignUp`, `ConfirmForgotPassword`). In no transaction."""
    told = {"userAttributes": user.told() | {"cognito:user_status": user.status}, "clientMetadata": metadata or {}}
    source = f"PostConfirmation_{occasion}"
    await triggers.ask(ctx, pool, "PostConfirmation", source, user.name, told, {}, client)


@service.operation(transaction=False, **ON_POOL)
async def admin_reset_user_password(ctx: Context, request: Request) -> None:
    """API_AdminResetUserPassword: nobody signs in until a code was confirmed. Errors: UserNotFoundException, NotAuthorizedException."""

    async def reset() -> tuple[Pool, User]:
        pool = await find(ctx, request["UserPoolId"])
        user = await existing(ctx, pool, request["Username"])
        if user.status == FORCE_CHANGE_PASSWORD:
            raise errors.not_authorized("User password cannot be reset in the current state.")
        return pool, await save(ctx, pool, replace(user, status=RESET_REQUIRED), user)

    pool, user = await ctx.transact(reset)
    attribute = recovery(pool, user)
    metadata, source = request.get("ClientMetadata"), "CustomMessage_ForgotPassword"
    await codes.send(ctx, pool, user, codes.PASSWORD, attribute, source, metadata=metadata)


def recovery(pool: Pool, user: User) -> str:
    """The attribute to which codes for a new password go. Raises InvalidParameterException when there is none."""
    ways = (pool.settings.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or []
    for way in sorted(ways, key=lambda way: int(way["Priority"])):
        attribute = str(way["Name"]).removeprefix("verified_")
        if attribute in VERIFIED and user.attributes.get(VERIFIED[attribute]) == "true":
            return attribute
    raise errors.nowhere_to_send()


def attributes_shown(user: User, readable: list[str] | None) -> list[Request]:
    """What a client may read of a user; always the `sub`."""
    return pairs(user.told(), None if readable is None else ["sub", *readable])
