"""What a user meets after the password was right: a new password, a second factor, and then the tokens."""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.services.cognito_idp import errors, sessions, tokens, triggers
from fogbank.services.cognito_idp.client import App
from fogbank.services.cognito_idp.pool import Request
from fogbank.services.cognito_idp.user import FORCE_CHANGE_PASSWORD, RESET_REQUIRED, UNCONFIRMED, User

SOFTWARE_TOKEN = "SOFTWARE_TOKEN_MFA"
Metadata = dict[str, str] | None


async def ask_before(app: App, name: str, user: User | None, metadata: Metadata) -> None:
    """The function before a sign-in may refuse. In no transaction."""
    told: dict[str, Any] = {"userAttributes": {} if user is None else told_of(user), "validationData": metadata or {}}
    if app.client.is_discreet():
        told["userNotFound"] = user is None
    source = "PreAuthentication_Authentication"
    name = name if user is None else user.name
    await triggers.ask(app.ctx, app.pool, "PreAuthentication", source, name, told, {}, app.client.id)


def told_of(user: User) -> dict[str, str]:
    """What functions are told of a user."""
    return user.told() | {"cognito:user_status": user.status}


def check_state(app: App, user: User) -> None:
    """Raise what keeps a user out who knows the password."""
    if user.status == UNCONFIRMED:
        raise errors.not_confirmed()
    if user.status == RESET_REQUIRED:
        raise errors.reset_required()
    if user.status == FORCE_CHANGE_PASSWORD and user.temporary_until and user.temporary_until <= app.ctx.now():
        raise errors.temporary_password_expired()


async def after_password(app: App, user: User, metadata: Metadata) -> Request:
    """The answer to a right password. In no transaction."""
    check_state(app, user)
    if user.status == FORCE_CHANGE_PASSWORD:
        return await _new_password(app, user)
    return await after_new_password(app, user, "TokenGeneration_Authentication", metadata)


async def _new_password(app: App, user: User) -> Request:
    missing = [
        f"userAttributes.{attribute['Name']}"
        for attribute in app.pool.schema
        if attribute["Required"] and attribute["Name"] != "sub" and not user.attributes.get(attribute["Name"])
    ]
    return {
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": await sessions.begun(app, user, "NEW_PASSWORD_REQUIRED"),
        "ChallengeParameters": {
            "USER_ID_FOR_SRP": user.name,
            "requiredAttributes": orjson.dumps(missing).decode(),
            "userAttributes": orjson.dumps(user.attributes).decode(),
        },
    }


async def after_new_password(app: App, user: User, source: str, metadata: Metadata) -> Request:
    """The second factor, if the pool and the user have one, or the tokens. In no transaction."""
    if app.pool.settings["MfaConfiguration"] == "OFF":
        return await signed_in(app, user, source, metadata)
    if SOFTWARE_TOKEN in user.factors:
        return {
            "ChallengeName": SOFTWARE_TOKEN,
            "Session": await sessions.begun(app, user, SOFTWARE_TOKEN),
            "ChallengeParameters": {"USER_ID_FOR_SRP": user.name, "FRIENDLY_DEVICE_NAME": "My device"},
        }
    if app.pool.settings["MfaConfiguration"] == "ON":
        return {
            "ChallengeName": "MFA_SETUP",
            "Session": await sessions.begun(app, user, "MFA_SETUP"),
            "ChallengeParameters": {
                "MFAS_CAN_SETUP": orjson.dumps([SOFTWARE_TOKEN]).decode(),
                "USER_ID_FOR_SRP": user.name,
            },
        }
    return await signed_in(app, user, source, metadata)


async def signed_in(app: App, user: User, source: str, metadata: Metadata) -> Request:
    """The tokens, after the function that is told of a sign-in. In no transaction."""
    told: dict[str, Any] = {"userAttributes": told_of(user), "newDeviceUsed": False, "clientMetadata": metadata or {}}
    occasion = "PostAuthentication_Authentication"
    await triggers.ask(app.ctx, app.pool, "PostAuthentication", occasion, user.name, told, {}, app.client.id)
    return {"ChallengeParameters": {}, "AuthenticationResult": await tokens.issued(app, user, source, metadata)}
