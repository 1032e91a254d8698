"""The account's password policy: what it asks of passwords, and the operations on it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html. An account that has set no policy has
IAM's default one, which is not the same as a policy set with default values.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from fogbank.kernel import Context, Record
from fogbank.services.iam import refusals
from fogbank.services.iam.service import service

Request = dict[str, Any]

SYMBOLS: Final = frozenset("!@#$%^&*()_+-=[]{}|'")
DEFAULT_LENGTH: Final = 8
DEFAULT_KINDS: Final = 3


class PasswordPolicy(Record, frozen=True):
    """max_age: days, 0 for ever; reuse_prevention: how many former passwords are refused."""

    minimum_length: int = 6
    symbols: bool = False
    numbers: bool = False
    uppercase: bool = False
    lowercase: bool = False
    users_may_change: bool = False
    max_age: int = 0
    reuse_prevention: int = 0
    hard_expiry: bool | None = None


policies = service.collection("password_policies", PasswordPolicy, scope="account", cached=True)


# -- what a policy asks of a password

_Kind = tuple[str, str, Callable[[str], bool]]
_KINDS: tuple[_Kind, ...] = (
    ("uppercase", "Password should have at least one uppercase letter", lambda char: "A" <= char <= "Z"),
    ("lowercase", "Password should have at least one lowercase letter", lambda char: "a" <= char <= "z"),
    ("symbols", "Password should have at least one symbol", SYMBOLS.__contains__),
    ("numbers", "Password should have at least one number", lambda char: "0" <= char <= "9"),
)


def _too_short(password: str, length: int) -> list[str]:
    return [f"Password should have a minimum length of {length}"] if len(password) < length else []


def _lacking(password: str) -> list[_Kind]:
    """The kinds of characters that a password has none of."""
    return [kind for kind in _KINDS if not any(map(kind[2], password))]


def check(policy: PasswordPolicy | None, password: str, account: str) -> None:
    """Raise PasswordPolicyViolation for a password that does not fit the account's policy, or the default one (None)."""
    if policy is None:
        _check_default(password, account)
        return
    findings = _too_short(password, policy.minimum_length)
    findings += [words for name, words, _ in _lacking(password) if getattr(policy, name)]
    if findings:
        raise refusals.password_violates(findings)


def _check_default(password: str, account: str) -> None:
    short = _too_short(password, DEFAULT_LENGTH)
    if short:
        raise refusals.password_violates(short)
    lacking = _lacking(password)
    missing = len(lacking) - (len(_KINDS) - DEFAULT_KINDS)
    if missing > 0:
        raise refusals.password_too_uniform(missing, [words for _, words, _ in lacking])
    if password == account:
        raise refusals.password_violates(["Password should not be the account name"])


async def open_to_users(ctx: Context, request: Request) -> str | None:
    """As a resource policy: that users may change their own passwords, where the account's policy says so."""
    policy = await policies.get(ctx)
    if policy is None or not policy.users_may_change or ctx.principal.kind != "user":
        return None
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ctx.principal.arn},
        "Action": ["iam:ChangePassword", "iam:GetAccountPasswordPolicy"],
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


# -- the operations


@service.operation
async def update_account_password_policy(ctx: Context, request: Request) -> Request:
    """Set the policy; what is not given goes back to its default. API_UpdateAccountPasswordPolicy."""
    policy = PasswordPolicy(
        minimum_length=request.get("MinimumPasswordLength", 6),
        symbols=request.get("RequireSymbols", False),
        numbers=request.get("RequireNumbers", False),
        uppercase=request.get("RequireUppercaseCharacters", False),
        lowercase=request.get("RequireLowercaseCharacters", False),
        users_may_change=request.get("AllowUsersToChangePassword", False),
        max_age=request.get("MaxPasswordAge", 0),
        reuse_prevention=request.get("PasswordReusePrevention", 0),
        hard_expiry=request.get("HardExpiry"),
    )
    policies.put(ctx, policy)
    return {}


@service.operation(policy=open_to_users)
async def get_account_password_policy(ctx: Context, request: Request) -> Request:
    """API_GetAccountPasswordPolicy. Raises NoSuchEntity while none is set."""
    return {"PasswordPolicy": _described(await _find(ctx))}


def _described(policy: PasswordPolicy) -> Request:
    return {
        "MinimumPasswordLength": policy.minimum_length,
        "RequireSymbols": policy.symbols,
        "RequireNumbers": policy.numbers,
        "RequireUppercaseCharacters": policy.uppercase,
        "RequireLowercaseCharacters": policy.lowercase,
        "AllowUsersToChangePassword": policy.users_may_change,
        "ExpirePasswords": policy.max_age > 0,
        "MaxPasswordAge": policy.max_age or None,
        "PasswordReusePrevention": policy.reuse_prevention or None,
        "HardExpiry": policy.hard_expiry,
    }


@service.operation
async def delete_account_password_policy(ctx: Context, request: Request) -> Request:
    """API_DeleteAccountPasswordPolicy. Raises NoSuchEntity while none is set."""
    await _find(ctx)
    policies.delete(ctx)
    return {}


async def _find(ctx: Context) -> PasswordPolicy:
    policy = await policies.get(ctx)
    if policy is None:
        raise refusals.no_password_policy(ctx.account)
    return policy
