"""From a CreateTable request to a Table record: all that can be wrong with it, in AWS's words. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.services.dynamodb import errors, limits, table_errors
from fogbank.services.dynamodb.schema import Index, Table, VectorIndex

Request = dict[str, Any]
Keys = tuple[str, str | None]

PAY_PER_REQUEST = "PAY_PER_REQUEST"
# as the most that may be consumed on demand
NO_CEILING = -1
# a member whose effect is not there yet


def stream_view(request: Request) -> str | None:
    """The StreamViewType of the stream that a request asks for; None when it asks for none. Raises ValidationException."""
    wanted = request.get("StreamSpecification") or {}
    view = wanted.get("StreamViewType")
    if not wanted.get("StreamEnabled"):
        if view is not None:
            raise errors.invalid_parameters("StreamViewType cannot be specified when StreamEnabled is false")
        return None
    if view is None:
        raise errors.invalid_parameters("StreamViewType must be specified when StreamEnabled is true")
    return view


def table_from(request: Request, arn: str, table_id: str, now: float, spaces: Any) -> Table:
    """The record of a new table. `spaces` gives fresh space numbers. Raises ValidationException."""
    attributes = _attributes(request)
    keys = _table_keys(request, attributes)
    on_demand = request.get("BillingMode") == PAY_PER_REQUEST
    reads, writes = capacity_of(request, on_demand)
    local = _local_indexes(request, attributes, keys, spaces)
    shared = _global_indexes(request, attributes, on_demand, spaces)
    definitions = request.get("VectorIndexes") or []
    vectors = tuple([vector_index(definition, attributes, on_demand, spaces) for definition in definitions])
    _check_attributes_used(attributes, keys, [*local, *shared, *vectors])
    check_index_names([*local, *shared])
    check_vector_indexes(vectors, [index.name for index in (*local, *shared)])
    ceiling = _ceiling(request, on_demand)
    warm = warm_throughput(request, on_demand, reads, writes)
    return Table(
        name=request["TableName"],
        id=table_id,
        arn=arn,
        space=next(spaces),
        created=now,
        status="CREATING",
        attributes=attributes,
        hash=keys[0],
        range=keys[1],
        indexes=(*local, *shared),
        on_demand=on_demand,
        on_demand_since=now if on_demand else None,
        reads=reads,
        writes=writes,
        max_reads=ceiling.get("MaxReadRequestUnits"),
        max_writes=ceiling.get("MaxWriteRequestUnits"),
        table_class=request.get("TableClass"),
        is_protected=bool(request.get("DeletionProtectionEnabled")),
        warm_reads=warm[0],
        warm_writes=warm[1],
        vectors=vectors,
    )


# -- attributes and keys


def _attributes(request: Request) -> dict[str, str]:
    definitions = request.get("AttributeDefinitions")
    if definitions is None:
        raise _is_null("attributeDefinitions")
    return attribute_types(definitions)


def attribute_types(definitions: list[dict[str, str]]) -> dict[str, str]:
    attributes = {definition["AttributeName"]: definition["AttributeType"] for definition in definitions}
    if len(attributes) < len(definitions):
        raise errors.validation("Cannot have two attributes with the same name")
    return attributes


def _is_null(member: str) -> errors.AWSError:
    return errors.validation(
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    )


def _table_keys(request: Request, attributes: dict[str, str]) -> Keys:
    schema = request.get("KeySchema")
    if schema is None:
        raise _is_null("keySchema")
    return _simple_keys(schema, attributes, "keySchema")


def _schema_too_long(schema: list[dict[str, str]], member: str) -> errors.AWSError:
    shown = ", ".join(
        f"KeySchemaElement(attributeName={element['AttributeName']}, keyType={element['KeyType']})"
        for element in schema
    )
    return errors.validation(
        f"1 validation error detected: Value '[{shown}]' at '{member}' failed to satisfy constraint: "
        "Member must have length less than or equal to 2"
    )


def _simple_keys(schema: list[dict[str, str]], attributes: dict[str, str], member: str) -> Keys:
    """(partition key, sort key) of a key schema that has one attribute for each."""
    if len(schema) > 2:
        raise _schema_too_long(schema, member)
    if schema[0]["KeyType"] != "HASH":
        raise table_errors.first_key_not_hash()
    names = [element["AttributeName"] for element in schema]
    if len(schema) > 1:
        if schema[1]["KeyType"] != "RANGE":
            raise errors.invalid_parameters("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
        if names[0] == names[1]:
            raise table_errors.keys_of_one_name()
    _require_definitions(names, attributes)
    return names[0], names[1] if len(names) > 1 else None


def _require_definitions(names: list[str], attributes: dict[str, str]) -> None:
    missing = [name for name in names if name not in attributes]
    if missing:
        raise errors.invalid_parameters(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(missing)}], AttributeDefinitions: [{', '.join(attributes)}]"
        )


def _several_keys(schema: list[dict[str, str]], attributes: dict[str, str]) -> tuple[list[str], list[str]]:
    """(partition key, sort key) of a global index, whose keys may have up to four attributes each.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
    """
    names = [element["AttributeName"] for element in schema]
    kinds = [element["KeyType"] for element in schema]
    if kinds[0] != "HASH":
        raise table_errors.first_key_not_hash()
    if kinds != sorted(kinds):
        raise errors.invalid_parameters("Invalid KeySchema: All HASH key elements must come before RANGE key elements")
    hashes, ranges = names[: kinds.count("HASH")], names[kinds.count("HASH") :]
    for kind, own in (("HASH", hashes), ("RANGE", ranges)):
        if len(own) > limits.KEY_ATTRIBUTES:
            raise errors.invalid_parameters(
                f"Invalid KeySchema: The number of {kind} key elements exceeds the limit of {limits.KEY_ATTRIBUTES}"
            )
    if len(set(names)) < len(names):
        raise table_errors.keys_of_one_name()
    _require_definitions(names, attributes)
    return hashes, ranges


def _check_attributes_used(attributes: dict[str, str], keys: Keys, indexes: list[Index | VectorIndex]) -> None:
    used = {name for name in keys if name is not None}.union(*[index.keys for index in indexes])
    if len(used) == len(attributes):
        return
    if not indexes:
        raise errors.invalid_parameters(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"
        )
    raise unused_definitions(attributes, used)


def unused_definitions(attributes: dict[str, str], used: set[str]) -> errors.AWSError:
    return errors.invalid_parameters(
        "Some AttributeDefinitions are not used. "
        f"AttributeDefinitions: [{', '.join(attributes)}], keys used: [{', '.join(sorted(used))}]"
    )


# -- capacity


def capacity_of(request: Request, on_demand: bool) -> tuple[int, int]:
    """(read, write) capacity units of a table; none when it is on demand."""
    throughput = request.get("ProvisionedThroughput")
    if on_demand:
        if throughput is not None:
            raise errors.invalid_parameters(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        return 0, 0
    if throughput is None:
        raise errors.invalid_parameters(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]


def _index_capacity(definition: Request, on_demand: bool) -> tuple[int, int]:
    throughput, name = definition.get("ProvisionedThroughput"), definition["IndexName"]
    if on_demand:
        if throughput is not None:
            raise errors.invalid_parameters(
                f"ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
            )
        return 0, 0
    if throughput is None:
        raise errors.invalid_parameters(f"ProvisionedThroughput is not specified for index: {name}")
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]


def _ceiling(definition: Request, on_demand: bool) -> Request:
    """The most that a table or index on demand may consume, checked."""
    ceiling = ceiling_of(definition)
    if ceiling and not on_demand:
        raise table_errors.ceiling_on_provisioned(next(iter(ceiling)), "table BillingMode is PROVISIONED.")
    return {name: units for name, units in ceiling.items() if units != NO_CEILING}


def ceiling_of(definition: Request) -> Request:
    """The OnDemandThroughput of a table or index, within its range; -1 is for none."""
    ceiling: Request = definition.get("OnDemandThroughput") or {}
    for name in ("MaxReadRequestUnits", "MaxWriteRequestUnits"):
        if ceiling.get(name, 1) < 1 and ceiling[name] != NO_CEILING:
            raise table_errors.ceiling_out_of_range(name, definition.get("IndexName"))
    return ceiling


def warm_throughput(definition: Request, on_demand: bool, reads: int, writes: int) -> tuple[int, int]:
    """(reads, writes) per second that a table or index is to be ready for, not less than it is; 0 for what is not said.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
    """
    wanted = definition.get("WarmThroughput") or {}
    least = (limits.WARM_READS, limits.WARM_WRITES) if on_demand else (0, 0)
    floors = max(least[0], reads), max(least[1], writes)
    warm = []
    for name, floor in zip(("ReadUnitsPerSecond", "WriteUnitsPerSecond"), floors, strict=True):
        units = wanted.get(name)
        if units is not None and units < floor:
            raise table_errors.warm_throughput_too_low(name, definition.get("IndexName"))
        warm.append(units or 0)
    return warm[0], warm[1]


# -- indexes


def _local_indexes(request: Request, attributes: dict[str, str], table: Keys, spaces: Any) -> list[Index]:
    definitions = request.get("LocalSecondaryIndexes")
    if definitions is None:
        return []
    if not definitions:
        raise errors.invalid_parameters("List of LocalSecondaryIndexes is empty")
    if table[1] is None:
        raise errors.invalid_parameters(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )
    if len(definitions) > limits.LOCAL_INDEXES:
        raise errors.invalid_parameters(
            f"Number of LocalSecondaryIndexes exceeds per-table limit of {limits.LOCAL_INDEXES}"
        )
    indexes = [_index(definition, attributes, False, spaces) for definition in definitions]
    for index in indexes:
        if index.hash != table[0]:
            raise errors.invalid_parameters(
                f"Index KeySchema does not have the same leading hash key as table KeySchema for index: {index.name}. "
                f"index hash key: {index.hash}, table hash key: {table[0]}"
            )
        if index.range is None:
            raise errors.invalid_parameters(f"Index KeySchema does not have a range key for index: {index.name}")
    return indexes


def _global_indexes(request: Request, attributes: dict[str, str], on_demand: bool, spaces: Any) -> list[Index]:
    definitions = request.get("GlobalSecondaryIndexes")
    if definitions is None:
        return []
    if not definitions:
        raise errors.invalid_parameters("List of GlobalSecondaryIndexes is empty")
    return [global_index(definition, attributes, on_demand, spaces) for definition in definitions]


def global_index(definition: Request, attributes: dict[str, str], on_demand: bool, spaces: Any) -> Index:
    reads, writes = _index_capacity(definition, on_demand)
    ceiling = _ceiling(definition, on_demand)
    warm = warm_throughput(definition, on_demand, reads, writes)
    return msgspec.structs.replace(
        _index(definition, attributes, True, spaces),
        reads=reads,
        writes=writes,
        max_reads=ceiling.get("MaxReadRequestUnits"),
        max_writes=ceiling.get("MaxWriteRequestUnits"),
        warm_reads=warm[0],
        warm_writes=warm[1],
    )


def _index(definition: Request, attributes: dict[str, str], is_global: bool, spaces: Any) -> Index:
    hashes, ranges = _index_keys(definition["KeySchema"], attributes, is_global)
    projection = definition["Projection"]
    return Index(
        name=definition["IndexName"],
        is_global=is_global,
        space=next(spaces),
        hash=hashes[0],
        range=ranges[0] if ranges else None,
        projection=_projection_type(projection),
        included=tuple(projection.get("NonKeyAttributes") or ()),
        more_hashes=tuple(hashes[1:]),
        more_ranges=tuple(ranges[1:]),
    )


def _index_keys(
    schema: list[dict[str, str]], attributes: dict[str, str], is_global: bool
) -> tuple[list[str], list[str]]:
    if is_global:
        return _several_keys(schema, attributes)
    hash_name, range_name = _simple_keys(schema, attributes, "localSecondaryIndexes.1.member.keySchema")
    return [hash_name], [] if range_name is None else [range_name]


def _projection_type(projection: dict[str, Any]) -> str:
    kind, included = projection.get("ProjectionType"), projection.get("NonKeyAttributes")
    if kind is None:
        raise errors.invalid_parameters("Unknown ProjectionType: null")
    if kind == "INCLUDE" and not included:
        raise errors.invalid_parameters("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if kind != "INCLUDE" and included is not None:
        raise errors.invalid_parameters(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    return kind


def check_index_names(indexes: list[Index]) -> None:
    """Refuse duplicate names, too many indexes, and too many projected attributes."""
    names = [index.name for index in indexes]
    for name in names:
        if names.count(name) > 1:
            raise errors.invalid_parameters(f"Duplicate index name: {name}")
    if sum(index.is_global for index in indexes) > limits.GLOBAL_INDEXES:
        raise errors.invalid_parameters(
            f"GlobalSecondaryIndex count exceeds the per-table limit of {limits.GLOBAL_INDEXES}"
        )
    if sum(len(index.included) for index in indexes) > limits.PROJECTED_ATTRIBUTES:
        raise errors.invalid_parameters(
            f"Number of NonKeyAttributes exceeds the per-table limit of {limits.PROJECTED_ATTRIBUTES}"
        )


# -- vector indexes


def vector_index(definition: Request, attributes: dict[str, str], on_demand: bool, spaces: Any) -> VectorIndex:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_VectorIndex.html"""
    if not on_demand:
        raise table_errors.vectors_on_demand()
    if definition["Dimensions"] > limits.VECTOR_DIMENSIONS:
        raise errors.invalid_parameters(f"Dimensions of a vector index must not exceed {limits.VECTOR_DIMENSIONS}")
    schema = definition.get("SearchSchema") or []
    named = {
        kind: tuple([each["AttributeName"] for each in schema if each["SearchSchemaElementType"] == kind])
        for kind in ("HASH", "INLINE_FILTER")
    }
    if any(name not in attributes for names in named.values() for name in names):
        raise errors.validation("One element in SearchSchema is not defined in attribute definitions")
    if len(named["HASH"]) > 1:
        raise errors.invalid_parameters("SearchSchema of a vector index can have only one HASH key")
    projection = definition["Projection"]
    return VectorIndex(
        name=definition["IndexName"],
        space=next(spaces),
        attribute=definition["VectorAttribute"]["AttributeName"],
        dimensions=definition["Dimensions"],
        function=definition["DistanceFunction"],
        hash=named["HASH"][0] if named["HASH"] else None,
        filters=named["INLINE_FILTER"],
        projection=_projection_type(projection),
        included=tuple(projection.get("NonKeyAttributes") or ()),
    )


def check_vector_indexes(indexes: tuple[VectorIndex, ...], others: list[str]) -> None:
    """Refuse names that are there already, and indexes of one attribute with different dimensions."""
    names = [*others, *[index.name for index in indexes]]
    for name in names:
        if names.count(name) > 1:
            raise errors.invalid_parameters(f"Duplicate index name: {name}")
    dimensions: dict[str, int] = {}
    for index in indexes:
        if dimensions.setdefault(index.attribute, index.dimensions) != index.dimensions:
            raise errors.invalid_parameters(
                f"Vector indexes of attribute {index.attribute} must have the same number of dimensions"
            )
