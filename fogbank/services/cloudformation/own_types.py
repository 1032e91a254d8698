"""AWS::CloudFormation::Stack and AWS::CDK::Metadata. Custom resources are in `custom_resources`.

A handler of CloudFormation's own types is told its place, the stack and the logical id, as `properties[PLACE]`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType
from fogbank.services.cloudformation import deploying, stacks, wanting
from fogbank.services.cloudformation.records import CURRENT, Stack, bodies, find, names, put
from fogbank.services.cloudformation.records import stacks as kept
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.templates import parameters

change = msgspec.structs.replace

PLACE = "::place"
_WANTED = "::wanted"


class Place(NamedTuple):
    """Where a resource is declared: in which stack, under which logical id, as which type."""

    stack: Stack
    logical: str
    type: str
    physical: str = ""


@service.resource_type
class MetadataType(ResourceType):
    """What the CDK counts its users by. It does nothing, here as there."""

    name = "AWS::CDK::Metadata"
    identifier = ("Id",)

    async def create(self, ctx: Context, properties: Properties) -> str:
        return ctx.ids.uuid()

    async def read(self, ctx: Context, identifier: str) -> Properties:
        return {"Id": identifier}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        """There is nothing of it but its place in the template."""

    async def delete(self, ctx: Context, identifier: str) -> None:
        """See `update`."""

    async def is_gone(self, ctx: Context, identifier: str) -> bool:
        return True


@service.resource_type
class StackType(ResourceType):
    """A nested stack. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html"""

    name = "AWS::CloudFormation::Stack"
    identifier = ("StackId",)
    required = frozenset({"TemplateURL"})
    read_only = frozenset({"Outputs", "StackId"})
    missing = frozenset({"ValidationError"})

    @asynccontextmanager
    async def prepared(self, ctx: Context, before: Properties, after: Properties) -> AsyncIterator[Properties]:
        place: Place = after[PLACE]
        text = await wanting.text_of(ctx, after)
        if text is None:
            raise AWSError("InvalidRequest", "Properties validation failed: TemplateURL is required")
        child = await ctx.transact(find, ctx, place.physical) if place.physical else self._new(ctx, place, after)
        given = [
            {"ParameterKey": name, "ParameterValue": parameters.text_of(value)}
            for name, value in _parameters(after).items()
        ]
        yield after | {_WANTED: (child, await wanting.wanted(ctx, child, text, given))}

    def _new(self, ctx: Context, place: Place, properties: Properties) -> Stack:
        name = f"{place.stack.name[:80]}-{place.logical[:32]}-{ctx.ids.hex(12).upper()}"
        child = stacks.new_stack(ctx, name, _options(properties))
        root = place.stack.root or place.stack.id
        return change(child, parent=place.stack.id, root=root, capabilities=place.stack.capabilities)

    async def create(self, ctx: Context, properties: Properties) -> str:
        child, wanted = properties[_WANTED]
        child = stacks.led_to(child, wanted)
        names.put(ctx, child.uuid.encode(), child.name)
        put(ctx, child)
        begun = await stacks.started(ctx, child, "CREATE", {})
        return (await deploying.begin(ctx, child, begun, wanted.body)).id

    async def read(self, ctx: Context, identifier: str) -> Properties:
        child = await find(ctx, identifier)
        if child.deleted is not None:
            raise AWSError("ValidationError", f"Stack with id {identifier} does not exist")
        return {"StackId": child.id, "Outputs": {each.key: each.value for each in child.outputs}}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        _, wanted = after[_WANTED]
        child = await find(ctx, identifier)
        current = await bodies.get(ctx, child.uuid, CURRENT)
        asked = stacks.with_options(child, _options(after))
        if current is not None and not stacks.is_same(child, current, stacks.led_to(asked, wanted), wanted):
            await stacks.update(ctx, child, asked, wanted, {})

    async def delete(self, ctx: Context, identifier: str) -> None:
        child = await find(ctx, identifier)
        if child.deleted is None:
            await stacks.remove(ctx, child, {}, [])

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        child = await find(ctx, identifier)
        if child.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return True
        if child.status.endswith("_IN_PROGRESS"):
            return False
        verb = "updated" if child.status.startswith("UPDATE") else "created"
        raise AWSError(
            "GeneralServiceException", f"Embedded stack {identifier} was not successfully {verb}: {child.reason}"
        )

    async def is_gone(self, ctx: Context, identifier: str) -> bool:
        child = await find(ctx, identifier)
        if child.status == "DELETE_FAILED":
            told = f"Embedded stack {identifier} was not successfully deleted: {child.reason}"
            raise AWSError("GeneralServiceException", told)
        return child.deleted is not None

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each.id for each in await kept.scan(ctx) if each.deleted is None]


def _parameters(properties: Properties) -> dict[str, Any]:
    found: dict[str, Any] = properties.get("Parameters") or {}
    return found


def _options(properties: Properties) -> dict[str, Any]:
    options: dict[str, Any] = {name: properties[name] for name in ("NotificationARNs", "Tags") if name in properties}
    if "TimeoutInMinutes" in properties:
        options["TimeoutInMinutes"] = int(properties["TimeoutInMinutes"])
    return options
