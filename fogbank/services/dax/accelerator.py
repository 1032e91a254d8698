"""What a cluster knows while its door is open: its caches, the keys of tables, and the attribute lists of its clients.

It asks DynamoDB as the cluster's role. Whether the caller may use the cluster is decided before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from fogbank import protocols
from fogbank.kernel import AWSError, Context
from fogbank.services.dax import records
from fogbank.services.dax.cache import Cache
from fogbank.services.dax.wire import cbor
from fogbank.services.dax.wire.values import (
    Item,
    KeyAttribute,
    Schema,
    attribute_names,
    from_value,
    item_bytes,
    read_key,
    read_values,
)

_ITEMS, _QUERIES, _LISTS = 50_000, 2_000, 10_000
# as long as clients keep the keys of tables, too
_SCHEMA_SECONDS = 60
_DOCUMENTS = frozenset({"AttributeValue"})
# the number of the empty attribute list, which no client asks for
_EMPTY_LIST = 1


class Accelerator:
    def __init__(self, name: str) -> None:
        self.name = name
        self.items = Cache(_ITEMS)
        self.queries = Cache(_QUERIES)
        self._schemas = Cache(_LISTS)
        self._lists = Cache(_LISTS)

    def forget(self) -> None:
        """A node was restarted."""
        self.items.clear()
        self.queries.clear()

    async def ttls(self, ctx: Context) -> tuple[float, float]:
        """Seconds that (items, queries) stay."""
        group = await ctx.transact(self._parameters, ctx)
        return int(group.record_ttl) / 1000, int(group.query_ttl) / 1000

    async def _parameters(self, ctx: Context) -> records.ParameterGroup:
        cluster = await records.find(ctx, self.name)
        return await records.find_parameters(ctx, cluster.parameter_group)

    # -- DynamoDB

    async def ask(self, ctx: Context, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """DynamoDB's answer to the cluster's role, as JSON."""
        codec = protocols.codec(protocols.load("dynamodb").operations[operation], "json", _DOCUMENTS)
        violations = codec.violations(params)
        if violations:
            raise AWSError("ValidationException", protocols.violations_message(violations))
        answer = await ctx.transact(self._ask, ctx, operation, params)
        plain: dict[str, Any] = orjson.loads(orjson.dumps(answer))
        return plain

    async def _ask(self, ctx: Context, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        cluster = await records.find(ctx, self.name)
        return await ctx.call("dynamodb", operation, params, role=cluster.role, source_arn=cluster.arn(ctx))

    async def schema(self, ctx: Context, table: str) -> Schema:
        """The attributes of a table's key, the hash key first."""
        known = self._schemas.get(table, ctx.now(), _SCHEMA_SECONDS)
        if known is not Cache.MISSING:
            return known  # type: ignore[no-any-return]
        described = (await self.ask(ctx, "DescribeTable", {"TableName": table}))["Table"]
        kinds = {each["AttributeName"]: each["AttributeType"] for each in described["AttributeDefinitions"]}
        keys = sorted(described["KeySchema"], key=lambda key: str(key["KeyType"]))  # HASH, RANGE
        schema = tuple(KeyAttribute(key["AttributeName"], kinds[key["AttributeName"]]) for key in keys)
        self._schemas.write(table, schema, ctx.now())
        return schema

    # -- attribute lists

    async def names_of(self, ctx: Context, number: int) -> Sequence[str]:
        """The names in the attribute list. Raises ValidationException when there is none of that number."""
        if number == _EMPTY_LIST:
            return ()
        names = self._lists.get(number, 0, 0)
        if names is Cache.MISSING:
            packed = await ctx.transact(records.attribute_lists.get, ctx, self.name, number)
            if packed is None:
                raise AWSError("ValidationException", f"Invalid attribute list id: {number}")
            names = tuple(orjson.loads(packed))
            self._lists.write(number, names, 0)
        return names  # type: ignore[no-any-return]

    async def number_of(self, ctx: Context, names: Sequence[str]) -> int:
        """The number of an attribute list: the same names have the same number, after a restart too."""
        if not names:
            return _EMPTY_LIST
        packed = orjson.dumps(names)
        number = int.from_bytes(hashlib.sha256(packed).digest()[:6], "big") + _EMPTY_LIST + 1
        if self._lists.get(number, 0, 0) is Cache.MISSING:
            await ctx.transact(self._keep_list, ctx, number, packed)
            self._lists.write(number, tuple(names), 0)
        return number

    async def _keep_list(self, ctx: Context, number: int, packed: bytes) -> None:
        if await records.attribute_lists.get(ctx, self.name, number) is None:
            records.attribute_lists.put(ctx, packed, self.name, number)

    async def pack(self, ctx: Context, item: Item, schema: Schema) -> bytes:
        """An item without its key, as clients take it."""
        names = attribute_names(item, schema)
        return item_bytes(item, names, await self.number_of(ctx, names))

    async def pack_some(self, ctx: Context, attributes: Item, schema: Schema) -> bytes:
        """Some attributes of an item, by their places in an attribute list."""
        names = attribute_names(attributes, schema)
        places = {place: from_value(attributes[name]) for place, name in enumerate(names)}
        return cbor.dumps(await self.number_of(ctx, names)) + cbor.dumps(places)

    async def unpack(self, ctx: Context, key: bytes, values: bytes, schema: Schema) -> Item:
        """The item of a client's key and values."""
        number, found = read_values(values)
        names = await self.names_of(ctx, number)
        if len(names) != len(found):
            raise AWSError("ValidationException", "The values of the item do not match its attribute list")
        return {**dict(zip(names, found, strict=True)), **read_key(key, schema)}
