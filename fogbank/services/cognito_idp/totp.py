"""Time-based one-time passwords (RFC 6238) as a second factor, and how users and pools want their factors."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.kernel.errors import not_implemented
from fogbank.services.cognito_idp import errors, sessions, tokens
from fogbank.services.cognito_idp.client import App, app_of, vault
from fogbank.services.cognito_idp.passing import SOFTWARE_TOKEN
from fogbank.services.cognito_idp.pool import ON_POOL, OPEN, Pool, Request, find, pools
from fogbank.services.cognito_idp.service import service
from fogbank.services.cognito_idp.user import User, again, existing, save

_STEP = 30
_SETUP = "MFA_SETUP"
_ABSENT = ("SmsMfaConfiguration", "EmailMfaConfiguration", "WebAuthnConfiguration")
_ABSENT_FACTORS = ("SMSMfaSettings", "EmailMfaSettings", "WebAuthnMfaSettings")


def code(secret: bytes, now: float) -> str:
    """The six digits of a moment (epoch seconds)."""
    digest = hmac.new(secret, int(now // _STEP).to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


async def is_right(app: App, user: User, given: str) -> bool:
    """Is it the user's code, now or half a minute to either side? In no transaction."""
    if not user.software_token:
        return False
    secret = await app.ctx.transact(vault.unseal_once, app.ctx, user.software_token, user.sub)
    moments = (app.ctx.now() + shift * _STEP for shift in (-1, 0, 1))
    return any(hmac.compare_digest(code(secret, moment).encode(), given.encode()) for moment in moments)


async def _who(ctx: Context, request: Request) -> tuple[App, User]:
    """By access token, or by the session of an MFA_SETUP."""
    if request.get("AccessToken"):
        return await tokens.bearer(ctx, request["AccessToken"])
    app = await app_of(ctx, await sessions.of_any_app(ctx, request.get("Session") or ""))
    session = await sessions.found(app, request.get("Session"), _SETUP)
    return app, await app.ctx.transact(existing, app.ctx, app.pool, session.user)


@service.operation(transaction=False, **OPEN)
async def associate_software_token(ctx: Context, request: Request) -> Request:
    """API_AssociateSoftwareToken. Errors: NotAuthorizedException, SoftwareTokenMFANotFoundException."""
    app, user = await _who(ctx, request)
    if app.pool.settings["MfaConfiguration"] == "OFF":
        raise errors.no_software_token()
    secret = secrets.token_bytes(32)

    async def keep() -> None:
        now = await again(app.ctx, app.pool, user)
        sealed = await vault.seal(app.ctx, secret, user.sub)
        await save(app.ctx, app.pool, replace(now, software_token=sealed, is_verified=False), now)

    await app.ctx.transact(keep)
    session = None if request.get("AccessToken") else await sessions.begun(app, user, _SETUP)
    return {"SecretCode": base64.b32encode(secret).decode().rstrip("="), "Session": session}


@service.operation(transaction=False, **OPEN)
async def verify_software_token(ctx: Context, request: Request) -> Request:
    """API_VerifySoftwareToken. Errors: EnableSoftwareTokenMFAException, NotAuthorizedException."""
    app, user = await _who(ctx, request)
    if not await is_right(app, user, request["UserCode"]):
        raise errors.wrong_first_code()
    is_setup = not request.get("AccessToken")

    async def keep() -> None:
        now = await again(app.ctx, app.pool, user)
        on = {"factors": (SOFTWARE_TOKEN,), "preferred": SOFTWARE_TOKEN} if is_setup else {}
        await save(app.ctx, app.pool, replace(now, is_verified=True, **on), now)

    await app.ctx.transact(keep)
    session = await sessions.begun(app, user, _SETUP, verified=True) if is_setup else None
    return {"Status": "SUCCESS", "Session": session}


# -- preferences


def _preferring(user: User, request: Request) -> User:
    """The user with its factors as a request wants them. Raises InvalidParameterException."""
    for name in _ABSENT_FACTORS:
        if (request.get(name) or {}).get("Enabled"):
            raise not_implemented("cognito-idp", name)
    given = request.get("SoftwareTokenMfaSettings")
    if given is None:
        return user
    if not given.get("Enabled"):
        return replace(user, factors=(), preferred="")
    if not user.is_verified:
        raise errors.user_without_software_token()
    return replace(user, factors=(SOFTWARE_TOKEN,), preferred=SOFTWARE_TOKEN if given.get("PreferredMfa") else "")


@service.operation(transaction=False, **OPEN)
async def set_user_mfa_preference(ctx: Context, request: Request) -> Request:
    """API_SetUserMFAPreference. Errors: InvalidParameterException, NotAuthorizedException."""
    app, user = await tokens.bearer(ctx, request["AccessToken"])

    async def keep() -> None:
        now = await again(app.ctx, app.pool, user)
        await save(app.ctx, app.pool, _preferring(now, request), now)

    await app.ctx.transact(keep)
    return {}


@service.operation(**ON_POOL)
async def admin_set_user_mfa_preference(ctx: Context, request: Request) -> Request:
    """API_AdminSetUserMFAPreference. Errors: InvalidParameterException, UserNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    user = await existing(ctx, pool, request["Username"])
    await save(ctx, pool, _preferring(user, request), user)
    return {}


# -- pools


@service.operation(**ON_POOL)
async def set_user_pool_mfa_config(ctx: Context, request: Request) -> Request:
    """API_SetUserPoolMfaConfig. Errors: InvalidParameterException, ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    for name in _ABSENT:
        if request.get(name):
            raise not_implemented("cognito-idp", name)
    wanted = request.get("MfaConfiguration", "OFF")
    token = request.get("SoftwareTokenMfaConfiguration") or {}
    if wanted != "OFF" and not token.get("Enabled"):
        raise errors.invalid("Invalid MFA configuration given, can't turn on MFA without an MFA method.")
    changes: dict[str, Any] = {"MfaConfiguration": wanted, "SoftwareTokenMfaConfiguration": token}
    changed = replace(pool, settings=pool.settings | changes, modified=ctx.now())
    pools.put(ctx, changed, pool.id)
    return _shown(changed)


@service.operation(**ON_POOL)
async def get_user_pool_mfa_config(ctx: Context, request: Request) -> Request:
    """API_GetUserPoolMfaConfig. Errors: ResourceNotFoundException."""
    return _shown(await find(ctx, request["UserPoolId"]))


def _shown(pool: Pool) -> Request:
    token = pool.settings.get("SoftwareTokenMfaConfiguration") or None
    return {"MfaConfiguration": pool.settings["MfaConfiguration"], "SoftwareTokenMfaConfiguration": token}
