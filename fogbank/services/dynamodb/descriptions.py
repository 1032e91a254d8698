"""A table as DescribeTable shows it."""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.services.dynamodb import encryption, limits
from fogbank.services.dynamodb.schema import Index, Table, VectorIndex

Description = dict[str, Any]


class Size(NamedTuple):
    """Of a table or index: its items, and their bytes as AWS counts them."""

    items: int = 0
    bytes: int = 0


def describe(table: Table, sizes: dict[int, Size]) -> Description:
    """The TableDescription. `sizes` are those of its spaces, where they are known."""
    size = sizes.get(table.space, Size())
    local = [_describe_index(table, index, sizes) for index in table.indexes if not index.is_global]
    shared = [_describe_global(table, index, sizes) for index in table.indexes if index.is_global]
    return {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in table.attributes.items()
        ],
        "TableName": table.name,
        "KeySchema": _key_schema(table.keys[:1], table.keys[1:]),
        "TableStatus": _status(table),
        "CreationDateTime": table.created,
        "ProvisionedThroughput": _throughput(table),
        "TableSizeBytes": size.bytes,
        "ItemCount": size.items,
        "TableArn": table.arn,
        "TableId": table.id,
        "BillingModeSummary": _billing(table),
        "LocalSecondaryIndexes": local or None,
        "GlobalSecondaryIndexes": shared or None,
        "VectorIndexes": [_describe_vectors(table, index, sizes) for index in table.vectors] or None,
        "TableClassSummary": _table_class(table),
        "StreamSpecification": _stream(table),
        "LatestStreamLabel": table.stream_label,
        "LatestStreamArn": None if table.stream_label is None else f"{table.arn}/stream/{table.stream_label}",
        "RestoreSummary": _restored(table),
        "SSEDescription": encryption.describe(table),
        "DeletionProtectionEnabled": table.is_protected,
        "OnDemandThroughput": _ceiling(table),
        "WarmThroughput": _warm(table, table, table.status),
    }


def _status(table: Table) -> str:
    lost = table.encryption is not None and table.encryption.lost is not None
    return "INACCESSIBLE_ENCRYPTION_CREDENTIALS" if lost and table.status == "ACTIVE" else table.status


def _key_schema(hashes: tuple[str, ...], ranges: tuple[str, ...]) -> list[dict[str, str]]:
    kinds = [*[(name, "HASH") for name in hashes], *[(name, "RANGE") for name in ranges]]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]


def _throughput(table: Table) -> Description:
    return {
        "LastIncreaseDateTime": table.increased,
        "LastDecreaseDateTime": table.decreased,
        "NumberOfDecreasesToday": table.decreases,
        "ReadCapacityUnits": table.reads,
        "WriteCapacityUnits": table.writes,
    }


def _billing(table: Table) -> Description | None:
    """AWS says nothing of a table that has always been provisioned."""
    if table.on_demand_since is None:
        return None
    return {
        "BillingMode": "PAY_PER_REQUEST" if table.on_demand else "PROVISIONED",
        "LastUpdateToPayPerRequestDateTime": table.on_demand_since,
    }


def _restored(table: Table) -> Description | None:
    """Where a restored table came from, and of which moment it is."""
    if table.restored_from is None:
        return None
    source, backup, _ = table.restored_from.partition("/backup/")
    return {
        "SourceBackupArn": table.restored_from if backup else None,
        "SourceTableArn": source,
        "RestoreDateTime": table.restored_at,
        "RestoreInProgress": table.is_restoring,
    }


def _stream(table: Table) -> Description | None:
    return None if table.stream_view is None else {"StreamEnabled": True, "StreamViewType": table.stream_view}


def _table_class(table: Table) -> Description | None:
    if table.table_class is None:
        return None
    return {"TableClass": table.table_class, "LastUpdateDateTime": table.class_changed}


def _ceiling(of: Table | Index) -> Description | None:
    ceilings = {"MaxReadRequestUnits": of.max_reads, "MaxWriteRequestUnits": of.max_writes}
    return {name: units for name, units in ceilings.items() if units is not None} or None


def _warm(table: Table, of: Table | Index, status: str) -> Description:
    """What it can take at once: what it has anyway, or more if it was asked to be ready for more."""
    reads, writes = (limits.WARM_READS, limits.WARM_WRITES) if table.on_demand else (of.reads, of.writes)
    return {
        "ReadUnitsPerSecond": max(reads, of.warm_reads),
        "WriteUnitsPerSecond": max(writes, of.warm_writes),
        "Status": status,
    }


def _describe_index(table: Table, index: Index, sizes: dict[int, Size]) -> Description:
    size = sizes.get(index.space, Size())
    projection: Description = {"ProjectionType": index.projection}
    if index.included:
        projection["NonKeyAttributes"] = list(index.included)
    return {
        "IndexName": index.name,
        "KeySchema": _key_schema(index.hashes, index.ranges),
        "Projection": projection,
        "IndexSizeBytes": size.bytes,
        "ItemCount": size.items,
        "IndexArn": f"{table.arn}/index/{index.name}",
    }


def _describe_global(table: Table, index: Index, sizes: dict[int, Size]) -> Description:
    return {
        **_describe_index(table, index, sizes),
        "IndexStatus": index.status,
        "Backfilling": True if index.is_backfilling else None,
        "ProvisionedThroughput": {
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": index.reads,
            "WriteCapacityUnits": index.writes,
        },
        "OnDemandThroughput": _ceiling(index),
        "WarmThroughput": _warm(table, index, index.status),
    }


def _describe_vectors(table: Table, index: VectorIndex, sizes: dict[int, Size]) -> Description:
    size = sizes.get(index.space, Size())
    projection: Description = {"ProjectionType": index.projection}
    if index.included:
        projection["NonKeyAttributes"] = list(index.included)
    schema = [{"AttributeName": index.hash, "SearchSchemaElementType": "HASH"}] if index.hash is not None else []
    schema += [{"AttributeName": name, "SearchSchemaElementType": "INLINE_FILTER"} for name in index.filters]
    return {
        "IndexName": index.name,
        "SearchSchema": schema or None,
        "Projection": projection,
        "VectorAttribute": {"AttributeName": index.attribute},
        "Dimensions": index.dimensions,
        "DistanceFunction": index.function,
        "IndexStatus": index.status,
        "Backfilling": True if index.is_backfilling else None,
        "IndexSizeBytes": size.bytes,
        "ItemCount": size.items,
        "IndexArn": f"{table.arn}/index/{index.name}",
    }
