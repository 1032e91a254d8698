"""The resources of an account and Region that have tags, and changing their tags: through the types that services declare.

A type lists its resources, reads one with its tags, and changes it to have others (`kernel/resource_types.py`), so whatever CloudFormation
can tag is here as well. Nothing is kept: what is told is how things are.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from fogbank.identity.principals import root
from fogbank.kernel import AWSError, Context
from fogbank.kernel.collection import has_rows
from fogbank.kernel.resource_schemas import tags_member
from fogbank.kernel.resource_types import Properties, ResourceType, service_of
from fogbank.services.resourcegroupstaggingapi import naming
from fogbank.services.resourcegroupstaggingapi.service import service

Tags = dict[str, str]

_HOME = "us-east-1"
_ARN = re.compile(r"arn:[\w-]+:([\w-]+):[\w-]*:\d*:(.+)", re.DOTALL)
# https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
_UNSUPPORTED = frozenset({"AWS::IAM::Role", "AWS::IAM::User"})
_PARAMETER = "AWS::SSM::Parameter"
_GLOBAL = ("AWS::IAM::", "AWS::Organizations::", "AWS::Route53::")


class Resource(NamedTuple):
    arn: str
    kind: ResourceType
    identifier: str
    properties: Properties
    tags: Tags

    @property
    def type(self) -> str:
        """`lambda:function`; of services whose ARNs name no type, the service: `sqs`."""
        service, noun = parts_of(self.arn)
        return f"{service}:{noun}" if noun else service


def parts_of(arn: str) -> tuple[str, str]:
    """The service and the type that an ARN names; the type is empty where it names none (`arn:aws:sqs:us-east-1:1:orders`)."""
    found = _ARN.fullmatch(arn)
    if found is None:
        return "", ""
    service, rest = found.groups()
    noun = re.match(r"/?([^/:]+)[/:]", rest)
    return service, noun[1] if noun and service != "s3" else ""


async def tagged(ctx: Context) -> list[Resource]:
    """All resources with tags, by ARN."""
    found = {each.arn: each async for each in _resources(ctx) if each.tags}
    return [found[arn] for arn in sorted(found)]


async def everything(ctx: Context) -> list[Resource]:
    """All resources that could have tags."""
    return [each async for each in _resources(ctx)]


service.provide("tagged", tagged)
service.provide("all", everything)


async def named(ctx: Context, arns: list[str]) -> Mapping[str, Resource]:
    """Those of the resources that are there, whether they have tags or not."""
    services = {parts_of(arn)[0] for arn in arns}
    return {each.arn: each async for each in _resources(ctx, services) if each.arn in arns}


async def _resources(ctx: Context, services: set[str] | None = None) -> AsyncIterator[Resource]:
    """Every resource, as its account's root sees it; `services` are the ones that ARNs have."""
    seeing = ctx.at()
    seeing.principal = root(ctx.account)
    for kind in await _kinds(ctx):
        for identifier in await _identifiers(seeing, kind):
            found = await _read(seeing, kind, identifier)
            if found is None:
                continue
            if services is not None and parts_of(found.arn)[0] not in services:
                break  # all of a kind are of one service
            yield found


async def _kinds(ctx: Context) -> list[ResourceType]:
    """The types with tags of the services that have any state: the others need not even be loaded."""
    kinds: list[ResourceType] = []
    for name in ctx.app.services.names:
        if not await ctx.transact(has_rows, ctx, name):
            continue
        found = ctx.app.services.get(name)
        kinds += found.resource_types.values() if found is not None else ()
    return [each for each in kinds if tags_member(each.name) and each.name not in _UNSUPPORTED and _is_here(ctx, each)]


def _is_here(ctx: Context, kind: ResourceType) -> bool:
    return ctx.region == _HOME or not kind.name.startswith(_GLOBAL)


async def _identifiers(ctx: Context, kind: ResourceType) -> list[str]:
    if kind.name not in naming.PARENTS:
        return await _listed(ctx, kind, {})
    parent, member = naming.PARENTS[kind.name]
    parents = await _listed(ctx, ctx.app.services[service_of(parent)].resource_types[parent], {})
    return [each for one in parents for each in await _listed(ctx, kind, {member: one})]


async def _listed(ctx: Context, kind: ResourceType, given: Properties) -> list[str]:
    try:
        return await ctx.transact(kind.list, ctx, given)
    except (AWSError, NotImplementedError):
        return []  # it cannot be listed, or there is no organization, no registry, ...


async def _read(ctx: Context, kind: ResourceType, identifier: str) -> Resource | None:
    """None for what is not there any more, in another Region, or has no ARN."""
    try:
        properties = await ctx.transact(kind.read, ctx, identifier)
        if kind.name == _PARAMETER:
            properties = {**properties, "Tags": await ctx.transact(_tags_of_parameter, ctx, identifier)}
        if kind.name == "AWS::S3::Bucket" and not await ctx.transact(_is_bucket_here, ctx, identifier):
            return None
    except AWSError:
        return None
    arn = _arn_of(ctx, kind, identifier, properties)
    return Resource(arn, kind, identifier, properties, _tags(kind, properties)) if arn else None


async def _tags_of_parameter(ctx: Context, name: str) -> Tags:
    """Which its type does not tell."""
    request = {"ResourceType": "Parameter", "ResourceId": name}
    found = await ctx.call("ssm", "ListTagsForResource", request, as_caller=True)
    return {tag["Key"]: tag["Value"] for tag in found["TagList"]}


async def _is_bucket_here(ctx: Context, name: str) -> bool:
    found = await ctx.call("s3", "GetBucketLocation", {"Bucket": name}, as_caller=True)
    return (found.get("LocationConstraint") or _HOME) == ctx.region


def _arn_of(ctx: Context, kind: ResourceType, identifier: str, properties: Properties) -> str:
    if arn := naming.told(ctx, kind.name, identifier):
        return arn
    noun = kind.name.rpartition("::")[2]
    for name in ("Arn", "ARN", f"{noun}Arn", f"{noun}ARN", *kind.identifier, *sorted(kind.read_only)):
        value = properties.get(name)
        if isinstance(value, str) and value.startswith("arn:") and name not in ("StreamArn", "SecretArn"):
            return value.removesuffix(":*")
    return identifier if identifier.startswith("arn:") else ""


def _member(kind: ResourceType) -> tuple[str, bool]:
    found = tags_member(kind.name)
    assert found is not None
    return found


def _tags(kind: ResourceType, properties: Properties) -> Tags:
    name, is_map = _member(kind)
    value: Any = properties.get(name) or {}
    return dict(value) if is_map else {tag["Key"]: tag.get("Value", "") for tag in value}


async def retag(ctx: Context, resource: Resource, tags: Tags) -> None:
    """Have a resource have these tags, with the permissions of the context's caller. Raises what its service says."""
    name, is_map = _member(resource.kind)
    value: Any = tags if is_map else [{"Key": key, "Value": each} for key, each in tags.items()]
    after = {**resource.properties, name: value}
    await ctx.transact(resource.kind.update, ctx, resource.identifier, resource.properties, after)
