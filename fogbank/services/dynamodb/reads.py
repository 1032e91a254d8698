"""Query and Scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fogbank.kernel import keys
from fogbank.kernel.service import itself
from fogbank.services.dynamodb import access, capacity, errors, lagging, legacy, metering, pages, throttling
from fogbank.services.dynamodb.capacity import Consumption
from fogbank.services.dynamodb.errors import AWSError
from fogbank.services.dynamodb.expressions import Condition, Expression, KeyCondition, KeyTerm, Projection
from fogbank.services.dynamodb.key_ranges import KeyRange, key_range
from fogbank.services.dynamodb.parameters import Bindings, Request
from fogbank.services.dynamodb.schema import IndexLayout, KeySchema, Layout, Table, part
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import find, living
from fogbank.services.dynamodb.values import Item, Value, key_bytes, take_in

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.pages import Page, Selection

Document = dict[str, Any]

_QUERY_EXPRESSIONS = ("ProjectionExpression", "FilterExpression", "KeyConditionExpression")
_QUERY_LEGACY = ("AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions")
_SCAN_EXPRESSIONS = ("ProjectionExpression", "FilterExpression")
_SCAN_LEGACY = ("AttributesToGet", "ScanFilter", "ConditionalOperator")
_HASHES = 2**32


class _Parts(NamedTuple):
    """What a request says by itself: its expressions, compiled, and where it is to start."""

    values: dict[str, Value]
    projection: Projection | None
    condition: Condition | None
    key_condition: KeyCondition | None
    start: Item | None


@service.operation(resource=itself)
async def query(ctx: Context, request: Request) -> Document:
    return await find_by_key(ctx, await access.check(ctx, "Query", request), request)


async def find_by_key(ctx: Context, found: Table | None, request: Request) -> Document:
    """A Query, for whoever may make it. `found` is its table, if known."""
    parts = _parts(request, _QUERY_EXPRESSIONS, _QUERY_LEGACY, "QueryFilter")
    terms = _key_terms(request, parts.key_condition)
    table = await find(ctx, request["TableName"]) if found is None else living(found)
    schema = _schema(table, request)
    wanted = key_range(schema, terms, parts.values)
    selection = _selection(table, schema, request, parts)
    if parts.condition is not None:
        refuse_keys(schema, parts.condition, "QueryFilter" in request)
        _require_projected(schema, parts.condition)
    reverse = request.get("ScanIndexForward") is False
    low, high = wanted.low, wanted.high
    if parts.start is not None:
        row = _row_in_range(table.layout, schema, parts.start, wanted)
        low, high = (low, row) if reverse else (row + b"\0", high)
    page = await pages.read_page(
        ctx, lagging.scanner(ctx, request), low, high, selection, request.get("Limit"), reverse
    )
    if schema is table.layout and schema.range is None:
        page.last = None  # there was one item at most
    return await _answer(ctx, request, table, schema, page, wanted)


@service.operation(resource=itself)
async def scan(ctx: Context, request: Request) -> Document:
    return await find_anywhere(ctx, await access.check(ctx, "Scan", request), request)


async def find_anywhere(ctx: Context, found: Table | None, request: Request) -> Document:
    """A Scan, for whoever may make it. `found` is its table, if known."""
    parts = _parts(request, _SCAN_EXPRESSIONS, _SCAN_LEGACY, "ScanFilter")
    first, end = _segment(request)
    table = await find(ctx, request["TableName"]) if found is None else living(found)
    schema = _schema(table, request)
    selection = _selection(table, schema, request, parts)
    low = schema.prefix + first.to_bytes(4, "big")
    high = keys.after_prefix(schema.prefix) if end == _HASHES else schema.prefix + end.to_bytes(4, "big")
    if parts.start is not None:
        mismatch = errors.invalid_start_key(": The provided key element does not match the schema")
        row = _start_row(table.layout, schema, parts.start, mismatch)
        if not low <= row < high:
            raise _outside_segment(request)
        low = row + b"\0"
    page = await pages.read_page(ctx, lagging.scanner(ctx, request), low, high, selection, request.get("Limit"))
    return await _answer(ctx, request, table, schema, page)


def _parts(request: Request, expressions: tuple[str, ...], legacy_names: tuple[str, ...], legacy_filter: str) -> _Parts:
    """Everything that can be checked without the table."""
    bindings = Bindings(request, expressions, legacy_names)
    projection = bindings.projection()
    condition = bindings.condition("FilterExpression") or legacy.condition(request, legacy_filter)
    key_condition = bindings.key_condition()
    bindings.finish()
    _check_select(request, projection)
    start = request.get("ExclusiveStartKey")
    for value in (start or {}).values():
        take_in(value)
    return _Parts(bindings.values, projection, condition, key_condition, start)


def _key_terms(request: Request, key_condition: KeyCondition | None) -> list[KeyTerm]:
    if key_condition is not None:
        return key_condition.terms
    conditions = request.get("KeyConditions")
    if conditions is None:
        raise errors.validation(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )
    return legacy.key_terms(conditions)


# -- what is read


def _schema(table: Table, request: Request) -> KeySchema:
    """The table's keys, or those of the index that the request names."""
    name = request.get("IndexName")
    if name is None:
        return table.layout
    index = table.layout.indexes.get(name)
    if index is None or index.index.status == "DELETING":
        raise errors.no_such_index(name)
    if index.is_global and request.get("ConsistentRead"):
        raise errors.consistent_read_of_global_index()
    if index.index.is_backfilling:
        raise errors.index_is_backfilling(name)
    return index


