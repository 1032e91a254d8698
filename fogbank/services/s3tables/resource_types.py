"""AWS::S3Tables::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3Tables.html"""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType, tag_changes, tag_list
from fogbank.services.s3tables.service import service

_MISSING = frozenset({"NotFoundException"})


def _text(policy: Any) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


class _Type(ResourceType):
    """What the types have in common."""

    missing = _MISSING

    async def all(self, ctx: Context, operation: str, asked: Properties, member: str) -> list[Properties]:
        """What an operation lists on all of its pages."""
        found: list[Properties] = []
        token: str | None = None
        while True:
            page = await self.call(ctx, operation, {**asked, "continuationToken": token})
            found += page[member]
            token = page.get("continuationToken")
            if token is None:
                return found

    async def names(self, ctx: Context, arn: str) -> Properties:
        """A table by its names, as most operations want it."""
        table = await self.call(ctx, "GetTable", {"tableArn": arn})
        return {
            "tableBucketARN": arn.partition("/table/")[0],
            "namespace": table["namespace"][0],
            "name": table["name"],
        }

    async def update_tags(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        tags, removed = tag_changes(before, after)
        if tags:
            await self.call(ctx, "TagResource", {"resourceArn": arn, "tags": tags})
        if removed:
            await self.call(ctx, "UntagResource", {"resourceArn": arn, "tagKeys": removed})

    async def tags(self, ctx: Context, arn: str) -> Properties:
        found = (await self.call(ctx, "ListTagsForResource", {"resourceArn": arn})).get("tags")
        return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]} if found else {}


def _has_metrics(properties: Properties) -> bool:
    return (properties.get("MetricsConfiguration") or {}).get("Status") == "Enabled"


def _rule(given: Properties) -> Properties:
    """A rule of replication as the API has it."""
    places = [place["DestinationTableBucketARN"] for place in given["Destinations"]]
    return {"destinations": [{"destinationTableBucketARN": place} for place in places]}


