"""GetRandomPassword."""

from __future__ import annotations

import secrets
import string
from typing import Any

from fogbank.kernel import Context
from fogbank.services.secretsmanager import errors, limits
from fogbank.services.secretsmanager.service import service

Request = dict[str, Any]

_TYPES = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


@service.operation
async def get_random_password(ctx: Context, request: Request) -> Request:
    """A password of the characters that are not excluded, with one of each type unless that is switched off."""
    types = _alphabets(request)
    length = request.get("PasswordLength", limits.PASSWORD_LENGTH)
    required = types if request.get("RequireEachIncludedType", True) else []
    if not types:
        raise errors.nothing_to_choose_from()
    if length < len(required):
        raise errors.password_too_short(len(required))
    return {"RandomPassword": generate(types, required, length)}


def _alphabets(request: Request) -> list[str]:
    """The characters of each type that may be used; types of which nothing is left are left out."""
    excluded = request.get("ExcludeCharacters", "")
    alphabets = [characters for flag, characters in _TYPES.items() if not request.get(flag)]
    if request.get("IncludeSpace"):
        alphabets.append(" ")
    kept = ["".join(character for character in characters if character not in excluded) for characters in alphabets]
    return [characters for characters in kept if characters]


def generate(types: list[str], required: list[str], length: int) -> str:
    """`length` characters, one of each `required` alphabet and the others of any. Randomness fit for secrets."""
    everything = "".join(types)
    chosen = [secrets.choice(alphabet) for alphabet in required]
    chosen += [secrets.choice(everything) for _ in range(length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)
