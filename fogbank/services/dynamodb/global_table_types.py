"""AWS::DynamoDB::GlobalTable: a table of the template's region, and its replicas, which are made and removed one after another.

A template may also have a replica of another account's table (`GlobalTableSourceArn`), and then no other.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, pick
from fogbank.services.dynamodb.resource_types import TableType, policy_text
from fogbank.services.dynamodb.service import service

_MODE, _DISASSOCIATION = "GlobalTableSettingsReplicationMode", "DisassociationProtectionEnabled"
_STRONG = "STRONG"
_SHARED = (
    "AttributeDefinitions",
    "BillingMode",
    "KeySchema",
    "LocalSecondaryIndexes",
    "StreamSpecification",
    "TableName",
    "TimeToLiveSpecification",
    "VectorIndexes",
    "WarmThroughput",
)
# What each replica has for itself, and what that is when a template does not say.
_OWN: dict[str, Properties] = {
    "ContributorInsightsSpecification": {"Enabled": False},
    "KinesisStreamSpecification": {},
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False},
    "ResourcePolicy": {},
}
_SCALED = "CapacityAutoScalingSettings"


@service.resource_type
class GlobalTableType(TableType):
    """A global table. Without a TableName it gets one of its own."""

    name = "AWS::DynamoDB::GlobalTable"
    naming = Naming("TableName", 255)
    required = frozenset({"Replicas"})
    create_only = frozenset({"GlobalTableSourceArn", "KeySchema", "LocalSecondaryIndexes", "TableName"})
    read_only = frozenset({"Arn", "StreamArn", "TableId"})
    write_only = frozenset({"GlobalTableSourceArn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        if properties.get("GlobalTableSourceArn"):
            return await self._join(ctx, properties)
        return await super().create(ctx, _table(ctx, properties))

    async def _join(self, ctx: Context, properties: Properties) -> str:
        """Make a replica of another account's table, which has that one's settings."""
        here, source = _here(ctx, properties), properties["GlobalTableSourceArn"]
        request = pick(properties, "GlobalTableSourceArn") | pick(here, _MODE, "DeletionProtectionEnabled", "Tags")
        request["TableName"] = properties.get("TableName") or source.rpartition("/")[2]
        if here.get("ResourcePolicy"):
            request["ResourcePolicy"] = policy_text(here["ResourcePolicy"])
        await self.call(ctx, "CreateTable", request)
        more = {name: value for name, value in here.items() if name in _OWN and name != "ResourcePolicy"}
        await self._arrange(ctx, await self._described(ctx, request["TableName"]), {}, more)
        return str(request["TableName"])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        old, new = _table(ctx, before), _table(ctx, after)
        await super().update(ctx, identifier, old, new)
        if new.get(_MODE) and old.get(_MODE) != new[_MODE]:
            await self.call(ctx, "UpdateTable", {"TableName": identifier, _MODE: new[_MODE]})

    # -- replicas

    async def stabilise(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> bool:
        here = _here(ctx, after)
        policy = (here.get("ReplicaStreamSpecification") or {}).get("ResourcePolicy")
        stream = {**(after.get("StreamSpecification") or {}), **({"ResourcePolicy": policy} if policy else {})}
        given = {**after, "StreamSpecification": stream} if after.get("StreamSpecification") else after
        if not await super().stabilise(ctx, identifier, before, given):
            return False
        table = await self._described(ctx, identifier)
        there = {} if _is_joint(table) else {each["RegionName"]: each for each in table.get("Replicas") or []}
        if any(each["ReplicaStatus"] != "ACTIVE" for each in there.values()):
            return False
        wanted = {each["Region"]: each for each in after["Replicas"] if each["Region"] != ctx.region}
        if after.get("MultiRegionConsistency") == _STRONG and not there:
            await self.call(ctx, "UpdateTable", {"TableName": identifier, **_strongly(after, wanted)})
            return False
        step = _step(there, {region: self._override(ctx, replica) for region, replica in wanted.items()})
        if step is not None:
            await self.call(ctx, "UpdateTable", {"TableName": identifier, "ReplicaUpdates": [step]})
            return False
        for region, replica in wanted.items():
            await self._settle(ctx.at(region=region), identifier, replica)
        await self._protect(ctx, table, here)
        await self._scale(ctx, identifier, after)
        return True

    async def _protect(self, ctx: Context, table: dict[str, Any], replica: Properties) -> None:
        """Whether a replica may be disassociated, where a template says it."""
        wanted = self.fitted(ctx, "UpdateTable", pick(replica, _DISASSOCIATION))
        if wanted and pick(table, _DISASSOCIATION) != wanted:
            await self.call(ctx, "UpdateTable", {"TableName": table["TableName"], **wanted})

    async def _settle(self, ctx: Context, name: str, replica: Properties) -> None:
        """What a replica has for itself, in its own region."""
        table = await self._described(ctx, name)
        found = await self._read_more(ctx, table)
        wanted = {member: replica.get(member) or usual for member, usual in _OWN.items()}
        differing = [member for member, value in wanted.items() if not _covers(found.get(member) or {}, value)]
        await self._arrange(ctx, table, pick(found, *differing), {member: wanted[member] for member in differing})
        await self._tag(ctx, name, found, replica)
        protection = {"DeletionProtectionEnabled": replica.get("DeletionProtectionEnabled", False)}
        if pick(table, *protection) != self.fitted(ctx, "UpdateTable", protection):
            await self.call(ctx, "UpdateTable", {"TableName": name, **protection})
        await self._protect(ctx, table, replica)
        if table.get("StreamSpecification"):
            await self._guard_stream(ctx, table, replica.get("ReplicaStreamSpecification") or {})

    def _override(self, ctx: Context, replica: Properties) -> dict[str, Any]:
        """What a replica has in place of the table's own, as it will be described."""
        update = {"ReplicaUpdates": [{"Update": _override(replica)}]}
        override: dict[str, Any] = self.fitted(ctx, "UpdateTable", update)["ReplicaUpdates"][0]["Update"]
        return override

    async def _scale(self, ctx: Context, name: str, after: Properties) -> None:
        request = {
            "ProvisionedWriteCapacityAutoScalingUpdate": _scaling(_writes(after)),
            "GlobalSecondaryIndexUpdates": [
                {"IndexName": index["IndexName"], "ProvisionedWriteCapacityAutoScalingUpdate": scaling}
                for index in after.get("GlobalSecondaryIndexes") or []
                if (scaling := _scaling(_writes(index)))
            ],
            "ReplicaUpdates": [update for replica in after["Replicas"] if len(update := _read_scaling(replica)) > 1],
        }
        given = {member: value for member, value in request.items() if value}
        if given:
            await self.call(ctx, "UpdateTableReplicaAutoScaling", {"TableName": name, **given})

    # -- deleting: the replica that the others were filled from goes last

    async def delete(self, ctx: Context, identifier: str) -> None:
        table = await self._described(ctx, identifier)
        others = [] if _is_joint(table) else table.get("Replicas") or []
        if others and table["MultiRegionConsistency"] == _STRONG:
            await self.call(ctx, "UpdateTable", {"TableName": identifier, **_alone(table)})
            return
        for region in [each["RegionName"] for each in others if each["ReplicaStatus"] != "DELETING"]:
            await super().delete(ctx.at(region=region), identifier)
        if not others:
            await super().delete(ctx, identifier)

    async def is_gone(self, ctx: Context, identifier: str) -> bool:
        """As long as it is not, goes on with deleting it."""
        try:
            if (await self._described(ctx, identifier))["TableStatus"] == "ACTIVE":
                await self.delete(ctx, identifier)
        except AWSError as error:
            if self.is_missing(error):
                return True
            raise
        return False

    # -- looking

    async def read(self, ctx: Context, identifier: str) -> Properties:
        table = await super().read(ctx, identifier)
        described = await self._described(ctx, identifier)
        properties = pick(table, *_SHARED, "Arn", "StreamArn") | {"TableId": described["TableId"]}
        if properties.get("StreamSpecification"):
            properties["StreamSpecification"] = pick(properties["StreamSpecification"], "StreamViewType")
        if table.get("SSESpecification"):
            properties["SSESpecification"] = table["SSESpecification"]
        if table.get("GlobalSecondaryIndexes"):
            named = [pick(index, "IndexName", "KeySchema", "Projection") for index in table["GlobalSecondaryIndexes"]]
            properties["GlobalSecondaryIndexes"] = named
        ceiling = pick(table.get("OnDemandThroughput") or {}, "MaxWriteRequestUnits")
        if ceiling:
            properties["WriteOnDemandThroughputSettings"] = ceiling
        properties |= pick(described, "MultiRegionConsistency")
        witnesses = described.get("GlobalTableWitnesses")
        if witnesses:
            properties["GlobalTableWitnesses"] = [{"Region": each["RegionName"]} for each in witnesses]
        others = [] if _is_joint(described) else [each["RegionName"] for each in described.get("Replicas") or []]
        scaled = await self._scaled(ctx, identifier) if table["BillingMode"] == "PROVISIONED" else {}
        if scaled.get("writes"):
            properties["WriteProvisionedThroughputSettings"] = {f"Write{_SCALED}": scaled["writes"]}
        replicas = [await self._replica(ctx.at(region=region), identifier) for region in (ctx.region, *others)]
        return properties | {"Replicas": [replica | scaled.get(replica["Region"], {}) for replica in replicas]}

    async def _replica(self, ctx: Context, name: str) -> Properties:
        table = await super().read(ctx, name)
        replica = pick(table, *_OWN, "DeletionProtectionEnabled", "TableClass", "Tags") | {"Region": ctx.region}
        described = await self._described(ctx, name)
        replica |= pick(described, _MODE) if described.get(_MODE) in ("ENABLED", "DISABLED") else {}
        policy = pick(table.get("StreamSpecification") or {}, "ResourcePolicy")
        replica |= {"ReplicaStreamSpecification": policy} if policy else {}
        ceiling = pick(table.get("OnDemandThroughput") or {}, "MaxReadRequestUnits")
        return replica | ({"ReadOnDemandThroughputSettings": ceiling} if ceiling else {})

    async def _scaled(self, ctx: Context, name: str) -> dict[str, Any]:
        """The auto scaling settings of writes, and those of reads by region."""
        answer = await self.call(ctx, "DescribeTableReplicaAutoScaling", {"TableName": name})
        found: dict[str, Any] = {}
        for each in answer["TableAutoScalingDescription"]["Replicas"]:
            writes = _scaled_settings(each["ReplicaProvisionedWriteCapacityAutoScalingSettings"])
            reads = _scaled_settings(each["ReplicaProvisionedReadCapacityAutoScalingSettings"])
            found["writes"] = writes
            if reads:
                found[each["RegionName"]] = {"ReadProvisionedThroughputSettings": {f"Read{_SCALED}": reads}}
        return found

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        names = await super().list(ctx, given)
        return [name for name in names if (await self._described(ctx, name)).get("Replicas")]


