"""AWS::Events::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, tag_changes
from fogbank.services.events import errors
from fogbank.services.events.service import service

_MISSING = frozenset({"ResourceNotFoundException"})


def _given(properties: Properties, *names: str) -> Properties:
    return {name: properties[name] for name in names if properties.get(name) is not None}


def _text(value: Any) -> Any:
    """A document as the API wants it, which is a text."""
    return orjson.dumps(value).decode() if isinstance(value, dict) else value


def _document(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


class _Type(ResourceType):
    """What the types of EventBridge have in common: tags of an ARN, and lists by page."""

    missing = _MISSING

    async def _tags(self, ctx: Context, arn: str) -> Properties:
        tags = (await self.call(ctx, "ListTagsForResource", {"ResourceARN": arn}))["Tags"]
        return {"Tags": tags} if tags else {}

    async def _change_tags(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        added, removed = tag_changes(before, after)
        if added:
            tags = [{"Key": key, "Value": value} for key, value in added.items()]
            await self.call(ctx, "TagResource", {"ResourceARN": arn, "Tags": tags})
        if removed:
            await self.call(ctx, "UntagResource", {"ResourceARN": arn, "TagKeys": removed})


@service.resource_type
class EventBusType(_Type):
    """A custom bus."""

    name = "AWS::Events::EventBus"
    identifier = ("Name",)
    required = frozenset({"Name"})
    create_only = frozenset({"EventSourceName", "Name"})
    read_only = frozenset({"Arn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        names = ("Name", "EventSourceName", "Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig", "Tags")
        await self.call(ctx, "CreateEventBus", _given(properties, *names))
        if properties.get("Policy"):
            await self._put_policy(ctx, properties["Name"], properties)
        return str(properties["Name"])

    async def _put_policy(self, ctx: Context, name: str, properties: Properties) -> None:
        policy = _text(properties["Policy"])
        await self.call(ctx, "PutPermission", {"EventBusName": name, "Policy": policy})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeEventBus", {"Name": identifier})
        names = ("Name", "Arn", "Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
        policy = _document(found.get("Policy"))
        shown = {**_given(found, *names), **({} if policy is None else {"Policy": policy})}
        return {**shown, **await self._tags(ctx, found["Arn"])}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        names = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
        if _given(before, *names) != _given(after, *names):
            await self.call(ctx, "UpdateEventBus", {"Name": identifier, **_given(after, *names)})
        if after.get("Policy") and after["Policy"] != before.get("Policy"):
            await self._put_policy(ctx, identifier, after)
        elif before.get("Policy") and not after.get("Policy"):
            await self.call(ctx, "RemovePermission", {"EventBusName": identifier, "RemoveAllPermissions": True})
        found = await self.call(ctx, "DescribeEventBus", {"Name": identifier})
        await self._change_tags(ctx, found["Arn"], before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DescribeEventBus", {"Name": identifier})
        await self.call(ctx, "DeleteEventBus", {"Name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [bus["Name"] for bus in await self.listed(ctx, "ListEventBuses", "EventBuses")]


_RULE = ("Name", "EventBusName", "ScheduleExpression", "State", "Description", "RoleArn")


@service.resource_type
class RuleType(_Type):
    """A rule with its targets. Without a Name it gets one of its own."""

    name = "AWS::Events::Rule"
    identifier = ("Arn",)
    naming = Naming("Name", 64)
    create_only = frozenset({"EventBusName", "Name"})
    read_only = frozenset({"Arn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"rule-{ctx.ids.hex(12)}"
        arn = await self._put(ctx, {**properties, "Name": name})
        if properties.get("Targets"):
            await self._put_targets(ctx, arn, properties["Targets"])
        return arn

    def ref(self, identifier: str, properties: Properties) -> str:
        """The name, after that of its bus where it is not the default one."""
        return identifier.partition(":rule/")[2].replace("/", "|")

    async def _put(self, ctx: Context, properties: Properties) -> str:
        rule = _given(properties, *_RULE, "Tags")
        if properties.get("EventPattern"):
            rule["EventPattern"] = _text(properties["EventPattern"])
        return str((await self.call(ctx, "PutRule", rule))["RuleArn"])

    async def _put_targets(self, ctx: Context, arn: str, targets: list[Properties]) -> None:
        answer = await self.call(ctx, "PutTargets", {"Rule": _rule(arn), **_bus(arn), "Targets": targets})
        if answer["FailedEntries"]:
            raise errors.invalid(answer["FailedEntries"][0]["ErrorMessage"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        place = {"Rule": _rule(identifier), **_bus(identifier)}
        found = await self.call(ctx, "DescribeRule", {"Name": _rule(identifier), **_bus(identifier)})
        pattern = _document(found.get("EventPattern"))
        shown = {**_given(found, *_RULE, "Arn"), **({} if pattern is None else {"EventPattern": pattern})}
        targets = await self.listed(ctx, "ListTargetsByRule", "Targets", **place)
        return {**shown, **({"Targets": targets} if targets else {}), **await self._tags(ctx, identifier)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, {**after, "Name": _rule(identifier), **_bus(identifier), "Tags": None})
        old, new = before.get("Targets") or [], after.get("Targets") or []
        gone = [target["Id"] for target in old if target["Id"] not in {each["Id"] for each in new}]
        if gone:
            await self.call(ctx, "RemoveTargets", {"Rule": _rule(identifier), **_bus(identifier), "Ids": gone})
        if new != old and new:
            await self._put_targets(ctx, identifier, new)
        await self._change_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        place = {"Rule": _rule(identifier), **_bus(identifier)}
        targets = await self.listed(ctx, "ListTargetsByRule", "Targets", **place)
        if targets:
            await self.call(ctx, "RemoveTargets", {**place, "Ids": [target["Id"] for target in targets]})
        await self.call(ctx, "DeleteRule", {"Name": _rule(identifier), **_bus(identifier)})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [rule["Arn"] for rule in await self.listed(ctx, "ListRules", "Rules")]


def _rule(arn: str) -> str:
    return arn.rpartition("/")[2]


def _bus(arn: str) -> Properties:
    """The bus in a rule's ARN; there is none when it is the default one."""
    bus = arn.split(":", 5)[5].removeprefix("rule/").rpartition("/")[0]
    return {"EventBusName": bus} if bus else {}


