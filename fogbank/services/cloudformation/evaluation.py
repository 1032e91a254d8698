"""The values of a stack's template: its parameters, what its resources have become, what other stacks export."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.services.cloudformation import errors, types
from fogbank.services.cloudformation.records import Resource, Stack, exports
from fogbank.services.cloudformation.templates import parameters
from fogbank.services.cloudformation.templates.functions import KNOWN_AFTER_APPLY, Values
from fogbank.services.cloudformation.templates.template import Template

_ZONES = "abc"
_DYNAMIC = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}")


class Made:
    """The resources of a stack as far as they are made. What is being changed is only known afterwards."""

    def __init__(self, ctx: Context, made: Iterable[Resource], unknown: Set[str] = frozenset()) -> None:
        self._ctx = ctx
        self._made = {each.logical: each for each in made}
        self._unknown = unknown

    def ref(self, logical: str) -> Any:
        found = self._found(logical)
        return KNOWN_AFTER_APPLY if found is None else found.physical

    def attribute(self, logical: str, name: str) -> Any:
        found = self._found(logical)
        if found is None:
            return KNOWN_AFTER_APPLY
        value = types.attribute(types.find(self._ctx, found.type), found.found(), name)
        if value is None:
            raise errors.template_error(f"resource {logical} does not support attribute type {name} in Fn::GetAtt")
        return value

    def _found(self, logical: str) -> Resource | None:
        found = self._made.get(logical)
        return None if found is None or not found.identifier or logical in self._unknown else found


async def values_of(
    ctx: Context, stack: Stack, template: Template, made: Iterable[Resource], unknown: Set[str] = frozenset()
) -> Values:
    """The values as far as they are known. What is added to `unknown` later is not known from then on."""
    return Values(
        template,
        {**parameters.referred(template, {**stack.parameters, **stack.resolved}), **pseudo(ctx, stack)},
        zones,
        await exported(ctx),
        Made(ctx, made, unknown),
    )


def pseudo(ctx: Context, stack: Stack) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"""
    return {
        "AWS::AccountId": stack.account,
        "AWS::NotificationARNs": stack.topics,
        "AWS::Partition": ctx.partition,
        "AWS::Region": stack.region,
        "AWS::StackId": stack.id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": "amazonaws.com",
    }


def zones(region: str) -> list[str]:
    return [f"{region}{letter}" for letter in _ZONES]


async def exported(ctx: Context) -> Mapping[str, str]:
    return {str(key[0]): each.value for key, each in await exports.items(ctx, (str,))}


async def resolved(ctx: Context, value: Any) -> Any:
    """A value with its dynamic references looked up, with the permissions of whoever asked for the stack.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
    """
    if isinstance(value, dict):
        return {key: await resolved(ctx, each) for key, each in value.items()}
    if isinstance(value, list):
        return [await resolved(ctx, each) for each in value]
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value
    parts = []
    at = 0
    for match in _DYNAMIC.finditer(value):
        parts += [value[at : match.start()], await _looked_up(ctx, match[1], match[2])]
        at = match.end()
    return "".join([*parts, value[at:]])


async def _looked_up(ctx: Context, service: str, reference: str) -> str:
    if service == "secretsmanager":
        return await _secret(ctx, reference)
    request = {"Name": reference, "WithDecryption": service == "ssm-secure"}
    found = await ctx.call("ssm", "GetParameter", request, as_caller=True)
    kind = found["Parameter"]["Type"]
    if kind == "SecureString" and service == "ssm":
        raise errors.invalid(f"SSM Secure reference is not supported in: [ssm:{reference}]")
    return str(found["Parameter"]["Value"])


async def _secret(ctx: Context, reference: str) -> str:
    """`secret-id:SecretString:json-key:version-stage:version-id`, of which only the first part has to be there; an ARN has colons."""
    arn = re.match(r"arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+", reference)
    name = arn[0] if arn is not None else reference.partition(":")[0]
    _, part, key, stage, version = (reference[len(name) :].split(":") + [""] * 5)[:5]
    request = {"SecretId": name, "VersionStage": stage or None, "VersionId": version or None}
    given = {key: value for key, value in request.items() if value is not None}
    found = await ctx.call("secretsmanager", "GetSecretValue", given, as_caller=True)
    text = str(found["SecretString"])
    if part not in ("", "SecretString"):
        raise errors.invalid(f"Could not parse SecretString JSON of {name}")
    if not key:
        return text
    try:
        return str(orjson.loads(text)[key])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise errors.invalid(f"Could not find a value associated with JSONKey in SecretString ({key})") from None
