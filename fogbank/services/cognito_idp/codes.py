"""Codes that users prove with that they can read their mail, and the messages that bring them.

    codes (pool, folded username, purpose)   Code

https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from msgspec.structs import replace

from fogbank.kernel import AWSError, Context, Record, mailbox
from fogbank.services.cognito_idp import errors, triggers
from fogbank.services.cognito_idp.pool import Pool
from fogbank.services.cognito_idp.service import service
from fogbank.services.cognito_idp.user import User

SIGN_UP = "sign-up"
PASSWORD = "password"

# how long a code is valid (seconds)
_DAY = 86400.0
_HOUR = 3600.0
_TRIES = 5
_SENDER = "no-reply@verificationemail.com"
_CODE = "{####}"
_NAME = "{username}"
_MEDIA = {"email": "EMAIL", "phone_number": "SMS"}
_SUBJECTS = {"invitation": "Your temporary password"}
_EMAILS = {
    "invitation": "Your username is {username} and temporary password is {####}.",
    PASSWORD: "Your password reset code is {####}",
}
_INVITATION_SMS = "Your username is {username} and temporary password is {####}."


class Code(Record, frozen=True):
    """`attribute` is where it was sent; `tries` how many wrong ones were given."""

    code: str
    attribute: str
    expires: float
    tries: int = 0


codes = service.collection("codes", Code)


def number() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"


# -- giving


async def send(
    ctx: Context,
    pool: Pool,
    user: User,
    purpose: str,
    attribute: str,
    source: str,
    client: str = "",
    metadata: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Make a code and send it to where the attribute says. In no transaction. Returns CodeDeliveryDetails.

    `source` is the occasion for the pool's function (`CustomMessage_SignUp`).
    """
    message = await _worded(ctx, pool, user, purpose, attribute, source, client, metadata or {})
    code = number()

    async def keep() -> None:
        kept = Code(code, attribute, ctx.now() + (_HOUR if purpose == PASSWORD else _DAY))
        codes.put(ctx, kept, pool.id, pool.folded(user.name), purpose)
        post(ctx, pool, user, attribute, message, code)

    await ctx.transact(keep)
    return delivery(user, attribute)


async def invite(
    ctx: Context, pool: Pool, user: User, password: str, attributes: list[str], metadata: dict[str, str] | None
) -> None:
    """Send a temporary password. In no transaction."""
    source = "CustomMessage_AdminCreateUser"
    for attribute in attributes:
        message = await _worded(ctx, pool, user, "invitation", attribute, source, "", metadata or {})

        async def keep(attribute: str = attribute, message: dict[str, str] = message) -> None:
            post(ctx, pool, user, attribute, message, password)

        await ctx.transact(keep)


async def _worded(
    ctx: Context,
    pool: Pool,
    user: User,
    purpose: str,
    attribute: str,
    source: str,
    client: str,
    metadata: dict[str, str],
) -> dict[str, str]:
    """The message in the words of the pool, or of its function."""
    request: dict[str, Any] = {
        "userAttributes": user.told() | {"cognito:user_status": user.status},
        "codeParameter": _CODE,
        "linkParameter": "{##Click Here##}",
        "usernameParameter": _NAME if purpose == "invitation" else None,
    }
    if metadata:
        request["clientMetadata"] = metadata
    blank = {"smsMessage": None, "emailMessage": None, "emailSubject": None}
    answer = await triggers.ask(ctx, pool, "CustomMessage", source, user.name, request, blank, client)
    own = _of_pool(pool, purpose)
    return {name: answer.get(name) or own[name] for name in blank}


def _of_pool(pool: Pool, purpose: str) -> dict[str, str]:
    settings = pool.settings
    if purpose == "invitation":
        given = settings["AdminCreateUserConfig"].get("InviteMessageTemplate") or {}
        return {
            "smsMessage": given.get("SMSMessage") or _INVITATION_SMS,
            "emailMessage": given.get("EmailMessage") or _EMAILS["invitation"],
            "emailSubject": given.get("EmailSubject") or _SUBJECTS["invitation"],
        }
    given = settings["VerificationMessageTemplate"]
    default = _EMAILS.get(purpose, "Your confirmation code is {####}")
    return {
        "smsMessage": given.get("SmsMessage") or "Your verification code is {####}. ",
        "emailMessage": given.get("EmailMessage") or default,
        "emailSubject": given.get("EmailSubject") or "Your verification code",
    }


def post(ctx: Context, pool: Pool, user: User, attribute: str, message: dict[str, str], code: str) -> None:
    """Put a message into the mailbox. In a transaction."""
    to, about = user.attributes[attribute], {"UserPoolId": pool.id, "Username": user.name}

    def filled(text: str) -> str:
        return text.replace(_CODE, code).replace(_NAME, _known_as(pool, user))

    if attribute == "phone_number":
        mailbox.post(ctx, "sms", to, filled(message["smsMessage"]), about=about)
        return
    sender = pool.settings["EmailConfiguration"].get("From") or _SENDER
    mailbox.post(ctx, "email", to, filled(message["emailMessage"]), filled(message["emailSubject"]), sender, about)


def _known_as(pool: Pool, user: User) -> str:
    """What a user signs in with."""
    for attribute in pool.listed("UsernameAttributes"):
        if user.attributes.get(attribute):
            return user.attributes[attribute]
    return user.name


def delivery(user: User, attribute: str) -> dict[str, str]:
    """CodeDeliveryDetails."""
    return {
        "Destination": masked(attribute, user.attributes[attribute]),
        "DeliveryMedium": _MEDIA[attribute],
        "AttributeName": attribute,
    }


def masked(attribute: str, value: str) -> str:
    """`j***@e***`, `+*******1234`."""
    if attribute == "phone_number":
        return "+" + "*" * max(len(value) - 5, 0) + value[-4:]
    name, _, domain = value.partition("@")
    return f"{name[:1]}***@{domain[:1]}***"


# -- proving


async def check(ctx: Context, pool: Pool, user: User, purpose: str, given: str) -> Code:
    """The code that was sent, if it is the given one; it is of no use afterwards. In no transaction.

    Raises CodeMismatchException, ExpiredCodeException, LimitExceededException. A wrong one counts, whatever becomes of the request.
    """
    found = await ctx.transact(_checked, ctx, pool, user, purpose, given)
    if isinstance(found, AWSError):
        raise found
    return found


async def _checked(ctx: Context, pool: Pool, user: User, purpose: str, given: str) -> Code | AWSError:
    key = (pool.id, pool.folded(user.name), purpose)
    found = await codes.get(ctx, *key)
    if found is None or found.expires <= ctx.now():
        return errors.code_expired()
    if found.tries >= _TRIES:
        return errors.too_many_tries()
    if not hmac.compare_digest(found.code.encode(), given.encode()):
        codes.put(ctx, replace(found, tries=found.tries + 1), *key)
        return errors.code_mismatch()
    return found


def spend(ctx: Context, pool: Pool, user: User, purpose: str) -> None:
    """In a transaction."""
    codes.delete(ctx, pool.id, pool.folded(user.name), purpose)


async def forget_all(ctx: Context, pool: Pool, user: User) -> None:
    """A user goes. In a transaction."""
    folded = pool.folded(user.name)
    for key, _ in await codes.items(ctx, (str,), pool.id, folded):
        codes.delete(ctx, pool.id, folded, *key)
