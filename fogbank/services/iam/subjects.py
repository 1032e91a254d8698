"""Users, groups and roles named by ARN, with every policy that they are held to: for simulations and reports."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

from fogbank.kernel import Context
from fogbank.services.iam import attachments, managed, policies
from fogbank.services.iam.entities import Entity, Kind
from fogbank.services.iam.errors import invalid_input, not_found
from fogbank.services.iam.groups import groups, groups_of
from fogbank.services.iam.inline_policies import inline_policies
from fogbank.services.iam.role import roles
from fogbank.services.iam.users import users

Noun = Literal["user", "group", "role"]

_ARN = re.compile(r"arn:[\w-]+:iam::\d{12}:(user|group|role)/(?:.*/)?([^/]+)")
_KINDS: Final[dict[str, Kind[Any]]] = {"user": users, "group": groups, "role": roles}


class HeldPolicy(msgspec.Struct, frozen=True):
    """A policy, and who holds it: the subject itself, or a group of the user's. `arn` is empty for inline policies."""

    name: str
    text: str
    holder: Noun
    holder_name: str
    arn: str = ""

    @property
    def is_aws_managed(self) -> bool:
        return self.arn.startswith(f"arn:aws:iam::{managed.OWNER}:")


class Subject(msgspec.Struct, frozen=True):
    """A user, group or role. `boundary` is the ARN of its permissions boundary, or empty."""

    noun: Noun
    name: str
    id: str
    arn: str
    policies: tuple[HeldPolicy, ...]
    boundary: str = ""
    tags: dict[str, str] = {}


async def find(ctx: Context, arn: str) -> Subject:
    """The user, group or role of an ARN. Raises InvalidInput and NoSuchEntity."""
    named = _ARN.fullmatch(arn)
    if named is None:
        raise invalid_input(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    noun: Any = named[1]
    kind = _KINDS[noun]
    entity = await kind.find(ctx, named[2])
    if kind.arn(ctx, entity) != arn:
        raise not_found(noun, named[2])
    return await of_entity(ctx, noun, entity)


async def of_entity(ctx: Context, noun: Noun, entity: Entity) -> Subject:
    held = await _held(ctx, noun, entity)
    if noun == "user":
        for group in await groups_of(ctx, entity.id):
            held += await _held(ctx, "group", group)
    boundary, tags = getattr(entity, "boundary", ""), getattr(entity, "tags", {})
    return Subject(noun, entity.name, entity.id, _KINDS[noun].arn(ctx, entity), tuple(held), boundary, tags)


async def _held(ctx: Context, noun: Noun, entity: Entity) -> list[HeldPolicy]:
    inline = await inline_policies(ctx, entity.id)
    held = [HeldPolicy(name, text, noun, entity.name) for name, text in inline.items()]
    for arn in await attachments.attached(ctx, entity.id):
        policy = await policies.find(ctx, arn)
        held.append(HeldPolicy(policy.name, await policies.default_document(ctx, policy), noun, entity.name, arn))
    return held