@service.resource_type
class ArchiveType(_Type):
    """An archive."""

    name = "AWS::Events::Archive"
    identifier = ("ArchiveName",)
    naming = Naming("ArchiveName", 48)
    required = frozenset({"SourceArn"})
    create_only = frozenset({"ArchiveName", "SourceArn"})
    read_only = frozenset({"Arn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("ArchiveName") or f"archive-{ctx.ids.hex(12)}"
        place = {"ArchiveName": name, "EventSourceArn": properties["SourceArn"]}
        await self.call(ctx, "CreateArchive", {**place, **self._settings(properties)})
        return name

    def _settings(self, properties: Properties) -> Properties:
        settings = _given(properties, "Description", "RetentionDays", "KmsKeyIdentifier", "EventPattern")
        return {name: _text(value) for name, value in settings.items()}

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeArchive", {"ArchiveName": identifier})
        shown = _given(found, "ArchiveName", "Description", "RetentionDays", "KmsKeyIdentifier")
        pattern = _document(found.get("EventPattern"))
        shown |= {} if pattern is None else {"EventPattern": pattern}
        return {**shown, "Arn": found["ArchiveArn"], "SourceArn": found["EventSourceArn"]}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.call(ctx, "UpdateArchive", {"ArchiveName": identifier, **self._settings(after)})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteArchive", {"ArchiveName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [archive["ArchiveName"] for archive in await self.listed(ctx, "ListArchives", "Archives")]


_CONNECTION = ("Name", "AuthorizationType", "AuthParameters", "Description", "KmsKeyIdentifier")


@service.resource_type
class ConnectionType(_Type):
    """A connection. What authorises it is never told."""

    name = "AWS::Events::Connection"
    identifier = ("Name",)
    naming = Naming("Name", 64)
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn", "ArnForPolicy", "SecretArn"})
    write_only = frozenset({"AuthParameters"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"connection-{ctx.ids.hex(12)}"
        await self.call(ctx, "CreateConnection", {**_given(properties, *_CONNECTION), "Name": name})
        return name

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeConnection", {"Name": identifier})
        arn: str = found["ConnectionArn"]
        named = {"Arn": arn, "ArnForPolicy": arn.rpartition("/")[0]}
        return {**_given(found, "Name", "AuthorizationType", "Description", "KmsKeyIdentifier", "SecretArn"), **named}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.call(ctx, "UpdateConnection", {**_given(after, *_CONNECTION), "Name": identifier})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteConnection", {"Name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [connection["Name"] for connection in await self.listed(ctx, "ListConnections", "Connections")]


_DESTINATION = ("ConnectionArn", "InvocationEndpoint", "HttpMethod", "InvocationRateLimitPerSecond", "Description")


@service.resource_type
class ApiDestinationType(_Type):
    """An API destination."""

    name = "AWS::Events::ApiDestination"
    identifier = ("Name",)
    naming = Naming("Name", 64)
    required = frozenset({"ConnectionArn", "InvocationEndpoint", "HttpMethod"})
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn", "ArnForPolicy"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"destination-{ctx.ids.hex(12)}"
        await self.call(ctx, "CreateApiDestination", {**_given(properties, *_DESTINATION), "Name": name})
        return name

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeApiDestination", {"Name": identifier})
        arn: str = found["ApiDestinationArn"]
        return {**_given(found, "Name", *_DESTINATION), "Arn": arn, "ArnForPolicy": arn.rpartition("/")[0]}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.call(ctx, "UpdateApiDestination", {**_given(after, *_DESTINATION), "Name": identifier})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteApiDestination", {"Name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListApiDestinations", "ApiDestinations")
        return [destination["Name"] for destination in found]


_ENDPOINT = ("RoutingConfig", "ReplicationConfig", "EventBuses", "RoleArn", "Description")


@service.resource_type
class EndpointType(_Type):
    """A global endpoint, active a moment after it is made."""

    name = "AWS::Events::Endpoint"
    identifier = ("Name",)
    required = frozenset({"RoutingConfig", "EventBuses"})
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn", "EndpointId", "EndpointUrl", "State", "StateReason"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"endpoint-{ctx.ids.hex(12)}"
        await self.call(ctx, "CreateEndpoint", {**_given(properties, *_ENDPOINT), "Name": name})
        return name

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeEndpoint", {"Name": identifier})
        return _given(found, "Name", *_ENDPOINT, "Arn", "EndpointId", "EndpointUrl", "State")

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        return bool((await self.read(ctx, identifier))["State"] == "ACTIVE")

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.call(ctx, "UpdateEndpoint", {**_given(after, *_ENDPOINT), "Name": identifier})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteEndpoint", {"Name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [endpoint["Name"] for endpoint in await self.listed(ctx, "ListEndpoints", "Endpoints")]


@service.resource_type
class EventBusPolicyType(_Type):
    """One statement of a bus's policy."""

    name = "AWS::Events::EventBusPolicy"
    identifier = ("EventBusName", "StatementId")
    required = frozenset({"StatementId"})
    create_only = frozenset({"EventBusName", "StatementId"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        bus = properties.get("EventBusName") or "default"
        await self._put(ctx, bus, properties)
        return f"{bus}|{properties['StatementId']}"

    async def _put(self, ctx: Context, bus: str, properties: Properties) -> None:
        """A whole statement takes its place among the others; else its parts make one."""
        if not properties.get("Statement"):
            names = ("StatementId", "Action", "Principal", "Condition")
            await self.call(ctx, "PutPermission", {"EventBusName": bus, **_given(properties, *names)})
            return
        id = properties["StatementId"]
        others = [each for each in await self._statements(ctx, bus) if each.get("Sid") != id]
        document = {"Version": "2012-10-17", "Statement": [*others, {**properties["Statement"], "Sid": id}]}
        await self.call(ctx, "PutPermission", {"EventBusName": bus, "Policy": _text(document)})

    async def _statements(self, ctx: Context, bus: str) -> list[Properties]:
        policy = _document((await self.call(ctx, "DescribeEventBus", {"Name": bus})).get("Policy"))
        statements = [] if policy is None else policy["Statement"]
        return statements if isinstance(statements, list) else [statements]

    async def read(self, ctx: Context, identifier: str) -> Properties:
        bus, _, id = identifier.partition("|")
        for statement in await self._statements(ctx, bus):
            if statement.get("Sid") == id:
                return {"EventBusName": bus, "StatementId": id, "Statement": statement}
        raise errors.no_statement(id)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        bus, _, id = identifier.partition("|")
        await self._put(ctx, bus, {**after, "StatementId": id})

    async def delete(self, ctx: Context, identifier: str) -> None:
        bus, _, id = identifier.partition("|")
        await self.call(ctx, "RemovePermission", {"EventBusName": bus, "StatementId": id})
