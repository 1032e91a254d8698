"""What IAM is asked about a request on items: once for each table, or each member of a transaction, with DynamoDB's condition keys.

These operations ask by themselves, when the table is known: `dynamodb:LeadingKeys` cannot be told without its key. The root of the
account is not asked about, so that most requests pay nothing.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fogbank.services.dynamodb import encryption, guards, tags
from fogbank.services.dynamodb.errors import AWSError
from fogbank.services.dynamodb.expressions import Expression
from fogbank.services.dynamodb.parameters import Bindings, Request
from fogbank.services.dynamodb.schema import Table, tables
from fogbank.services.dynamodb.tables import indexed_arn
from fogbank.services.dynamodb.values import Value

if TYPE_CHECKING:
    from fogbank.kernel import Context

Keys = dict[str, str | tuple[str, ...]]

_EXPRESSIONS = (
    "UpdateExpression",
    "ConditionExpression",
    "ProjectionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "SearchConditionExpression",
)
_MEMBERS_WITH_NAMES = ("Expected", "AttributeUpdates", "KeyConditions", "QueryFilter", "ScanFilter", "AttributesToGet")
_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})


async def check(ctx: Context, action: str, request: Request, enclosing: str | None = None) -> Table | None:
    """Raise AccessDeniedException unless the caller may do `action` (`GetItem`) with the table that the request names.

    `enclosing` is the operation that the request is a part of (`TransactWriteItems`). Returns the table, if there is one.
    """
    named: str = request["TableName"]
    if named[:4] == "arn:":
        table = await guards.table_named(ctx, named)
    else:
        table = tables.remembered(ctx, named) or await tables.get(ctx, named)
    owner = None if table is None else table.layout.account
    if (
        (table is None and named[:4] == "arn:")
        or (table is not None and table.has_policy)
        or not await ctx.is_free(owner)
    ):
        await _ask(ctx, table, action, request, enclosing)
    if table is not None and table.encryption is not None:
        await encryption.require(ctx, table)
    return table


async def _ask(ctx: Context, table: Table | None, action: str, request: Request, enclosing: str | None) -> None:
    def keys(ctx: Context, request: Request) -> Keys:
        return condition_keys(table, action, request, enclosing)

    await ctx.authorise(
        f"dynamodb:{action}",
        indexed_arn(ctx, request),
        keys=keys,
        tags=tags.named_tags,
        params=request,
        policy=await guards.policy_for(ctx, table),
        owner=guards.scope_of(ctx, request["TableName"]).account,
    )


def condition_keys(table: Table | None, action: str, request: Request, enclosing: str | None = None) -> Keys:
    """DynamoDB's condition keys of a request about one table; without the table those that do not need it."""
    keys: Keys = {}
    if table is not None:
        leading = tuple(_leading_keys(table, request))
        if leading:
            keys["dynamodb:LeadingKeys"] = leading
    attributes = tuple(dict.fromkeys(_attributes(request)))
    if attributes:
        keys["dynamodb:Attributes"] = attributes
    if action in _READS:
        keys["dynamodb:Select"] = _select(request)
    for member in ("ReturnValues", "ReturnConsumedCapacity"):
        if member in request:
            keys[f"dynamodb:{member}"] = request[member]
    if enclosing is not None:
        keys["dynamodb:EnclosingOperation"] = enclosing
    return keys


def _select(request: Request) -> str:
    if "Select" in request:
        return request["Select"]
    if "ProjectionExpression" in request or "AttributesToGet" in request:
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if "IndexName" in request else "ALL_ATTRIBUTES"


# -- partition keys


def _leading_keys(table: Table, request: Request) -> Iterator[str]:
    """The partition keys that a request is about: those of its items, or of its key condition."""
    for item in _items(request):
        if (text := _text(item.get(table.hash))) is not None:
            yield text
    name = request.get("IndexName")
    index = table.index(name) if name is not None else None
    hash_name = table.hash if index is None else index.hash
    for value in _key_condition_values(request, hash_name):
        if (text := _text(value)) is not None:
            yield text


def _items(request: Request) -> Iterator[dict[str, Value]]:
    """Items and keys of a request, or of the part of a batch that is about one table."""
    for member in ("Item", "Key"):
        if member in request:
            yield request[member]
    yield from request.get("Keys", ())
    for write in request.get("Writes", ()):
        for action in write.values():
            yield from _items(action)


def _key_condition_values(request: Request, hash_name: str) -> Iterator[Any]:
    try:
        condition = Bindings(request, _EXPRESSIONS).key_condition()
    except AWSError:  # it will be refused in any case
        return
    for term in condition.terms if condition is not None else ():
        if term.name == hash_name:
            yield from [read({}, request["ExpressionAttributeValues"]) for read in term.operands]
    yield from request.get("KeyConditions", {}).get(hash_name, {}).get("AttributeValueList", ())


def _text(value: Any) -> str | None:
    """A key value as conditions compare it."""
    content = next(iter(value.values()), None) if isinstance(value, dict) else None
    return content if isinstance(content, str) else None


# -- attributes


def _attributes(request: Request) -> Iterator[str]:
    """The top-level attributes that a request names."""
    for item in _items(request):
        yield from item
    for member in _MEMBERS_WITH_NAMES:
        yield from request.get(member, ())
    try:
        bindings = Bindings(request, _EXPRESSIONS)
        compiled: list[Expression | None] = [bindings.key_condition(), bindings.projection(), bindings.update()]
        compiled += [bindings.condition(parameter) for parameter in ("ConditionExpression", "FilterExpression")]
    except AWSError:
        return
    for expression in compiled:
        for path in expression.paths if expression is not None else ():
            yield str(path[0])
