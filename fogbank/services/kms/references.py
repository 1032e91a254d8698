"""How requests name keys: by id, ARN, alias, or ARN of an alias.

aliases    (name without "alias/")  Alias
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fogbank.kernel import Context, Record
from fogbank.services.kms import errors
from fogbank.services.kms.key import Key, key_arn, keys
from fogbank.services.kms.service import service

_KEY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")
_PREFIX = "alias/"


class Alias(Record, frozen=True):
    name: str
    key_id: str
    created: float
    updated: float


aliases = service.collection("aliases", Alias, cached=True)


class Reference(NamedTuple):
    """What a request names: a key id, or an alias (without its prefix)."""

    account: str
    key_id: str = ""
    alias: str = ""


class Target(NamedTuple):
    """A key that was found: the context of its account, and the alias by which the request named it."""

    scope: Context
    key: Key
    alias: str = ""

    @property
    def arn(self) -> str:
        return key_arn(self.scope, self.key.id)


def parse(ctx: Context, text: str) -> Reference:
    """What a KeyId says. Raises NotFoundException, InvalidArnException."""
    if text.startswith("arn:"):
        return _parse_arn(ctx, text)
    return _named(ctx.account, text, text)


def _parse_arn(ctx: Context, text: str) -> Reference:
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[2] != "kms" or not parts[4].isdecimal() or len(parts[4]) != 12:
        raise errors.invalid_arn(text)
    if parts[1] != ctx.partition or parts[3] != ctx.region:
        raise errors.arn_of_another_region(parts[3])
    kind, _, key_id = parts[5].partition("/")
    if kind == "key":
        return _named(parts[4], key_id, text)
    if kind != "alias":
        raise errors.invalid_arn(text)
    return _named(parts[4], parts[5], text)


def _named(account: str, name: str, text: str) -> Reference:
    if name.startswith(_PREFIX):
        return Reference(account, alias=name.removeprefix(_PREFIX))
    if _KEY_ID.fullmatch(name) is None:
        raise errors.invalid_key_id(text)
    return Reference(account, key_id=name)


def alias_arn(ctx: Context, name: str) -> str:
    """The ARN of an alias in the context's scope, given without its prefix."""
    return f"arn:{ctx.partition}:kms:{ctx.region}:{ctx.account}:{_PREFIX}{name}"


def scope_of(ctx: Context, account: str) -> Context:
    return ctx if account == ctx.account else ctx.at(account=account)


async def look_up(scope: Context, reference: Reference) -> Target | None:
    """The key that is referred to; None when there is none, or no such alias."""
    key_id = reference.key_id
    if not key_id:
        alias = await aliases.get(scope, reference.alias)
        if alias is None:
            return None
        key_id = alias.key_id
    key = await keys.get(scope, key_id)
    return None if key is None else Target(scope, key, reference.alias)


def missing(scope: Context, reference: Reference) -> tuple[str, Exception]:
    """The ARN of what was referred to and is not there, and what to say about it."""
    if reference.alias:
        arn = alias_arn(scope, reference.alias)
        return arn, errors.alias_not_found(arn)
    arn = key_arn(scope, reference.key_id)
    return arn, errors.key_not_found(arn)
