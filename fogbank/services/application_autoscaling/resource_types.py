"""AWS::ApplicationAutoScaling::*.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApplicationAutoScaling.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType, pick
from fogbank.protocols import timestamps
from fogbank.services.application_autoscaling import errors
from fogbank.services.application_autoscaling.service import service

_MISSING = frozenset({"ObjectNotFoundException"})
_PLACE = ("ResourceId", "ScalableDimension", "ServiceNamespace")
_BOUNDS = ("MaxCapacity", "MinCapacity", "SuspendedState")
_ACTION = ("ScalableTargetAction", "Schedule", "ScheduledActionName", "Timezone")
_DATES = ("StartTime", "EndTime")
_CONFIGURATIONS = ("StepScalingPolicyConfiguration", "TargetTrackingScalingPolicyConfiguration")


def _place(identifier: str) -> Properties:
    """What an identifier of a target names: resource ID, dimension, and namespace."""
    return dict(zip(_PLACE, identifier.rsplit("|", 2), strict=True))


@service.resource_type
class ScalableTargetType(ResourceType):
    """A scalable target with its scheduled actions."""

    name = "AWS::ApplicationAutoScaling::ScalableTarget"
    identifier = _PLACE
    required = frozenset({"MaxCapacity", "MinCapacity", *_PLACE})
    create_only = frozenset(_PLACE)
    read_only = frozenset({"Id"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self._register(ctx, properties)
        await self._schedule(ctx, properties, [], properties.get("ScheduledActions") or [])
        return self.identifier_of(properties)

    async def _register(self, ctx: Context, properties: Properties) -> None:
        await self.call(ctx, "RegisterScalableTarget", pick(properties, *_PLACE, *_BOUNDS, "RoleARN"))

    async def _schedule(self, ctx: Context, of: Properties, before: list[Any], after: list[Any]) -> None:
        place, names = pick(of, *_PLACE), {each["ScheduledActionName"] for each in after}
        for each in after:
            dates = {name: timestamps.parse(each[name]) for name in _DATES if each.get(name) is not None}
            await self.call(ctx, "PutScheduledAction", {**place, **pick(each, *_ACTION), **dates})
        for each in before:
            if each["ScheduledActionName"] not in names:
                gone = {**place, "ScheduledActionName": each["ScheduledActionName"]}
                await self.call(ctx, "DeleteScheduledAction", gone)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        place = _place(identifier)
        asked = {**place, "ResourceIds": [place["ResourceId"]]}
        del asked["ResourceId"]
        found = await self.listed(ctx, "DescribeScalableTargets", "ScalableTargets", **asked)
        if not found:
            raise errors.no_such_target(place["ServiceNamespace"], place["ResourceId"], place["ScalableDimension"])
        shown = {**pick(found[0], *_PLACE, *_BOUNDS, "RoleARN"), "Id": identifier}
        actions = await self.listed(ctx, "DescribeScheduledActions", "ScheduledActions", **place)
        return {**shown, "ScheduledActions": [_action(each) for each in actions]} if actions else shown

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._register(ctx, after)
        await self._schedule(ctx, after, before.get("ScheduledActions") or [], after.get("ScheduledActions") or [])

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeregisterScalableTarget", _place(identifier))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        """Those of the namespace that is given."""
        namespace = given.get("ServiceNamespace")
        found = await self.listed(ctx, "DescribeScalableTargets", "ScalableTargets", ServiceNamespace=namespace)
        return [self.identifier_of(each) for each in found]

    def ref(self, identifier: str, properties: Properties) -> str:
        return identifier


def _action(described: Properties) -> Properties:
    dates = {name: timestamps.iso8601(described[name]) for name in _DATES if described.get(name) is not None}
    return {**pick(described, *_ACTION), **dates}


@service.resource_type
class ScalingPolicyType(ResourceType):
    """A scaling policy of a target, which `ScalingTargetId` names, or the three parts of that."""

    name = "AWS::ApplicationAutoScaling::ScalingPolicy"
    identifier = ("Arn", "ScalableDimension")
    required = frozenset({"PolicyName", "PolicyType"})
    create_only = frozenset({"PolicyName", "ScalingTargetId", *_PLACE})
    read_only = frozenset({"Arn"})
    write_only = frozenset({"ScalingTargetId"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        place = _target_of(properties)
        made = await self._put(ctx, place, properties)
        return f"{made['PolicyARN']}|{place['ScalableDimension']}"

    async def _put(self, ctx: Context, place: Properties, properties: Properties) -> dict[str, Any]:
        asked = {**place, **pick(properties, "PolicyName", "PolicyType", *_CONFIGURATIONS)}
        return await self.call(ctx, "PutScalingPolicy", asked)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self._find(ctx, identifier)
        shown = pick(found, *_PLACE, "PolicyName", "PolicyType", *_CONFIGURATIONS)
        return {**shown, "Arn": found["PolicyARN"]}

    async def _find(self, ctx: Context, identifier: str) -> Properties:
        """Raises ObjectNotFoundException."""
        arn, _, dimension = identifier.rpartition("|")
        namespace, _, of = arn.partition(":resource/")[2].partition("/")
        resource, _, name = of.rpartition(":policyName/")
        place = {"ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": dimension}
        found = await self.listed(ctx, "DescribeScalingPolicies", "ScalingPolicies", PolicyNames=[name], **place)
        if not found or found[0]["PolicyARN"] != arn:
            raise errors.no_such_policy(name, namespace, resource, dimension)
        return dict(found[0])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, pick(await self._find(ctx, identifier), *_PLACE), after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        found = await self._find(ctx, identifier)
        await self.call(ctx, "DeleteScalingPolicy", pick(found, *_PLACE, "PolicyName"))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        """Those of the namespace that is given."""
        namespace = given.get("ServiceNamespace")
        found = await self.listed(ctx, "DescribeScalingPolicies", "ScalingPolicies", ServiceNamespace=namespace)
        return [f"{each['PolicyARN']}|{each['ScalableDimension']}" for each in found]

    def ref(self, identifier: str, properties: Properties) -> str:
        return identifier.rpartition("|")[0]


def _target_of(properties: Properties) -> Properties:
    if properties.get("ScalingTargetId"):
        return _place(properties["ScalingTargetId"])
    place = pick(properties, *_PLACE)
    if len(place) < len(_PLACE):
        raise AWSError(
            "ValidationException",
            "Either ScalingTargetId or all three of [ResourceId, ScalableDimension, ServiceNamespace] must be specified",
        )
    return place