@service.resource_type
class TableBucketType(_Type):
    name = "AWS::S3Tables::TableBucket"
    identifier = ("TableBucketARN",)
    required = frozenset({"TableBucketName"})
    create_only = frozenset({"TableBucketName"})
    read_only = frozenset({"TableBucketARN"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {"name": properties["TableBucketName"], "tags": tag_list(properties)}
        arn = str((await self.call(ctx, "CreateTableBucket", request))["arn"])
        await self._configure(ctx, arn, properties)
        await self._choose(ctx, arn, {}, properties)
        return arn

    async def _choose(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        """Storage class, metrics and replication: what a template leaves out any more goes."""
        asked = {"tableBucketARN": arn}
        storage_class, replication = after.get("StorageClassConfiguration"), after.get("ReplicationConfiguration")
        if storage_class is not None or "StorageClassConfiguration" in before:
            chosen = {"storageClass": (storage_class or {}).get("StorageClass") or "STANDARD"}
            await self.call(ctx, "PutTableBucketStorageClass", {**asked, "storageClassConfiguration": chosen})
        if _has_metrics(after):
            await self.call(ctx, "PutTableBucketMetricsConfiguration", asked)
        elif _has_metrics(before):
            await self.call(ctx, "DeleteTableBucketMetricsConfiguration", asked)
        if replication is not None:
            given = {"role": replication["Role"], "rules": [_rule(rule) for rule in replication["Rules"]]}
            await self.call(ctx, "PutTableBucketReplication", {**asked, "configuration": given})
        elif "ReplicationConfiguration" in before:
            await self.call(ctx, "DeleteTableBucketReplication", asked)

    async def _chosen(self, ctx: Context, arn: str) -> Properties:
        """What `_choose` has put."""
        asked = {"tableBucketARN": arn}
        storage_class = (await self.call(ctx, "GetTableBucketStorageClass", asked))["storageClassConfiguration"]
        metrics = await self._found(ctx, "GetTableBucketMetricsConfiguration", asked)
        chosen: Properties = {
            "StorageClassConfiguration": {"StorageClass": storage_class["storageClass"]},
            "MetricsConfiguration": {"Status": "Disabled" if metrics is None else "Enabled"},
        }
        replication = await self._found(ctx, "GetTableBucketReplication", asked)
        if replication is None:
            return chosen
        configuration = replication["configuration"]
        rules = [
            {
                "Destinations": [
                    {"DestinationTableBucketARN": place["destinationTableBucketARN"]} for place in rule["destinations"]
                ]
            }
            for rule in configuration["rules"]
        ]
        return {**chosen, "ReplicationConfiguration": {"Role": configuration["role"], "Rules": rules}}

    async def _found(self, ctx: Context, operation: str, asked: Properties) -> Properties | None:
        """A configuration, None when there is none."""
        try:
            return await self.call(ctx, operation, asked)
        except AWSError as error:
            if error.code not in _MISSING:
                raise
            return None

    async def _configure(self, ctx: Context, arn: str, properties: Properties) -> None:
        encryption, removal = properties.get("EncryptionConfiguration"), properties.get("UnreferencedFileRemoval")
        if encryption is not None:
            given = {"sseAlgorithm": encryption.get("SSEAlgorithm"), "kmsKeyArn": encryption.get("KMSKeyArn")}
            request = {"tableBucketARN": arn, "encryptionConfiguration": given}
            await self.call(ctx, "PutTableBucketEncryption", request)
        if removal is not None:
            kind = "icebergUnreferencedFileRemoval"
            days = {
                "unreferencedDays": removal.get("UnreferencedDays"),
                "nonCurrentDays": removal.get("NoncurrentDays"),
            }
            status = removal.get("Status")
            value = {"status": status.lower() if status else None, "settings": {kind: days}}
            request = {"tableBucketARN": arn, "type": kind, "value": value}
            await self.call(ctx, "PutTableBucketMaintenanceConfiguration", request)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        asked = {"tableBucketARN": identifier}
        bucket = await self.call(ctx, "GetTableBucket", asked)
        encryption = (await self.call(ctx, "GetTableBucketEncryption", asked))["encryptionConfiguration"]
        maintenance = (await self.call(ctx, "GetTableBucketMaintenanceConfiguration", asked))["configuration"]
        ((kind, removal),) = maintenance.items()
        days = removal["settings"][kind]
        shown = {"SSEAlgorithm": encryption["sseAlgorithm"], "KMSKeyArn": encryption.get("kmsKeyArn")}
        return {
            "TableBucketARN": identifier,
            "TableBucketName": bucket["name"],
            "EncryptionConfiguration": {name: value for name, value in shown.items() if value is not None},
            "UnreferencedFileRemoval": {
                "Status": removal["status"].capitalize(),
                "UnreferencedDays": days["unreferencedDays"],
                "NoncurrentDays": days["nonCurrentDays"],
            },
            **await self._chosen(ctx, identifier),
            **await self.tags(ctx, identifier),
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._configure(ctx, identifier, after)
        await self._choose(ctx, identifier, before, after)
        await self.update_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteTableBucket", {"tableBucketARN": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [bucket["arn"] for bucket in await self.all(ctx, "ListTableBuckets", {}, "tableBuckets")]


@service.resource_type
class NamespaceType(_Type):
    name = "AWS::S3Tables::Namespace"
    identifier = ("TableBucketARN", "Namespace")
    required = frozenset({"Namespace", "TableBucketARN"})
    create_only = frozenset({"Namespace", "TableBucketARN"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {"tableBucketARN": properties["TableBucketARN"], "namespace": [properties["Namespace"]]}
        await self.call(ctx, "CreateNamespace", request)
        return self.identifier_of(properties)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        await self.call(ctx, "GetNamespace", _namespace(identifier))
        arn, _, name = identifier.partition("|")
        return {"TableBucketARN": arn, "Namespace": name}

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteNamespace", _namespace(identifier))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        arn = given["TableBucketARN"]
        found = await self.all(ctx, "ListNamespaces", {"tableBucketARN": arn}, "namespaces")
        return [f"{arn}|{namespace['namespace'][0]}" for namespace in found]


def _namespace(identifier: str) -> Properties:
    arn, _, name = identifier.partition("|")
    return {"tableBucketARN": arn, "namespace": name}


@service.resource_type
class TableBucketPolicyType(_Type):
    name = "AWS::S3Tables::TableBucketPolicy"
    identifier = ("TableBucketARN",)
    required = frozenset({"ResourcePolicy", "TableBucketARN"})
    create_only = frozenset({"TableBucketARN"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {
            "tableBucketARN": properties["TableBucketARN"],
            "resourcePolicy": _text(properties["ResourcePolicy"]),
        }
        await self.call(ctx, "PutTableBucketPolicy", request)
        return str(properties["TableBucketARN"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetTableBucketPolicy", {"tableBucketARN": identifier})
        return {"TableBucketARN": identifier, "ResourcePolicy": json.loads(found["resourcePolicy"])}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.create(ctx, {"TableBucketARN": identifier, **after})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteTableBucketPolicy", {"tableBucketARN": identifier})


@service.resource_type
class TableType(_Type):
    """A table, with a schema of primitive types if it is to be read and written at once."""

    name = "AWS::S3Tables::Table"
    identifier = ("TableARN",)
    required = frozenset({"Namespace", "OpenTableFormat", "TableBucketARN", "TableName"})
    create_only = frozenset({"IcebergMetadata", "OpenTableFormat", "TableBucketARN"})
    read_only = frozenset({"TableARN", "VersionToken", "WarehouseLocation"})
    write_only = frozenset({"IcebergMetadata", "WithoutMetadata"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        storage_class = (properties.get("StorageClassConfiguration") or {}).get("StorageClass")
        request = {
            "tableBucketARN": properties["TableBucketARN"],
            "namespace": properties["Namespace"],
            "name": properties["TableName"],
            "format": properties["OpenTableFormat"],
            "metadata": _metadata(properties.get("IcebergMetadata")),
            "storageClassConfiguration": {"storageClass": storage_class} if storage_class else None,
            "tags": tag_list(properties),
        }
        arn = str((await self.call(ctx, "CreateTable", request))["tableARN"])
        await self._maintain(ctx, properties)
        return arn

    async def _maintain(self, ctx: Context, properties: Properties) -> None:
        request = {
            "tableBucketARN": properties["TableBucketARN"],
            "namespace": properties["Namespace"],
            "name": properties["TableName"],
        }
        for member, (kind, settings) in _MAINTENANCE.items():
            given = properties.get(member)
            if given is not None:
                wanted = {theirs: given[ours] for ours, theirs in settings.items() if given.get(ours) is not None}
                status = (given.get("Status") or "enabled").lower()
                value = {"status": status, "settings": {kind: wanted}}
                await self.call(ctx, "PutTableMaintenanceConfiguration", {**request, "type": kind, "value": value})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        table = await self.call(ctx, "GetTable", {"tableArn": identifier})
        names = await self.names(ctx, identifier)
        configured = (await self.call(ctx, "GetTableMaintenanceConfiguration", names))["configuration"]
        storage_class = (await self.call(ctx, "GetTableStorageClass", names))["storageClassConfiguration"]
        return {
            "TableARN": identifier,
            "TableBucketARN": names["tableBucketARN"],
            "Namespace": names["namespace"],
            "TableName": names["name"],
            "OpenTableFormat": table["format"],
            "VersionToken": table["versionToken"],
            "WarehouseLocation": table["warehouseLocation"],
            "StorageClassConfiguration": {"StorageClass": storage_class["storageClass"]},
            **{
                member: _maintained(configured[kind], kind, settings)
                for member, (kind, settings) in _MAINTENANCE.items()
            },
            **await self.tags(ctx, identifier),
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        old = {"tableBucketARN": after["TableBucketARN"], "namespace": before["Namespace"], "name": before["TableName"]}
        if (before["Namespace"], before["TableName"]) != (after["Namespace"], after["TableName"]):
            new = {"newNamespaceName": after["Namespace"], "newName": after["TableName"]}
            await self.call(ctx, "RenameTable", {**old, **new})
        await self._maintain(ctx, after)
        await self.update_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteTable", await self.names(ctx, identifier))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        asked = {"tableBucketARN": given["TableBucketARN"]}
        return [table["tableARN"] for table in await self.all(ctx, "ListTables", asked, "tables")]


# The kinds of maintenance, and their settings in templates and in the API.
_MAINTENANCE = {
    "Compaction": ("icebergCompaction", {"TargetFileSizeMB": "targetFileSizeMB"}),
    "SnapshotManagement": (
        "icebergSnapshotManagement",
        {"MinSnapshotsToKeep": "minSnapshotsToKeep", "MaxSnapshotAgeHours": "maxSnapshotAgeHours"},
    ),
}


def _maintained(configured: Properties, kind: str, settings: dict[str, str]) -> Properties:
    values = configured["settings"][kind]
    return {"Status": configured["status"], **{ours: values[theirs] for ours, theirs in settings.items()}}


def _metadata(given: Properties | None) -> Properties | None:
    """The schema of a template in the API's words."""
    if given is None:
        return None
    fields = given["IcebergSchema"]["SchemaFieldList"]
    return {
        "iceberg": {"schema": {"fields": [{name.lower(): value for name, value in each.items()} for each in fields]}}
    }


@service.resource_type
class TablePolicyType(_Type):
    name = "AWS::S3Tables::TablePolicy"
    identifier = ("TableARN",)
    required = frozenset({"ResourcePolicy", "TableARN"})
    create_only = frozenset({"TableARN"})
    read_only = frozenset({"Namespace", "TableBucketARN", "TableName"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        names = await self.names(ctx, properties["TableARN"])
        await self.call(ctx, "PutTablePolicy", {**names, "resourcePolicy": _text(properties["ResourcePolicy"])})
        return str(properties["TableARN"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        names = await self.names(ctx, identifier)
        found = await self.call(ctx, "GetTablePolicy", names)
        return {
            "TableARN": identifier,
            "ResourcePolicy": json.loads(found["resourcePolicy"]),
            "TableBucketARN": names["tableBucketARN"],
            "Namespace": names["namespace"],
            "TableName": names["name"],
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.create(ctx, {**after, "TableARN": identifier})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteTablePolicy", await self.names(ctx, identifier))
