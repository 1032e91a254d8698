"""AWS::DynamoDB::Table. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.dynamodb import errors, insights
from fogbank.services.dynamodb.creation import NO_CEILING, PAY_PER_REQUEST
from fogbank.services.dynamodb.service import service

_SAME = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "KeySchema",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
    "WarmThroughput",
)
_ONLY_CREATED = (
    "GlobalSecondaryIndexes",
    "GlobalTableSettingsReplicationMode",
    "LocalSecondaryIndexes",
    "Tags",
    "VectorIndexes",
)
_VECTORS = ("IndexName", "SearchSchema", "Projection", "VectorAttribute", "Dimensions", "DistanceFunction")
# what UpdateTable changes as it stands in a template
_CHANGED = (
    "BillingMode",
    "DeletionProtectionEnabled",
    "ProvisionedThroughput",
    "TableClass",
    "WarmThroughput",
)
_INDEX = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput")
# what ImportTable can be told, of the files and of the table
_SOURCE = ("InputCompressionType", "InputFormat", "InputFormatOptions", "S3BucketSource")
_IMPORTED = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "SSESpecification",
    "TableName",
)
_CAPACITY = ("ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput")
_INDEXES, _INSIGHTS = "GlobalSecondaryIndexes", "ContributorInsightsSpecification"
_UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")


@service.resource_type
class TableType(ResourceType):
    """A table. Without a TableName it gets one of its own."""

    name = "AWS::DynamoDB::Table"
    identifier = ("TableName",)
    naming = Naming("TableName", 255)
    required = frozenset({"KeySchema"})
    create_only = frozenset({"ImportSourceSpecification", "KeySchema", "LocalSecondaryIndexes", "TableName"})
    read_only = frozenset({"Arn", "StreamArn"})
    write_only = frozenset({"ImportSourceSpecification"})
    missing = frozenset({"ResourceNotFoundException", "TableNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("TableName") or f"table-{ctx.ids.hex(12)}"
        request = pick(properties, *_SAME, *_ONLY_CREATED)
        request |= {
            "TableName": name,
            "BillingMode": properties.get("BillingMode", "PROVISIONED"),
            "StreamSpecification": _stream(properties),
            "SSESpecification": _encryption(properties),
        }
        source = properties.get("ImportSourceSpecification")
        if source:
            await self._import(ctx, source, request)
            await self._tag(ctx, name, {}, properties)
        else:
            await self.call(ctx, "CreateTable", request)
        await self._arrange(ctx, await self._described(ctx, name), {}, properties)
        return name

    async def _import(self, ctx: Context, source: Properties, request: Properties) -> None:
        """Begin to make the table of files. What an import cannot give it, it gets when it is there (`stabilise`)."""
        if request.get("LocalSecondaryIndexes"):
            raise errors.validation("LocalSecondaryIndexes are not supported with ImportSourceSpecification")
        table = {"TableCreationParameters": pick(request, *_IMPORTED)}
        await self.call(ctx, "ImportTable", table | pick(source, *_SOURCE))

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        table = await self._described(ctx, identifier)
        indexes = [*(table.get("GlobalSecondaryIndexes") or []), *(table.get("VectorIndexes") or [])]
        return all(state == "ACTIVE" for state in (table["TableStatus"], *[index["IndexStatus"] for index in indexes]))

    async def stabilise(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> bool:
        """A stream of another view is a new stream, which can only be had when the old one is gone."""
        is_imported = bool(after.get("ImportSourceSpecification")) and not before
        if is_imported:
            await self._check_import(ctx, identifier)
        if not await self.is_ready(ctx, identifier):
            return False
        table, wanted = await self._described(ctx, identifier), _stream(after)
        request: Properties = (
            {} if wanted is None or table.get("StreamSpecification") else {"StreamSpecification": wanted}
        )
        if is_imported:
            request |= self._not_imported(ctx, table, after)
        if request:
            await self.call(ctx, "UpdateTable", {"TableName": identifier, **request})
        else:
            await self._guard_stream(ctx, table, after.get("StreamSpecification") or {})
        return not request

    async def _check_import(self, ctx: Context, name: str) -> None:
        """Raises what an import has failed with."""
        arn = (await self._described(ctx, name))["TableArn"]
        for each in (await self.call(ctx, "ListImports", {"TableArn": arn}))["ImportSummaryList"]:
            if each["ImportStatus"] == "FAILED":
                job = await self.call(ctx, "DescribeImport", {"ImportArn": each["ImportArn"]})
                failed = job["ImportTableDescription"]
                raise errors.validation(
                    f"The import has failed: {failed.get('FailureMessage') or failed['FailureCode']}"
                )

    def _not_imported(self, ctx: Context, table: dict[str, Any], after: Properties) -> Properties:
        """What a table is to have that an import cannot give it."""
        asked: Properties = self.fitted(ctx, "UpdateTable", pick(after, "DeletionProtectionEnabled", "TableClass"))
        table_class = (table.get("TableClassSummary") or {}).get("TableClass", "STANDARD")
        found = {"DeletionProtectionEnabled": table["DeletionProtectionEnabled"], "TableClass": table_class}
        return {name: value for name, value in asked.items() if found[name] != value}

    async def _described(self, ctx: Context, name: str) -> dict[str, Any]:
        table: dict[str, Any] = (await self.call(ctx, "DescribeTable", {"TableName": name}))["Table"]
        return table

    # -- changing

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = {name: after.get(name) for name in _CHANGED if before.get(name) != after.get(name)}
        request |= _ceilings(before, after, after.get("BillingMode") == PAY_PER_REQUEST)
        request["GlobalSecondaryIndexUpdates"] = _index_updates(before, after) or None
        request["VectorIndexUpdates"] = _vector_updates(before, after) or None
        if _stream(before) != _stream(after):
            request["StreamSpecification"] = {"StreamEnabled": False} if _stream(before) else _stream(after)
        if _encryption(before) != _encryption(after):
            request["SSESpecification"] = _encryption(after) or {"Enabled": False}
        if any(value is not None for value in request.values()):
            request |= {"TableName": identifier, "AttributeDefinitions": after.get("AttributeDefinitions")}
            await self.call(ctx, "UpdateTable", request)
        await self._arrange(ctx, await self._described(ctx, identifier), before, after)
        await self._tag(ctx, identifier, before, after)

    async def _tag(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        arn = (await self._described(ctx, identifier))["TableArn"]
        tags, removed = tag_changes(before, after)
        if tags:
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            await self.call(ctx, "TagResource", {"ResourceArn": arn, "Tags": listed})
        if removed:
            await self.call(ctx, "UntagResource", {"ResourceArn": arn, "TagKeys": removed})

    async def _arrange(self, ctx: Context, table: dict[str, Any], before: Properties, after: Properties) -> None:
        """What has operations of its own: time to live, recovery, insights, Kinesis, the policy."""
        for name, arrange in (
            ("TimeToLiveSpecification", self._expire),
            ("PointInTimeRecoverySpecification", self._recover),
            ("ContributorInsightsSpecification", self._watch),
            ("KinesisStreamSpecification", self._send),
            ("ResourcePolicy", self._guard),
        ):
            old, new = before.get(name) or {}, after.get(name) or {}
            if old != new:
                await arrange(ctx, table, old, new)
        await self._watch_indexes(ctx, table, before, after)

    async def _watch_indexes(self, ctx: Context, table: dict[str, Any], before: Properties, after: Properties) -> None:
        watched = {index["IndexName"]: index.get(_INSIGHTS) or {} for index in before.get(_INDEXES) or []}
        for index in after.get(_INDEXES) or []:
            new = index.get(_INSIGHTS) or {}
            if watched.get(index["IndexName"], {}) != new:
                await self._watch(ctx, {**table, "IndexName": index["IndexName"]}, {}, new)

    async def _expire(self, ctx: Context, table: dict[str, Any], old: Properties, new: Properties) -> None:
        for given, enabled in ((old, False), (new, True)):
            if given.get("Enabled"):
                specification = {"AttributeName": given["AttributeName"], "Enabled": enabled}
                request = {"TableName": table["TableName"], "TimeToLiveSpecification": specification}
                await self.call(ctx, "UpdateTimeToLive", request)

    async def _recover(self, ctx: Context, table: dict[str, Any], old: Properties, new: Properties) -> None:
        specification = {"PointInTimeRecoveryEnabled": bool(new.get("PointInTimeRecoveryEnabled"))}
        specification |= pick(new, "RecoveryPeriodInDays")
        request = {"TableName": table["TableName"], "PointInTimeRecoverySpecification": specification}
        await self.call(ctx, "UpdateContinuousBackups", request)

    async def _watch(self, ctx: Context, table: dict[str, Any], old: Properties, new: Properties) -> None:
        request = {
            **pick(table, "TableName", "IndexName"),
            "ContributorInsightsAction": "ENABLE" if new.get("Enabled") else "DISABLE",
            "ContributorInsightsMode": new.get("Mode"),
        }
        await self.call(ctx, "UpdateContributorInsights", request)

    async def _send(self, ctx: Context, table: dict[str, Any], old: Properties, new: Properties) -> None:
        about = {"TableName": table["TableName"]}
        if old:
            await self.call(ctx, "DisableKinesisStreamingDestination", {**about, "StreamArn": old["StreamArn"]})
        if new:
            configuration = pick(new, "ApproximateCreationDateTimePrecision") or None
            request = {"StreamArn": new["StreamArn"], "EnableKinesisStreamingConfiguration": configuration}
            await self.call(ctx, "EnableKinesisStreamingDestination", about | request)

    async def _guard(self, ctx: Context, table: dict[str, Any], old: Properties, new: Properties) -> None:
        about = {"ResourceArn": table["TableArn"]}
        if not new:
            await self.call(ctx, "DeleteResourcePolicy", about)
            return
        await self.call(ctx, "PutResourcePolicy", {**about, "Policy": policy_text(new)})

    async def _guard_stream(self, ctx: Context, table: dict[str, Any], stream: Properties) -> None:
        """The policy of a stream, which can be had when that is there, and goes with it."""
        given = stream.get("ResourcePolicy")
        if given and await self._policy(ctx, table["LatestStreamArn"]) != {"ResourcePolicy": given}:
            await self.call(
                ctx, "PutResourcePolicy", {"ResourceArn": table["LatestStreamArn"], "Policy": policy_text(given)}
            )

    # -- looking

    async def read(self, ctx: Context, identifier: str) -> Properties:
        table = await self._described(ctx, identifier)
        properties = pick(table, *_SAME, "TableName")
        properties |= {"Arn": table["TableArn"], "BillingMode": _billing(table)}
        properties["WarmThroughput"] = pick(table["WarmThroughput"], "ReadUnitsPerSecond", "WriteUnitsPerSecond")
        properties |= _capacity(table, properties)
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            if table.get(kind):
                properties[kind] = [_index(index, properties["BillingMode"]) for index in table[kind]]
        if table.get("StreamSpecification"):
            properties["StreamSpecification"] = pick(table["StreamSpecification"], "StreamViewType")
            properties["StreamArn"] = table["LatestStreamArn"]
            properties["StreamSpecification"] |= await self._policy(ctx, table["LatestStreamArn"])
        if table.get("VectorIndexes"):
            properties["VectorIndexes"] = [pick(index, *_VECTORS) for index in table["VectorIndexes"]]
        if table.get("SSEDescription"):
            sealed = table["SSEDescription"]
            properties["SSESpecification"] = {"SSEEnabled": True, "SSEType": sealed["SSEType"]}
        if table.get("TableClassSummary"):
            properties["TableClass"] = table["TableClassSummary"]["TableClass"]
        return properties | await self._read_more(ctx, table)

    async def _read_more(self, ctx: Context, table: dict[str, Any]) -> Properties:
        """What has operations of its own."""
        about = {"TableName": table["TableName"]}
        found: Properties = {}
        ttl = (await self.call(ctx, "DescribeTimeToLive", about))["TimeToLiveDescription"]
        if ttl.get("AttributeName"):
            found["TimeToLiveSpecification"] = {"AttributeName": ttl["AttributeName"], "Enabled": True}
        backups = (await self.call(ctx, "DescribeContinuousBackups", about))["ContinuousBackupsDescription"]
        recovery = backups["PointInTimeRecoveryDescription"]
        is_recoverable = recovery["PointInTimeRecoveryStatus"] == "ENABLED"
        found["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": is_recoverable}
        if is_recoverable:
            found["PointInTimeRecoverySpecification"] |= pick(recovery, "RecoveryPeriodInDays")
        watch = await self.call(ctx, "DescribeContributorInsights", about)
        is_watched = watch["ContributorInsightsStatus"] in ("ENABLING", "ENABLED")
        found["ContributorInsightsSpecification"] = {"Enabled": is_watched}
        if is_watched and watch["ContributorInsightsMode"] != insights.DEFAULT_MODE:
            found[_INSIGHTS]["Mode"] = watch["ContributorInsightsMode"]
        sent = await self.call(ctx, "DescribeKinesisStreamingDestination", about)
        for each in sent["KinesisDataStreamDestinations"]:
            if each["DestinationStatus"] in ("ENABLING", "ACTIVE", "UPDATING"):
                found["KinesisStreamSpecification"] = pick(each, "StreamArn", "ApproximateCreationDateTimePrecision")
        tags = (await self.call(ctx, "ListTagsOfResource", {"ResourceArn": table["TableArn"]}))["Tags"]
        return found | ({"Tags": tags} if tags else {}) | await self._policy(ctx, table["TableArn"])

    async def _policy(self, ctx: Context, arn: str) -> Properties:
        try:
            found = await self.call(ctx, "GetResourcePolicy", {"ResourceArn": arn})
        except AWSError as error:
            if error.code != "PolicyNotFoundException":
                raise
            return {}
        return {"ResourcePolicy": {"PolicyDocument": orjson.loads(found["Policy"])}}

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteTable", {"TableName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found: list[str] = []
        start: str | None = None
        while True:
            page = await self.call(ctx, "ListTables", {"ExclusiveStartTableName": start})
            found += page["TableNames"]
            start = page.get("LastEvaluatedTableName")
            if start is None:
                return found


def policy_text(given: Properties) -> str:
    document = given["PolicyDocument"]
    return document if isinstance(document, str) else orjson.dumps(document).decode()


def _stream(properties: Properties) -> Properties | None:
    given = properties.get("StreamSpecification")
    return {"StreamEnabled": True, "StreamViewType": given["StreamViewType"]} if given else None


def _encryption(properties: Properties) -> Properties | None:
    given = properties.get("SSESpecification")
    if not given or not given.get("SSEEnabled"):
        return None
    return {"Enabled": True, **pick(given, "SSEType", "KMSMasterKeyId")}


def _index_updates(before: Properties, after: Properties) -> list[Properties]:
    """The changes that lead from some global indexes to others."""
    old = {index["IndexName"]: index for index in before.get("GlobalSecondaryIndexes") or []}
    new = {index["IndexName"]: index for index in after.get("GlobalSecondaryIndexes") or []}
    updates: list[Properties] = [{"Delete": {"IndexName": name}} for name in old if name not in new]
    updates += [{"Create": pick(index, *_INDEX)} for name, index in new.items() if name not in old]
    if len(updates) > 1:
        raise errors.validation("Cannot perform more than one GSI creation or deletion in a single update")
    on_demand = after.get("BillingMode") == PAY_PER_REQUEST
    for name, index in new.items():
        if name in old and pick(old[name], *_CAPACITY) != pick(index, *_CAPACITY):
            changed = pick(index, "IndexName", *_CAPACITY) | _ceilings(old[name], index, on_demand)
            updates.append({"Update": changed})
    return updates


def _vector_updates(before: Properties, after: Properties) -> list[Properties]:
    """The changes that lead from some vector indexes to others."""
    old = {index["IndexName"]: index for index in before.get("VectorIndexes") or []}
    new = {index["IndexName"]: index for index in after.get("VectorIndexes") or []}
    if any(old[name] != new[name] for name in old.keys() & new.keys()):
        raise errors.validation("A vector index cannot be changed; replace it by one of another name")
    updates: list[Properties] = [{"Delete": {"IndexName": name}} for name in old if name not in new]
    return updates + [{"Create": index} for name, index in new.items() if name not in old]


def _ceilings(before: Properties, after: Properties, on_demand: bool) -> Properties:
    """The OnDemandThroughput to ask for, when it is another: members that are no longer there are taken back."""
    old, new = before.get("OnDemandThroughput") or {}, after.get("OnDemandThroughput") or {}
    if old == new:
        return {}
    return {"OnDemandThroughput": {**dict.fromkeys(old, NO_CEILING), **new} if on_demand else None}


def _billing(table: dict[str, Any]) -> str:
    return str((table.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED"))


def _capacity(described: dict[str, Any], properties: Properties) -> Properties:
    """The capacity of a table or index as a template says it."""
    if properties["BillingMode"] == "PROVISIONED":
        return {"ProvisionedThroughput": pick(described["ProvisionedThroughput"], *_UNITS)}
    properties.pop("ProvisionedThroughput", None)
    return {}


def _index(index: dict[str, Any], billing: str) -> Properties:
    found = pick(index, "IndexName", "KeySchema", "Projection", "OnDemandThroughput")
    if billing == "PROVISIONED" and "ProvisionedThroughput" in index:
        found["ProvisionedThroughput"] = pick(index["ProvisionedThroughput"], *_UNITS)
    return found
