"""ExecuteStatement, BatchExecuteStatement, ExecuteTransaction.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html and its neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from fogbank.kernel import pages
from fogbank.kernel.service import itself
from fogbank.services.dynamodb import access, errors, items, reads, transactions
from fogbank.services.dynamodb.errors import AWSError
from fogbank.services.dynamodb.partiql import plans
from fogbank.services.dynamodb.partiql.parser import parse
from fogbank.services.dynamodb.partiql.tree import Delete, Exists, Insert, Select, Statement, Update
from fogbank.services.dynamodb.schema import KeySchema
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import find
from fogbank.services.dynamodb.values import take_in
from fogbank.services.dynamodb.writing import Change, Put
from fogbank.services.dynamodb.writing import Delete as DeleteWrite

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]
Request = dict[str, Any]

_ACTIONS: dict[type[Statement], str] = {
    Select: "PartiQLSelect",
    Exists: "PartiQLSelect",
    Insert: "PartiQLInsert",
    Update: "PartiQLUpdate",
    Delete: "PartiQLDelete",
}
_ASKED_FOR = tuple(sorted({f"dynamodb:{action}" for action in _ACTIONS.values()}))
_PASSED_ON = ("ConsistentRead", "ReturnConsumedCapacity")
_CODES = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "DuplicateItemException": "DuplicateItem",
    "ResourceNotFoundException": "ResourceNotFound",
    "AccessDeniedException": "AccessDenied",
    "ValidationException": "ValidationError",
    "SerializationException": "ValidationError",
}


def _parsed(request: Request) -> Statement:
    parameters = request.get("Parameters") or []
    for value in parameters:
        take_in(value)
    statement = parse(request["Statement"], parameters)
    if isinstance(statement, Insert):
        for value in statement.item.values():
            take_in(value)
    return statement


def _select_of(statement: Statement) -> Select | None:
    return statement.select if isinstance(statement, Exists) else statement if isinstance(statement, Select) else None


def _table_of(statement: Statement) -> str:
    return (statement.select if isinstance(statement, Exists) else statement).table


async def _ask(ctx: Context, statement: Statement) -> None:
    """Raise AccessDeniedException unless the caller may do this to the table or index."""
    select = _select_of(statement)
    about: Request = {"TableName": _table_of(statement)}
    if select is not None and select.index_name is not None:
        about["IndexName"] = select.index_name
    await access.check(ctx, _ACTIONS[type(statement)], about)


async def _schema(ctx: Context, statement: Statement) -> KeySchema:
    select = _select_of(statement)
    table = await find(ctx, _table_of(statement))
    if select is None or select.index_name is None:
        return table.layout
    index = table.layout.indexes.get(select.index_name)
    if index is None:
        raise errors.no_such_index(select.index_name)
    return index


# -- one statement


@service.operation(action=_ASKED_FOR, resource=itself)
async def execute_statement(ctx: Context, request: Request) -> Document:
    statement = _parsed(request)
    await _ask(ctx, statement)
    if isinstance(statement, Exists):
        raise errors.validation("Unsupported operation: EXISTS is only supported in transactions")
    if isinstance(statement, Select):
        return await _select(ctx, statement, request)
    if request.get("NextToken"):
        raise errors.validation("NextToken is only supported for SELECT statements")
    answer = await _write(ctx, statement, request)
    attributes = answer.pop("Attributes", None)
    return {"Items": [] if attributes is None else [attributes], **answer}


async def _select(ctx: Context, select: Select, request: Request) -> Document:
    plan = plans.read(select, await _schema(ctx, select))
    wanted = plan.request | {name: request[name] for name in (*_PASSED_ON, "Limit") if name in request}
    if request.get("NextToken"):
        wanted["ExclusiveStartKey"] = _start(request)
    answer = await (reads.find_by_key if plan.is_query else reads.find_anywhere)(ctx, None, wanted)
    last = answer.get("LastEvaluatedKey")
    found = answer["Items"]
    if select.paths is not None and not plans.is_flat(select.paths):
        found = [plans.picked(item, select.paths) for item in found]
    return {
        "Items": found,
        "LastEvaluatedKey": last,
        "NextToken": None if last is None else pages.token(orjson.dumps([request["Statement"], last]).decode()),
        "ConsumedCapacity": answer.get("ConsumedCapacity"),
    }


def _start(request: Request) -> Document:
    """The key after which a page begins; the token is good for the same statement only."""
    invalid = errors.validation("Invalid NextToken")
    statement, last = orjson.loads(pages.position(request["NextToken"], invalid))
    if statement != request["Statement"]:
        raise errors.validation("NextToken does not match request")
    return last  # type: ignore[no-any-return]


async def _write(ctx: Context, statement: Statement, request: Request) -> Document:
    schema = await _schema(ctx, statement)
    more = {
        name: request[name]
        for name in ("ReturnConsumedCapacity", "ReturnValuesOnConditionCheckFailure")
        if name in request
    }
    if isinstance(statement, Insert):
        put = plans.insert(statement, schema) | more
        try:
            return await items.write(ctx, None, put, Put(put))
        except AWSError as error:
            raise _duplicate(error) from None
    if isinstance(statement, Update):
        change = plans.update(statement, schema) | more
        return await items.write(ctx, None, change, Change(change))
    assert isinstance(statement, Delete)
    if statement.returning not in ("NONE", "ALL_OLD"):
        raise errors.validation("RETURNING clause of a DELETE statement must be ALL OLD *")
    removal = plans.delete(statement, schema) | more
    return await items.write(ctx, None, removal, DeleteWrite(removal))


def _duplicate(error: AWSError) -> AWSError:
    """What an INSERT says about an item that is there already."""
    if error.code != "ConditionalCheckFailedException":
        return error
    return AWSError("DuplicateItemException", "Duplicate primary key exists in table")


# -- several


@service.operation(action=_ASKED_FOR, resource=itself)
async def batch_execute_statement(ctx: Context, request: Request) -> Document:
    """Up to 25 statements, each for itself: all of them read, or all of them write."""
    responses: list[Document] = []
    consumed: list[Document] = []
    kinds: set[bool] = set()
    for given in request["Statements"]:
        try:
            statement = _parsed(given)
        except AWSError as error:
            responses.append({"Error": _error(error)})
            continue
        kinds.add(isinstance(statement, Select | Exists))
        asked = given | {name: request[name] for name in ("ReturnConsumedCapacity",) if name in request}
        response, consumption = await _in_batch(ctx, statement, asked)
        responses.append(response)
        if consumption is not None:
            consumed.append(consumption)
    if len(kinds) > 1:
        raise errors.validation("Read and write requests together in the same batch is not supported.")
    return {"Responses": responses, "ConsumedCapacity": consumed or None}


async def _in_batch(ctx: Context, statement: Statement, given: Request) -> tuple[Document, Document | None]:
    """The response to a statement, and what it consumed."""
    table = _table_of(statement)
    try:
        await _ask(ctx, statement)
        answer = await ctx.undoing(_batched, ctx, statement, given)
    except AWSError as error:
        return {"TableName": table, "Error": _error(error)}, None
    return {"TableName": table, "Item": answer.get("Item")}, answer.get("ConsumedCapacity")


async def _batched(ctx: Context, statement: Statement, given: Request) -> Document:
    if isinstance(statement, Select):
        get = plans.get(statement, await _schema(ctx, statement))
        return await items.read(ctx, None, get | {name: given[name] for name in _PASSED_ON if name in given})
    if isinstance(statement, Exists):
        raise errors.validation("Unsupported operation: EXISTS is only supported in transactions")
    answer = await _write(ctx, statement, given)
    return {"Item": answer.get("Attributes"), "ConsumedCapacity": answer.get("ConsumedCapacity")}


def _error(error: AWSError) -> Document:
    return {
        "Code": _CODES.get(error.code, "InternalServerError"),
        "Message": error.message,
        "Item": error.members.get("Item"),
    }


@service.operation(action=_ASKED_FOR, resource=itself)
async def execute_transaction(ctx: Context, request: Request) -> Document:
    """All statements or none: all of them read, or all of them write or check."""
    statements = [_parsed(given) for given in request["TransactStatements"]]
    for statement in statements:
        await _ask(ctx, statement)
    reading = {isinstance(statement, Select) for statement in statements}
    if len(reading) > 1:
        raise errors.validation("Select statements and write statements cannot be mixed in one transaction")
    passed: Request = {
        name: request[name] for name in ("ReturnConsumedCapacity", "ClientRequestToken") if name in request
    }
    for position, statement in enumerate(statements):
        if isinstance(statement, Update | Delete) and statement.returning != "NONE":
            raise errors.validation(
                f"Validation failed in TransactStatements[{position}]: "
                "RETURNING clause is not supported in ExecuteTransaction."
            )
    members = [await _member(ctx, *pair) for pair in zip(statements, request["TransactStatements"], strict=True)]
    if reading == {True}:
        return await transactions.get_all(ctx, {"TransactItems": members, **passed})
    try:
        answer = await transactions.write_all(ctx, {"TransactItems": members, **passed})
    except AWSError as error:
        raise _cancelled(error, statements) from None
    return {"Responses": [{} for _ in statements], "ConsumedCapacity": answer.get("ConsumedCapacity")}


async def _member(ctx: Context, statement: Statement, given: Request) -> Document:
    schema = await _schema(ctx, statement)
    more = {}
    if "ReturnValuesOnConditionCheckFailure" in given:
        more["ReturnValuesOnConditionCheckFailure"] = given["ReturnValuesOnConditionCheckFailure"]
    if isinstance(statement, Select):
        return {"Get": plans.get(statement, schema)}
    if isinstance(statement, Exists):
        return {"ConditionCheck": plans.check(statement.select, schema) | more}
    if isinstance(statement, Insert):
        return {"Put": plans.insert(statement, schema) | more}
    if isinstance(statement, Update):
        planned = plans.update(statement, schema) | more
        del planned["ReturnValues"]
        return {"Update": planned}
    planned = plans.delete(statement, schema) | more
    del planned["ReturnValues"]
    return {"Delete": planned}


def _cancelled(error: AWSError, statements: list[Statement]) -> AWSError:
    """The reasons, in the words of PartiQL: an INSERT does not fail a condition, it finds a duplicate."""
    reasons = error.members.get("CancellationReasons")
    if not isinstance(reasons, list):
        return error
    told = [
        {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}
        if isinstance(statement, Insert) and reason.get("Code") == "ConditionalCheckFailed"
        else reason
        for statement, reason in zip(statements, reasons, strict=True)
    ]
    return errors.transaction_cancelled(told)
