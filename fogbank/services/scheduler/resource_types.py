"""AWS::Scheduler::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Scheduler.html"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.protocols import timestamps
from fogbank.services.scheduler import errors
from fogbank.services.scheduler.groups import DEFAULT
from fogbank.services.scheduler.service import service

_MISSING = frozenset({"ResourceNotFoundException"})
_DATES = ("StartDate", "EndDate")
_PLAIN = (
    "ActionAfterCompletion",
    "Description",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "State",
    "Target",
)


@service.resource_type
class ScheduleType(ResourceType):
    """A schedule. It goes by its name alone, in whatever group it is."""

    name = "AWS::Scheduler::Schedule"
    identifier = ("Name",)
    naming = Naming("Name", 64)
    required = frozenset({"FlexibleTimeWindow", "ScheduleExpression", "Target"})
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or ctx.ids.hex(20)
        await self.call(ctx, "CreateSchedule", {"Name": name, **_request(properties)})
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        group = await self._group(ctx, identifier)
        found = await self.call(ctx, "GetSchedule", {"Name": identifier, "GroupName": group})
        dates = {name: timestamps.iso8601(found[name]) for name in _DATES if found.get(name) is not None}
        return {**pick(found, "Arn", "Name", *_PLAIN), **dates}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        old, new = before.get("GroupName") or DEFAULT, after.get("GroupName") or DEFAULT
        if old == new:
            await self.call(ctx, "UpdateSchedule", {"Name": identifier, **_request(after)})
            return
        await self.call(ctx, "CreateSchedule", {"Name": identifier, **_request(after)})
        await self.call(ctx, "DeleteSchedule", {"Name": identifier, "GroupName": old})

    async def delete(self, ctx: Context, identifier: str) -> None:
        group = await self._group(ctx, identifier)
        await self.call(ctx, "DeleteSchedule", {"Name": identifier, "GroupName": group})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [str(each["Name"]) for each in await self.listed(ctx, "ListSchedules", "Schedules")]

    async def _group(self, ctx: Context, name: str) -> str:
        """The group that has a schedule of that name. Raises ResourceNotFoundException."""
        found = await self.listed(ctx, "ListSchedules", "Schedules", NamePrefix=name)
        group = next((each["GroupName"] for each in found if each["Name"] == name), None)
        if group is None:
            raise errors.no_such_schedule(name)
        return str(group)


def _request(properties: Properties) -> Properties:
    dates = {name: timestamps.parse(properties[name]) for name in _DATES if properties.get(name) is not None}
    return {**pick(properties, *_PLAIN), **dates}


@service.resource_type
class ScheduleGroupType(ResourceType):
    """A schedule group."""

    name = "AWS::Scheduler::ScheduleGroup"
    identifier = ("Name",)
    naming = Naming("Name", 64)
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn", "CreationDate", "LastModificationDate", "State"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or ctx.ids.hex(20)
        await self.call(ctx, "CreateScheduleGroup", {"Name": name, "Tags": properties.get("Tags")})
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetScheduleGroup", {"Name": identifier})
        tags = (await self.call(ctx, "ListTagsForResource", {"ResourceArn": found["Arn"]}))["Tags"]
        dates = {name: timestamps.iso8601(found[name]) for name in ("CreationDate", "LastModificationDate")}
        return {**pick(found, "Arn", "Name", "State"), **dates, **({"Tags": tags} if tags else {})}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        arn = (await self.call(ctx, "GetScheduleGroup", {"Name": identifier}))["Arn"]
        added, removed = tag_changes(before, after)
        if added:
            tags = [{"Key": key, "Value": value} for key, value in added.items()]
            await self.call(ctx, "TagResource", {"ResourceArn": arn, "Tags": tags})
        if removed:
            await self.call(ctx, "UntagResource", {"ResourceArn": arn, "TagKeys": removed})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteScheduleGroup", {"Name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [str(each["Name"]) for each in await self.listed(ctx, "ListScheduleGroups", "ScheduleGroups")]
