"""Passwords: the pool's policy, temporary ones, and what is kept of them.

https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
"""

from __future__ import annotations

import hmac
import secrets
import string

from fogbank.kernel import Record
from fogbank.services.cognito_idp import errors, srp
from fogbank.services.cognito_idp.pool import Pool

_SYMBOLS = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- "
_RULES = (
    ("RequireLowercase", string.ascii_lowercase, "Password must have lowercase characters"),
    ("RequireUppercase", string.ascii_uppercase, "Password must have uppercase characters"),
    ("RequireNumbers", string.digits, "Password must have numeric characters"),
    ("RequireSymbols", _SYMBOLS, "Password must have symbol characters"),
)
_LONGEST = 256
_TEMPORARY = 12


class Password(Record, frozen=True):
    """What is kept of a password: nothing that it could be read from."""

    salt: bytes
    verifier: bytes


def identity(pool: str, username: str) -> str:
    """Whom a password is of, as SRP hashes it."""
    return pool.partition("_")[2] + username


def kept(pool: str, username: str, password: str) -> Password:
    # some clients drop leading zeros of the salt, others do not
    salt = bytes([1 + secrets.randbelow(255)]) + secrets.token_bytes(15)
    return Password(salt, srp.verifier(salt, identity(pool, username), password))


def fits(password: Password | None, pool: str, username: str, given: str) -> bool:
    if password is None:
        return False
    return hmac.compare_digest(password.verifier, srp.verifier(password.salt, identity(pool, username), given))


def check(pool: Pool, password: str) -> None:
    """Raise InvalidPasswordException for what the pool's policy does not allow."""
    policy = pool.settings["Policies"]["PasswordPolicy"]
    if len(password) < policy["MinimumLength"]:
        raise errors.weak_password("Password not long enough")
    if len(password) > _LONGEST:
        raise errors.weak_password("Password must not be longer than 256 characters")
    for rule, characters, sentence in _RULES:
        if policy[rule] and not set(password) & set(characters):
            raise errors.weak_password(sentence)


def temporary(pool: Pool) -> str:
    """A new password that the policy allows."""
    length = max(_TEMPORARY, pool.settings["Policies"]["PasswordPolicy"]["MinimumLength"])
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!@#$%&*")
    characters = [secrets.choice(kinds[index % len(kinds)]) for index in range(length)]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def temporary_seconds(pool: Pool) -> float:
    """How long a temporary password is valid."""
    return float(pool.settings["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] * 86400)


def remembered(pool: Pool) -> int:
    """How many passwords a user may not use again."""
    return int(pool.settings["Policies"]["PasswordPolicy"].get("PasswordHistorySize") or 0)
