"""AWS::Pipes::Pipe. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-pipes-pipe.html"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick
from fogbank.protocols import timestamps
from fogbank.services.pipes import errors
from fogbank.services.pipes.lifecycle import TRANSITIONS
from fogbank.services.pipes.service import service

_CHANGEABLE = (
    "Description",
    "DesiredState",
    "Enrichment",
    "EnrichmentParameters",
    "KmsKeyIdentifier",
    "LogConfiguration",
    "RoleArn",
    "SourceParameters",
    "Target",
    "TargetParameters",
)
_TOLD = ("Arn", "CurrentState", "Name", "Source", "StateReason")
_TIMES = ("CreationTime", "LastModifiedTime")

# what stands for a property that a template no longer has
_EMPTY: Properties = {
    "Description": "",
    "Enrichment": "",
    "EnrichmentParameters": {},
    "SourceParameters": {"FilterCriteria": {"Filters": []}},
    "TargetParameters": {},
}


@service.resource_type
class PipeType(ResourceType):
    """A pipe. Its tags are a map."""

    name = "AWS::Pipes::Pipe"
    identifier = ("Name",)
    naming = Naming("Name", 64)
    required = frozenset({"RoleArn", "Source", "Target"})
    create_only = frozenset({"Name", "Source"})
    read_only = frozenset({"Arn", "CreationTime", "CurrentState", "LastModifiedTime", "StateReason"})
    missing = frozenset({"NotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or ctx.ids.hex(20)
        await self.call(ctx, "CreatePipe", {**pick(properties, "Source", "Tags", *_CHANGEABLE), "Name": name})
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribePipe", {"Name": identifier})
        times = {name: timestamps.iso8601(found[name]) for name in _TIMES}
        shown = {**pick(found, *_TOLD, *_CHANGEABLE, "Tags"), **times}
        return {name: value for name, value in shown.items() if value != {}}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        changed = {name: after.get(name) for name in _CHANGEABLE if before.get(name) != after.get(name)}
        changed = {name: _EMPTY.get(name) if value is None else value for name, value in changed.items()}
        if "SourceParameters" in changed:  # an update that leaves the filters out leaves them as they are
            changed["SourceParameters"] = {**_EMPTY["SourceParameters"], **(changed["SourceParameters"] or {})}
        if changed:
            await self.call(ctx, "UpdatePipe", {"RoleArn": after["RoleArn"], **changed, "Name": identifier})
        await self._change_tags(ctx, identifier, before.get("Tags") or {}, after.get("Tags") or {})

    async def _change_tags(self, ctx: Context, identifier: str, old: Properties, new: Properties) -> None:
        arn = (await self.call(ctx, "DescribePipe", {"Name": identifier}))["Arn"]
        added = {key: value for key, value in new.items() if old.get(key) != value}
        removed = [key for key in old if key not in new]
        if added:
            await self.call(ctx, "TagResource", {"resourceArn": arn, "tags": added})
        if removed:
            await self.call(ctx, "UntagResource", {"resourceArn": arn, "tagKeys": removed})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeletePipe", {"Name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [str(each["Name"]) for each in await self.listed(ctx, "ListPipes", "Pipes")]

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        """Raises ValidationException with the reason when it failed."""
        found = await self.call(ctx, "DescribePipe", {"Name": identifier})
        if found["CurrentState"].endswith("_FAILED"):
            raise errors.invalid(found["StateReason"])
        return found["CurrentState"] not in TRANSITIONS