def _segment(request: Request) -> tuple[int, int]:
    """The hashes of a segment of a parallel scan: from the first to before the second."""
    segment, total = request.get("Segment"), request.get("TotalSegments")
    if total is None:
        if segment is not None:
            raise errors.validation(
                "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"
            )
        return 0, _HASHES
    if segment is None:
        raise errors.validation(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"
        )
    if segment >= total:
        raise errors.validation(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )
    return -(-segment * _HASHES // total), -(-(segment + 1) * _HASHES // total)


def _outside_segment(request: Request) -> AWSError:
    return errors.invalid_start_key(
        ": Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
        f"TotalSegments: {request.get('TotalSegments')} Segment: {request.get('Segment')}"
    )


# -- where it starts


def _start_row(layout: Layout, schema: KeySchema, start: Item, mismatch: AWSError) -> bytes:
    """The row that a start key means, whether it is there or not. Raises `mismatch` when it does not have the keys."""
    wanted = {*layout.names, *schema.names}
    types = layout.table.attributes
    if set(start) != wanted or any(types[name] not in value for name, value in start.items()):
        raise mismatch
    if any(content in ("", None) for value in start.values() for content in value.values()):
        raise mismatch
    key = layout.key_of(start)
    row = schema.row_of(start, key) if isinstance(schema, IndexLayout) else key.row
    assert row is not None
    return row


def _row_in_range(layout: Layout, schema: KeySchema, start: Item, wanted: KeyRange) -> bytes:
    """The row that a query starts after. Raises ValidationException when it is none of the wanted."""
    row = _start_row(layout, schema, start, errors.invalid_start_key())
    if [start[attribute.name] for attribute in schema.hashes] != wanted.partition:
        raise errors.validation("The provided starting key is outside query boundaries based on provided conditions")
    if not wanted.low <= row < wanted.high:
        raise errors.validation("The provided starting key does not match the range key predicate")
    return row


# -- what is wanted of it


def _check_select(request: Request, projection: Projection | None) -> None:
    select = request.get("Select")
    if select is None:
        return
    if select == "SPECIFIC_ATTRIBUTES":
        if projection is None:
            raise errors.validation(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
            )
        return
    if projection is not None:
        parameter = "ProjectionExpression" if "ProjectionExpression" in request else "AttributesToGet"
        what = "only the Count" if select == "COUNT" else select
        raise errors.validation(f"Cannot specify the {parameter} when choosing to get {what}")
    if select == "ALL_PROJECTED_ATTRIBUTES" and request.get("IndexName") is None:
        raise errors.validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")


def refuse_keys(schema: KeySchema, condition: Condition, is_legacy: bool) -> None:
    """A query's filter is for what its key condition cannot say."""
    for path in condition.paths:
        if path[0] not in schema.names:
            continue
        parameter = "QueryFilter" if is_legacy else "Filter Expression"
        raise errors.validation(
            f"{parameter} can only contain non-primary key attributes: Primary key attribute: {path[0]}"
        )


def _selection(table: Table, schema: KeySchema, request: Request, parts: _Parts) -> Selection:
    table.layout.check_paths(parts.condition)
    table.layout.check_paths(parts.projection)
    select = request.get("Select")
    origin = None
    if isinstance(schema, IndexLayout) and schema.projected is not None:
        origin = _origin(table, schema, select, parts)
    return pages.Selection(parts.condition, parts.values, parts.projection, select == "COUNT", origin)


def _origin(table: Table, index: IndexLayout, select: str | None, parts: _Parts) -> Layout | None:
    """The table, when a local index does not have what is wanted. A global index cannot be asked for it."""
    asked, filtered = _missing(index, parts.projection), _missing(index, parts.condition)
    if not index.is_global:
        return table.layout if asked or filtered or select == "ALL_ATTRIBUTES" else None
    if select == "ALL_ATTRIBUTES":
        raise errors.invalid_parameters(
            f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} "
            "because its projection type is not ALL"
        )
    if asked:
        raise errors.invalid_parameters(f"Global secondary index {index.name} does not project [{', '.join(asked)}]")
    if filtered:
        raise errors.filter_not_projected(index.name, filtered)
    return None


