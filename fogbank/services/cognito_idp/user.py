"""A user of a pool, as it is stored and found.

users    (pool, folded username)          User
aliases  (pool, attribute, folded value)  the folded username; `sub` is one of them
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.cognito_idp import errors, passwords, schema
from fogbank.services.cognito_idp.passwords import Password
from fogbank.services.cognito_idp.pool import Pool, Request
from fogbank.services.cognito_idp.service import service

UNCONFIRMED = "UNCONFIRMED"
CONFIRMED = "CONFIRMED"
FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"
RESET_REQUIRED = "RESET_REQUIRED"

VERIFIED = {"email": "email_verified", "phone_number": "phone_number_verified"}


class User(Record, frozen=True):
    """Times in epoch seconds.

    temporary_until  when a temporary password loses its validity
    former           passwords that were there before, the last one first
    software_token   the sealed secret of a time-based one-time password, `is_verified` once a code of it was seen
    factors          the second factors that are on (`SOFTWARE_TOKEN_MFA`)
    signed_out       tokens that were issued until then are void
    """

    pool: str
    name: str
    sub: str
    attributes: dict[str, str]
    status: str
    created: float
    modified: float
    enabled: bool = True
    password: Password | None = None
    temporary_until: float = 0
    former: tuple[Password, ...] = ()
    software_token: bytes = b""
    is_verified: bool = False
    factors: tuple[str, ...] = ()
    preferred: str = ""
    signed_out: float = 0

    def told(self) -> dict[str, str]:
        """All attributes, `sub` among them."""
        return {"sub": self.sub, **self.attributes}


users = service.collection("users", User)
aliases = service.collection("aliases", str)


# -- finding


async def find(ctx: Context, pool: Pool, name: str) -> User | None:
    """A user by username, by `sub`, or by an alias that is in force."""
    folded = pool.folded(name)
    found = await users.get(ctx, pool.id, folded)
    if found is not None:
        return found
    for attribute in ("sub", *pool.listed("UsernameAttributes"), *pool.listed("AliasAttributes")):
        key = await aliases.get(ctx, pool.id, attribute, folded)
        if key is not None:
            return await users.get(ctx, pool.id, key)
    return None


async def existing(ctx: Context, pool: Pool, name: str) -> User:
    """Raises UserNotFoundException."""
    found = await find(ctx, pool, name)
    if found is None:
        raise errors.no_such_user()
    return found


async def again(ctx: Context, pool: Pool, user: User) -> User:
    """A user as it is now. Raises UserNotFoundException."""
    found = await users.get(ctx, pool.id, pool.folded(user.name))
    if found is None or found.sub != user.sub:
        raise errors.no_such_user()
    return found


# -- keeping


def _aliases(pool: Pool, user: User | None) -> Iterator[tuple[str, str]]:
    """(attribute, folded value) that a user is known by, besides the username."""
    if user is None:
        return
    yield "sub", user.sub
    for name in pool.listed("UsernameAttributes"):
        if user.attributes.get(name):
            yield name, pool.folded(user.attributes[name])
    for name in pool.listed("AliasAttributes"):
        counts = user.attributes.get(VERIFIED[name]) == "true" if name in VERIFIED else user.status != UNCONFIRMED
        if counts and user.attributes.get(name):
            yield name, pool.folded(user.attributes[name])


async def save(ctx: Context, pool: Pool, user: User, before: User | None, force: bool = False) -> User:
    """Write a user and what it is known by. `force` takes aliases away from others. Raises AliasExistsException."""
    old, new = set(_aliases(pool, before)), set(_aliases(pool, user))
    key = pool.folded(user.name)
    for attribute, value in sorted(new - old):
        await _claim(ctx, pool, attribute, value, key, force)
    for attribute, value in old - new:
        aliases.delete(ctx, pool.id, attribute, value)
    user = replace(user, modified=ctx.now())
    users.put(ctx, user, pool.id, key)
    return user


async def _claim(ctx: Context, pool: Pool, attribute: str, value: str, key: str, force: bool) -> None:
    holder = await aliases.get(ctx, pool.id, attribute, value)
    if holder is not None and holder != key:
        if not force:
            raise errors.alias_exists(attribute)
        other = await users.get(ctx, pool.id, holder)
        if other is not None and attribute in VERIFIED:
            lesser = replace(other, attributes=other.attributes | {VERIFIED[attribute]: "false"})
            users.put(ctx, lesser, pool.id, holder)
    aliases.put(ctx, key, pool.id, attribute, value)


def remove(ctx: Context, pool: Pool, user: User) -> None:
    for attribute, value in _aliases(pool, user):
        aliases.delete(ctx, pool.id, attribute, value)
    users.delete(ctx, pool.id, pool.folded(user.name))


async def new(ctx: Context, pool: Pool, name: str, attributes: dict[str, str], status: str) -> User:
    """A user that is not kept yet. Raises UsernameExistsException, InvalidParameterException."""
    sub = ctx.ids.uuid()
    kinds = pool.listed("UsernameAttributes")
    if kinds:
        kind = _kind_of(name, kinds)
        if kind is None:
            raise errors.username_of_kind(kinds)
        if await aliases.get(ctx, pool.id, kind, pool.folded(name)) is not None:
            raise errors.account_exists(kind)
        name, attributes = sub, {**attributes, kind: name}
    else:
        _check_name(pool, name)
    if await users.get(ctx, pool.id, pool.folded(name)) is not None:
        raise errors.user_exists()
    schema.check(pool.schema, attributes)
    schema.check_required(pool.schema, attributes)
    return User(pool.id, name, sub, attributes, status, ctx.now(), ctx.now())


def _kind_of(name: str, kinds: list[str]) -> str | None:
    if "email" in kinds and schema.is_email(name):
        return "email"
    return "phone_number" if "phone_number" in kinds and schema.is_phone(name) else None


def _check_name(pool: Pool, name: str) -> None:
    """A username may not look like an alias."""
    given = pool.listed("AliasAttributes")
    if "email" in given and schema.is_email(name):
        raise errors.username_like_alias("email")
    if "phone_number" in given and schema.is_phone(name):
        raise errors.username_like_alias("phone_number")


def with_password(pool: Pool, user: User, password: str, status: str) -> User:
    """The user with another password. Raises InvalidPasswordException, PasswordHistoryPolicyViolationException."""
    passwords.check(pool, password)
    size = passwords.remembered(pool)
    past = (*((user.password,) if user.password else ()), *user.former)[:size]
    if any(passwords.fits(each, pool.id, user.name, password) for each in past):
        raise errors.password_used_before()
    return replace(user, password=passwords.kept(pool.id, user.name, password), former=past, status=status)


# -- showing


def pairs(attributes: Mapping[str, str], wanted: list[str] | None = None) -> list[Request]:
    return [{"Name": name, "Value": value} for name, value in attributes.items() if wanted is None or name in wanted]


def values(given: list[Request] | None) -> dict[str, str]:
    return {pair["Name"]: pair.get("Value", "") for pair in given or ()}


def shown(user: User, wanted: list[str] | None = None) -> dict[str, Any]:
    """UserType."""
    return {
        "Username": user.name,
        "Attributes": pairs(user.told(), wanted),
        "UserCreateDate": user.created,
        "UserLastModifiedDate": user.modified,
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }
