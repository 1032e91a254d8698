"""AWS::XRay::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_XRay.html"""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.xray import errors
from fogbank.services.xray.destinations import LOGS, XRAY
from fogbank.services.xray.service import service

_GROUP = ("GroupName", "FilterExpression", "InsightsConfiguration")
_DEFAULT_INDEX, _DEFAULT_PERCENTAGE = "Default", 1.0


class _Tagged(ResourceType):
    """What groups and sampling rules have in common: they are known by their ARN, and have tags."""

    async def _tags(self, ctx: Context, arn: str) -> Properties:
        found = (await self.call(ctx, "ListTagsForResource", {"ResourceARN": arn}))["Tags"]
        return {"Tags": found} if found else {}

    async def _change_tags(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        added, removed = tag_changes(before, after)
        if added:
            listed = [{"Key": key, "Value": value} for key, value in added.items()]
            await self.call(ctx, "TagResource", {"ResourceARN": arn, "Tags": listed})
        if removed:
            await self.call(ctx, "UntagResource", {"ResourceARN": arn, "TagKeys": removed})


@service.resource_type
class GroupType(_Tagged):
    """A group."""

    name = "AWS::XRay::Group"
    identifier = ("GroupARN",)
    required = frozenset({"GroupName"})
    create_only = frozenset({"GroupName"})
    read_only = frozenset({"GroupARN"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        made = await self.call(ctx, "CreateGroup", pick(properties, *_GROUP, "Tags"))
        return str(made["Group"]["GroupARN"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "GetGroup", {"GroupARN": identifier}))["Group"]
        return {**pick(found, *_GROUP, "GroupARN"), **await self._tags(ctx, identifier)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        unset = {"FilterExpression": "", "InsightsConfiguration": dict.fromkeys(_INSIGHTS, False)}
        change = {**unset, **pick(after, "FilterExpression", "InsightsConfiguration")}
        await self.call(ctx, "UpdateGroup", {"GroupARN": identifier, **change})
        await self._change_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteGroup", {"GroupARN": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = (await self.call(ctx, "GetGroups", {}))["Groups"]
        return [group["GroupARN"] for group in found if group["GroupName"] != "Default"]

    def is_missing(self, error: AWSError) -> bool:
        return error.message == errors.group_not_found().message


_INSIGHTS = ("InsightsEnabled", "NotificationsEnabled")


@service.resource_type
class SamplingRuleType(_Tagged):
    """A sampling rule. Its name may be given beside it."""

    name = "AWS::XRay::SamplingRule"
    identifier = ("RuleARN",)
    read_only = frozenset({"RuleARN"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        rule = dict(properties.get("SamplingRule") or {})
        rule.setdefault("Version", 1)
        if properties.get("RuleName") is not None:
            rule.setdefault("RuleName", properties["RuleName"])
        given = {"SamplingRule": rule, **pick(properties, "Tags")}
        made = await self.call(ctx, "CreateSamplingRule", given)
        return str(made["SamplingRuleRecord"]["SamplingRule"]["RuleARN"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        for rule in await self._rules(ctx):
            if rule["RuleARN"] == identifier:
                shown = {key: value for key, value in rule.items() if key != "Attributes" or value}
                name = rule["RuleName"]
                return {
                    "RuleARN": identifier,
                    "RuleName": name,
                    "SamplingRule": shown,
                    **await self._tags(ctx, identifier),
                }
        raise errors.rule_not_found()

    async def _rules(self, ctx: Context) -> list[Properties]:
        return [each["SamplingRule"] for each in (await self.call(ctx, "GetSamplingRules", {}))["SamplingRuleRecords"]]

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        kept = {key: value for key, value in after["SamplingRule"].items() if key not in _FIXED}
        await self.call(ctx, "UpdateSamplingRule", {"SamplingRuleUpdate": {**kept, "RuleARN": identifier}})
        await self._change_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteSamplingRule", {"RuleARN": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [rule["RuleARN"] for rule in await self._rules(ctx) if rule["RuleName"] != "Default"]

    def is_missing(self, error: AWSError) -> bool:
        return error.message == errors.rule_not_found().message


_FIXED = frozenset({"RuleName", "RuleARN", "Version"})


@service.resource_type
class ResourcePolicyType(ResourceType):
    """A resource policy."""

    name = "AWS::XRay::ResourcePolicy"
    identifier = ("PolicyName",)
    required = frozenset({"PolicyDocument", "PolicyName"})
    create_only = frozenset({"PolicyName"})
    write_only = frozenset({"BypassPolicyLockoutCheck"})
    naming = Naming("PolicyName", 128)

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self._put(ctx, properties)
        return str(properties["PolicyName"])

    async def _put(self, ctx: Context, properties: Properties) -> None:
        given = pick(properties, "PolicyName", "PolicyDocument", "BypassPolicyLockoutCheck")
        await self.call(ctx, "PutResourcePolicy", given)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        for policy in await self._policies(ctx):
            if policy["PolicyName"] == identifier:
                return pick(policy, "PolicyName", "PolicyDocument")
        raise errors.no_such_policy(identifier)

    async def _policies(self, ctx: Context) -> list[Properties]:
        found: list[Properties] = (await self.call(ctx, "ListResourcePolicies", {}))["ResourcePolicies"]
        return found

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, {**after, "PolicyName": identifier})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteResourcePolicy", {"PolicyName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [policy["PolicyName"] for policy in await self._policies(ctx)]

    def is_missing(self, error: AWSError) -> bool:
        return error.message.startswith("Resource policy ")


@service.resource_type
class TransactionSearchConfigType(ResourceType):
    """Transaction search: there while segments go to CloudWatch Logs."""

    name = "AWS::XRay::TransactionSearchConfig"
    identifier = ("AccountId",)
    read_only = frozenset({"AccountId"})
    missing = frozenset({"ResourceNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.call(ctx, "UpdateTraceSegmentDestination", {"Destination": LOGS})
        await self._index(ctx, properties)
        return ctx.account

    async def _index(self, ctx: Context, properties: Properties) -> None:
        percentage = float(properties.get("IndexingPercentage", _DEFAULT_PERCENTAGE))
        rule = {"Probabilistic": {"DesiredSamplingPercentage": percentage}}
        await self.call(ctx, "UpdateIndexingRule", {"Name": _DEFAULT_INDEX, "Rule": rule})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetTraceSegmentDestination", {})
        if found["Destination"] != LOGS or identifier != ctx.account:
            raise errors.no_such_resource(identifier)
        (rule,) = (await self.call(ctx, "GetIndexingRules", {}))["IndexingRules"]
        percentage = rule["Rule"]["Probabilistic"]["DesiredSamplingPercentage"]
        return {"AccountId": ctx.account, "IndexingPercentage": percentage}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._index(ctx, after)

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        return bool((await self.call(ctx, "GetTraceSegmentDestination", {}))["Status"] == "ACTIVE")

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.read(ctx, identifier)
        await self.call(ctx, "UpdateTraceSegmentDestination", {"Destination": XRAY})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.call(ctx, "GetTraceSegmentDestination", {})
        return [ctx.account] if found["Destination"] == LOGS else []
