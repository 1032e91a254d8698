"""Users that come from elsewhere when they first sign in.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-migrate-user.html
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import AWSError
from fogbank.services.cognito_idp import codes, passwords, triggers
from fogbank.services.cognito_idp.client import App
from fogbank.services.cognito_idp.user import CONFIRMED, RESET_REQUIRED, User, new, save

_TRIGGER = "UserMigration"


async def migrated(app: App, name: str, password: str, metadata: dict[str, str] | None) -> User | None:
    """The user that the function knows under that name and password, now in the pool. None without one. In no transaction."""
    if not triggers.is_there(app.pool, _TRIGGER):
        return None
    told: dict[str, Any] = {"password": password, "validationData": metadata or {}, "userAttributes": None}
    blank = {"userAttributes": None, "finalUserStatus": None, "messageAction": None, "desiredDeliveryMediums": None}
    source = "UserMigration_Authentication"
    try:
        answer = await triggers.ask(app.ctx, app.pool, _TRIGGER, source, name, told, blank, app.client.id)
    except AWSError as error:
        if error.code == "UserLambdaValidationException":
            return None
        raise
    if not answer.get("userAttributes"):
        return None
    user = await app.ctx.transact(_create, app, name, password, answer)
    if user.status == RESET_REQUIRED and answer.get("messageAction") != "SUPPRESS" and user.attributes.get("email"):
        source = "CustomMessage_ForgotPassword"
        await codes.send(app.ctx, app.pool, user, codes.PASSWORD, "email", source, app.client.id, metadata)
    return user


async def _create(app: App, name: str, password: str, answer: dict[str, Any]) -> User:
    """The password was right elsewhere: this pool's policy is asked about it with the next change."""
    attributes = {key: str(value) for key, value in answer["userAttributes"].items() if key not in ("sub", "username")}
    for kind in app.pool.listed("UsernameAttributes"):
        if attributes.get(kind) == name:
            del attributes[kind]
    status = RESET_REQUIRED if answer.get("finalUserStatus") == RESET_REQUIRED else CONFIRMED
    user = await new(app.ctx, app.pool, name, attributes, status)
    user = replace(user, password=passwords.kept(app.pool.id, user.name, password))
    return await save(app.ctx, app.pool, user, None, bool(answer.get("forceAliasCreation")))
