"""USER_SRP_AUTH: the challenge PASSWORD_VERIFIER. Clients give back the SECRET_BLOCK, which says all about it, and no session.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import Any

from fogbank.services.cognito_idp import errors, sealed, srp
from fogbank.services.cognito_idp.client import App
from fogbank.services.cognito_idp.passwords import Password, identity, kept
from fogbank.services.cognito_idp.pool import Request
from fogbank.services.cognito_idp.user import User

_KIND = "secret block"
_TIMESTAMP = re.compile(r"\w{3} \w{3} \d{1,2} \d\d:\d\d:\d\d \w+ \d{4}")


async def challenge(app: App, name: str, user: User | None, given: str, custom: list[Any] | None = None) -> Request:
    """The challenge for an SRP_A. A user that is not there, or has no password, gets one, too, that nobody can answer.

    `custom` is how far a sign-in by functions has come. In no transaction.
    """
    try:
        client = int(given, 16)
    except ValueError:
        raise errors.bad_srp() from None
    if not srp.is_public(client):
        raise errors.bad_srp()
    identifier = name if user is None else user.name
    password = _password(app, identifier, user)
    private = srp.new_private()
    content = {
        "client": app.client.id,
        "user": identifier,
        "A": f"{client:x}",
        "b": f"{private:x}",
        "salt": password.salt.hex(),
        "verifier": password.verifier.hex(),
        "until": app.ctx.now() + 60 * (app.client.settings.get("AuthSessionValidity") or 3),
        "custom": custom,
    }
    block = await app.ctx.transact(sealed.seal, app.ctx, _KIND, content)
    return {
        "ChallengeName": "PASSWORD_VERIFIER",
        "ChallengeParameters": {
            "SALT": password.salt.hex(),
            "SECRET_BLOCK": base64.b64encode(block).decode(),
            "SRP_B": f"{srp.public(private, password.verifier):x}",
            "USERNAME": identifier,
            "USER_ID_FOR_SRP": identifier,
        },
    }


def _password(app: App, name: str, user: User | None) -> Password:
    if user is not None and user.password is not None:
        return user.password
    return kept(app.pool.id, name, f"{srp.new_private():x}")


async def answered(app: App, responses: dict[str, str]) -> dict[str, Any]:
    """The content of the secret block, if the claim shows that the client knows the password. In no transaction.

    Raises NotAuthorizedException, InvalidParameterException.
    """
    block, claim = _bytes(responses, "PASSWORD_CLAIM_SECRET_BLOCK"), _bytes(responses, "PASSWORD_CLAIM_SIGNATURE")
    timestamp = responses.get("TIMESTAMP")
    if timestamp is None:
        raise errors.missing_parameter("TIMESTAMP")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise errors.bad_timestamp()
    content = await app.ctx.transact(sealed.opened, app.ctx, _KIND, block)
    if content is None or content["client"] != app.client.id or content["until"] <= app.ctx.now():
        raise errors.wrong_password()
    verifier = bytes.fromhex(content["verifier"])
    key = srp.session_key(int(content["A"], 16), int(content["b"], 16), verifier)
    expected = srp.signature(key, identity(app.pool.id, content["user"]), block, timestamp)
    if not hmac.compare_digest(expected, claim):
        raise errors.wrong_password()
    return content


def _bytes(responses: dict[str, str], name: str) -> bytes:
    if name not in responses:
        raise errors.missing_parameter(name)
    try:
        return base64.b64decode(responses[name], validate=True)
    except (binascii.Error, ValueError):
        raise errors.wrong_password() from None