def _require_projected(schema: KeySchema, condition: Condition) -> None:
    """A query's filter has only what is in the index, while that of a scan may also have what a local index fetches."""
    if isinstance(schema, IndexLayout) and schema.projected is not None and (left := _missing(schema, condition)):
        raise errors.filter_not_projected(schema.name, left)


def _missing(index: IndexLayout, expression: Expression | None) -> list[str]:
    """The attributes that an expression names and an index does not have."""
    paths = expression.paths if expression is not None else []
    return list(dict.fromkeys([str(path[0]) for path in paths if path[0] not in (index.projected or ())]))


# -- the answer


async def _answer(
    ctx: Context, request: Request, table: Table, schema: KeySchema, page: Page, wanted: KeyRange | None = None
) -> Document:
    """`wanted` is what a query looked at."""
    answer: Document = {"Count": page.count, "ScannedCount": page.scanned}
    if request.get("Select") != "COUNT":
        answer["Items"] = page.items
    if page.last is not None:
        answer["LastEvaluatedKey"] = _last_key(table.layout, schema, page.last)
    consumption = _consumed(request, table, schema, page)
    if throttling.counts(ctx, request):
        is_local = wanted is not None and [each.name for each in schema.hashes] == [table.hash]
        partition = part(key_bytes(wanted.partition[0])) if is_local and wanted is not None else b""
        await throttling.spend_at_once(ctx, table, throttling.READ, consumption, partition)
        answer["ConsumedCapacity"] = consumption.shown(request)
    metering.consumed(ctx, table, throttling.READ, consumption)
    metering.returned(ctx, table, "Scan" if wanted is None else "Query", page.count)
    return answer


def _last_key(layout: Layout, schema: KeySchema, raw: bytes) -> Item:
    item = pages.Image.stored(raw).item
    return {name: item[name] for name in dict.fromkeys((*schema.names, *layout.names))}


def _consumed(request: Request, table: Table, schema: KeySchema, page: Page) -> Consumption:
    consistent = bool(request.get("ConsistentRead"))
    consumption = Consumption(table.name)
    units = capacity.read_units(page.size, consistent=consistent)
    if isinstance(schema, IndexLayout):
        consumption.add(units, schema.name, not schema.is_global)
    else:
        consumption.add(units)
    for size in page.fetched:
        consumption.add(capacity.read_units(size, consistent=consistent))
    return consumption