def _strongly(after: Properties, wanted: dict[str, Properties]) -> dict[str, Any]:
    """The UpdateTable that makes all replicas of a strongly consistent global table, and its witness."""
    witnesses = [{"Create": {"RegionName": each["Region"]}} for each in after.get("GlobalTableWitnesses") or []]
    return {
        "MultiRegionConsistency": _STRONG,
        "ReplicaUpdates": [
            {"Create": {"RegionName": region, **_override(replica)}} for region, replica in wanted.items()
        ],
        "GlobalTableWitnessUpdates": witnesses or None,
    }


def _alone(table: dict[str, Any]) -> dict[str, Any]:
    """The UpdateTable that leaves one replica of a strongly consistent global table: it can only be all at once."""
    witnesses = table.get("GlobalTableWitnesses") or []
    return {
        "ReplicaUpdates": [{"Delete": {"RegionName": each["RegionName"]}} for each in table["Replicas"]],
        "GlobalTableWitnessUpdates": [{"Delete": {"RegionName": each["RegionName"]}} for each in witnesses] or None,
    }


def _is_joint(table: dict[str, Any]) -> bool:
    """Are its replicas those of other accounts?"""
    return bool(table.get(_MODE) == "ENABLED")


def _step(there: dict[str, dict[str, Any]], wanted: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The next change of one replica that leads from those that are there to those that are wanted, with what they override."""
    for region in there:
        if region not in wanted:
            return {"Delete": {"RegionName": region}}
    for region, override in wanted.items():
        if region not in there:
            return {"Create": {"RegionName": region, **override}}
        found, whole = _overridden(there[region]), {"TableClassOverride": "STANDARD", **override}
        if any(found.get(name) != value for name, value in whole.items()):
            return {"Update": {"RegionName": region, **whole}}
    return None


def _override(replica: Properties) -> dict[str, Any]:
    override: dict[str, Any] = {}
    if replica.get("SSESpecification"):
        override |= pick(replica["SSESpecification"], "KMSMasterKeyId")
    if replica.get("TableClass"):
        override["TableClassOverride"] = replica["TableClass"]
    if replica.get("ReadOnDemandThroughputSettings"):
        override["OnDemandThroughputOverride"] = pick(replica["ReadOnDemandThroughputSettings"], "MaxReadRequestUnits")
    reads = _reads(replica)
    if reads:
        override["ProvisionedThroughputOverride"] = {"ReadCapacityUnits": _units(reads, "Read")}
    return override


def _overridden(described: dict[str, Any]) -> dict[str, Any]:
    """A ReplicaDescription as what it was asked to be."""
    found = pick(described, "KMSMasterKeyId", "OnDemandThroughputOverride", "ProvisionedThroughputOverride")
    return found | {
        "TableClassOverride": (described.get("ReplicaTableClassSummary") or {}).get("TableClass", "STANDARD")
    }


def _covers(found: Properties, wanted: Properties) -> bool:
    """Is it all there, and is there something only where something is wanted?"""
    return bool(wanted or not found) and all(found.get(name) == value for name, value in wanted.items())


# -- capacity


def _reads(replica: Properties) -> Properties:
    return replica.get("ReadProvisionedThroughputSettings") or {}


def _units(settings: Properties, kind: str) -> int:
    """The capacity to begin with: fixed, or where auto scaling begins."""
    scaled = settings.get(f"{kind}{_SCALED}") or {}
    units = settings.get(f"{kind}CapacityUnits") or scaled.get("SeedCapacity") or scaled.get("MinCapacity")
    return int(units or 1)


def _writes(properties: Properties) -> Properties:
    return properties.get("WriteProvisionedThroughputSettings") or {}


def _read_scaling(replica: Properties) -> dict[str, Any]:
    """What is to be scaled of a replica's reads, besides its region."""
    indexes = [
        {"IndexName": index["IndexName"], "ProvisionedReadCapacityAutoScalingUpdate": scaling}
        for index in replica.get("GlobalSecondaryIndexes") or []
        if (scaling := _scaling(_reads(index)))
    ]
    update = {
        "ReplicaProvisionedReadCapacityAutoScalingUpdate": _scaling(_reads(replica)),
        "ReplicaGlobalSecondaryIndexUpdates": indexes,
    }
    return {"RegionName": replica["Region"], **{member: value for member, value in update.items() if value}}


def _scaling(settings: Properties) -> dict[str, Any] | None:
    """The update of auto scaling that the settings of a capacity ask for, if they do."""
    given = settings.get(f"Write{_SCALED}") or settings.get(f"Read{_SCALED}")
    if not given:
        return None
    policy = {"TargetTrackingScalingPolicyConfiguration": given["TargetTrackingScalingPolicyConfiguration"]}
    return {
        "MinimumUnits": given["MinCapacity"],
        "MaximumUnits": given["MaxCapacity"],
        "ScalingPolicyUpdate": policy,
    }


def _scaled_settings(described: dict[str, Any]) -> Properties | None:
    if described.get("AutoScalingDisabled") or not described.get("ScalingPolicies"):
        return None
    (policy,) = described["ScalingPolicies"]
    target = policy["TargetTrackingScalingPolicyConfiguration"]
    return {
        "MinCapacity": described["MinimumUnits"],
        "MaxCapacity": described["MaximumUnits"],
        "TargetTrackingScalingPolicyConfiguration": target,
    }


# -- the table of the template's region


def _here(ctx: Context, properties: Properties) -> Properties:
    here = next((each for each in properties["Replicas"] if each["Region"] == ctx.region), None)
    if here is None:
        raise AWSError("ValidationException", f"Replicas must have one in the stack's own region, {ctx.region}.")
    return dict(here)


def _table(ctx: Context, properties: Properties) -> Properties:
    """It as an AWS::DynamoDB::Table. Raises ValidationException when the region has no replica."""
    here = _here(ctx, properties)
    table = pick(properties, *_SHARED) | pick(here, *_OWN, _MODE, "DeletionProtectionEnabled", "TableClass", "Tags")
    table |= _throughput(properties, here, properties.get("BillingMode", "PROVISIONED"))
    if properties.get("GlobalSecondaryIndexes"):
        own = {each["IndexName"]: each for each in here.get("GlobalSecondaryIndexes") or []}
        table["GlobalSecondaryIndexes"] = [
            pick(index, "IndexName", "KeySchema", "Projection")
            | _throughput(index, own.get(index["IndexName"], {}), properties.get("BillingMode", "PROVISIONED"))
            for index in properties["GlobalSecondaryIndexes"]
        ]
    if len(properties["Replicas"]) > 1:
        table.setdefault("StreamSpecification", {"StreamViewType": "NEW_AND_OLD_IMAGES"})
    if properties.get("SSESpecification"):
        table["SSESpecification"] = properties["SSESpecification"] | (here.get("SSESpecification") or {})
    return table


def _throughput(writing: Properties, reading: Properties, billing: str) -> Properties:
    """Writes are those of the whole table or index, reads the replica's."""
    if billing == "PROVISIONED":
        writes = _writes(writing)
        units = {"ReadCapacityUnits": _units(_reads(reading), "Read"), "WriteCapacityUnits": _units(writes, "Write")}
        return {"ProvisionedThroughput": units}
    ceiling = pick(writing.get("WriteOnDemandThroughputSettings") or {}, "MaxWriteRequestUnits")
    ceiling |= pick(reading.get("ReadOnDemandThroughputSettings") or {}, "MaxReadRequestUnits")
    return {"OnDemandThroughput": ceiling} if ceiling else {}
