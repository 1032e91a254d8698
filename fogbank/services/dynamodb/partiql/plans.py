"""From a statement's tree to the request of the API that does the same. Pure, given the table's keys."""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.services.dynamodb import errors
from fogbank.services.dynamodb.partiql.tree import (
    Between,
    Call,
    Comparison,
    Condition,
    Delete,
    In,
    Insert,
    Junction,
    Literal,
    Missing,
    Not,
    Operand,
    Path,
    Reference,
    Select,
    Set,
    Sum,
    Update,
)
from fogbank.services.dynamodb.schema import KeySchema
from fogbank.services.dynamodb.values import SETS, Item, Value, type_of

Request = dict[str, Any]

_RANGE_SIGNS = frozenset({"=", "<", "<=", ">", ">="})


class Names:
    """The placeholders of one request."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Value] = {}

    def path(self, path: Path) -> str:
        text = ""
        for step in path:
            if isinstance(step, int):
                text += f"[{step}]"
            else:
                key = self._names.setdefault(step, f"#n{len(self._names)}")
                text += f".{key}" if text else key
        return text

    def value(self, value: Value) -> str:
        key = f":v{len(self._values)}"
        self._values[key] = value
        return key

    def put(self, request: Request) -> Request:
        if self._names:
            request["ExpressionAttributeNames"] = {key: name for name, key in self._names.items()}
        if self._values:
            request["ExpressionAttributeValues"] = self._values
        return request


# -- conditions as expressions


def _operand(names: Names, operand: Operand) -> str:
    if isinstance(operand, Literal):
        return names.value(operand.value)
    if isinstance(operand, Reference):
        return names.path(operand.path)
    if isinstance(operand, Sum):
        return f"{_operand(names, operand.left)} {operand.sign} {_operand(names, operand.right)}"
    return f"{operand.name}({', '.join(_operand(names, argument) for argument in operand.arguments)})"


def _condition(names: Names, condition: Condition) -> str:
    if isinstance(condition, Junction):
        return f" {condition.word} ".join(f"({_condition(names, each)})" for each in condition.conditions)
    if isinstance(condition, Not):
        return f"NOT ({_condition(names, condition.condition)})"
    if isinstance(condition, Comparison):
        return f"{_operand(names, condition.left)} {condition.sign} {_operand(names, condition.right)}"
    if isinstance(condition, Between):
        low, high = _operand(names, condition.low), _operand(names, condition.high)
        return f"{_operand(names, condition.operand)} BETWEEN {low} AND {high}"
    if isinstance(condition, In):
        options = ", ".join(_operand(names, option) for option in condition.options)
        return f"{_operand(names, condition.operand)} IN ({options})"
    if isinstance(condition, Missing):
        path = names.path(condition.path)
        return (
            f"attribute_type({path}, {names.value({'S': 'NULL'})})"
            if condition.null
            else f"attribute_not_exists({path})"
        )
    return _operand(names, condition)


def _all(conditions: list[Condition]) -> Condition | None:
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else Junction("AND", tuple(conditions))


def _conjuncts(condition: Condition | None) -> list[Condition]:
    if condition is None:
        return []
    if isinstance(condition, Junction) and condition.word == "AND":
        return [part for each in condition.conditions for part in _conjuncts(each)]
    return [condition]


def _equals(condition: Condition, name: str) -> Value | None:
    """The value that a condition says the attribute has."""
    if not isinstance(condition, Comparison) or condition.sign != "=":
        return None
    for one, other in ((condition.left, condition.right), (condition.right, condition.left)):
        if isinstance(one, Reference) and one.path == (name,) and isinstance(other, Literal):
            return other.value
    return None


# -- reads


class Read(NamedTuple):
    """A Query, or a Scan."""

    is_query: bool
    request: Request


def read(select: Select, schema: KeySchema) -> Read:
    """The request that finds what a SELECT asks for. Raises ValidationException for an order that is none of the keys'."""
    names = Names()
    parts = _conjuncts(select.where)
    request: Request = {"TableName": select.table}
    if select.index_name is not None:
        request["IndexName"] = select.index_name
    if select.paths is not None:
        request["ProjectionExpression"] = ", ".join(names.path(path) for path in _asked(select.paths))
    keys = _key_conditions(parts, schema)
    _check_order(select, schema, has_key=keys is not None)
    rest = [part for part in parts if keys is None or part not in keys]
    if keys is not None and not any(_touches(part, schema.names) for part in rest):
        request["KeyConditionExpression"] = " AND ".join(_condition(names, part) for part in keys)
        if select.order and select.order[-1].descending:
            request["ScanIndexForward"] = False
    else:
        keys, rest = None, parts
    filtered = _all(rest)
    if filtered is not None:
        request["FilterExpression"] = _condition(names, filtered)
    return Read(keys is not None, names.put(request))


def _asked(paths: tuple[Path, ...]) -> list[Path]:
    """What to read for these paths: whole attributes, as soon as a path leads into one, for `picked` to take apart."""
    return list(paths) if is_flat(paths) else [(name,) for name in dict.fromkeys([path[0] for path in paths])]


def is_flat(paths: tuple[Path, ...]) -> bool:
    return all(len(path) == 1 for path in paths)


def picked(item: Item, paths: tuple[Path, ...]) -> Item:
    """The values at paths, each under the end of its path, from its last name on: `b[0]` for `a.b[0]`."""
    found: Item = {}
    for path in paths:
        value = _at(item, path)
        if value is not None:
            found[_end(path)] = value
    return found


def _at(item: Item, path: Path) -> Value | None:
    value: Any = {"M": item}
    for step in path:
        members = value.get("L" if isinstance(step, int) else "M")
        if members is None or (isinstance(step, int) and step >= len(members)):
            return None
        value = members[step] if isinstance(step, int) else members.get(step)
        if value is None:
            return None
    return value  # type: ignore[no-any-return]


def _end(path: Path) -> str:
    text = ""
    for step in path:
        text = f"{text}[{step}]" if isinstance(step, int) else step
    return text


def _key_conditions(parts: list[Condition], schema: KeySchema) -> list[Condition] | None:
    """The parts that pin the partition key, and those for the sort key if there are; None without the first."""
    found: list[Condition] = []
    for attribute in schema.hashes:
        pinned = next((part for part in parts if _equals(part, attribute.name) is not None), None)
        if pinned is None:
            return None
        found.append(pinned)
    for attribute in schema.ranges:
        ranged = next((part for part in parts if _is_range(part, attribute.name)), None)
        if ranged is None:
            break
        found.append(ranged)
        if _equals(ranged, attribute.name) is None:
            break
    return found


def _is_range(part: Condition, name: str) -> bool:
    """Can a key condition say this of the sort key?"""
    key = Reference((name,))
    if isinstance(part, Comparison):
        return part.sign in _RANGE_SIGNS and part.left == key and isinstance(part.right, Literal)
    if isinstance(part, Between):
        return part.operand == key and isinstance(part.low, Literal) and isinstance(part.high, Literal)
    return (
        isinstance(part, Call)
        and part.name == "begins_with"
        and len(part.arguments) == 2
        and part.arguments[0] == key
        and isinstance(part.arguments[1], Literal)
    )


def _touches(node: Any, names: tuple[str, ...]) -> bool:
    """Does a condition speak of one of these attributes?"""
    if isinstance(node, Reference | Missing):
        return node.path[0] in names
    if isinstance(node, Literal):
        return False
    return isinstance(node, tuple) and any(_touches(each, names) for each in node)


def _check_order(select: Select, schema: KeySchema, has_key: bool) -> None:
    if not select.order:
        return
    if select.where is None:
        raise errors.validation("Must have WHERE clause in the statement when using ORDER BY clause.")
    if not has_key:
        raise errors.validation(
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
        )
    for each in select.order:
        if len(each.path) != 1 or each.path[0] not in schema.names:
            raise errors.validation(
                f"Variable reference {each.path[0]} in ORDER BY clause must be part of the primary key"
            )


def key_of(where: Condition | None, schema: KeySchema) -> tuple[Item, list[Condition]] | None:
    """(the primary key that a condition pins, what else it says); None when it does not pin the whole of it."""
    rest = _conjuncts(where)
    key: Item = {}
    for name in schema.names:
        pinned = next((part for part in rest if _equals(part, name) is not None), None)
        value = None if pinned is None else _equals(pinned, name)
        if pinned is None or value is None:
            return None
        key[name] = value
        rest.remove(pinned)
    return key, rest


# -- writes


def insert(statement: Insert, schema: KeySchema) -> Request:
    """A PutItem that wants nothing to be there."""
    names = Names()
    absent = _absent(names, schema)
    return names.put({"TableName": statement.table, "Item": statement.item, "ConditionExpression": absent})


def update(statement: Update, schema: KeySchema) -> Request:
    """An UpdateItem of an item that is there."""
    names = Names()
    key, rest = _required_key(statement.where, schema)
    clauses: dict[str, list[str]] = {}
    for action in statement.actions:
        path = names.path(action.path)
        if isinstance(action, Set):
            clause, text = _assignment(names, path, action)
        else:
            clause, text = "REMOVE", path
        clauses.setdefault(clause, []).append(text)
    request: Request = {"TableName": statement.table, "Key": key}
    request["UpdateExpression"] = " ".join(f"{clause} {', '.join(texts)}" for clause, texts in clauses.items())
    request["ConditionExpression"] = _there(names, schema, rest)
    request["ReturnValues"] = statement.returning
    return names.put(request)


def _assignment(names: Names, path: str, action: Set) -> tuple[str, str]:
    """(clause of an update expression, text in it). Members are added to a set, and taken out of it, by clauses of their own."""
    value = action.value
    if isinstance(value, Call) and value.name in ("set_add", "set_delete"):
        if len(value.arguments) != 2 or value.arguments[0] != Reference(action.path):
            raise errors.validation(f"{value.name} must be given the attribute that is set, and a set")
        if isinstance(value.arguments[1], Literal) and type_of(value.arguments[1].value) not in SETS:
            raise errors.validation(f"The second argument to {value.name.upper()} must be a value with type SET")
        return "ADD" if value.name == "set_add" else "DELETE", f"{path} {_operand(names, value.arguments[1])}"
    return "SET", f"{path} = {_operand(names, value)}"


def delete(statement: Delete, schema: KeySchema) -> Request:
    """A DeleteItem. Of an item that is not there nothing is deleted, whatever the conditions.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.delete.html
    """
    names = Names()
    key, rest = _required_key(statement.where, schema)
    request: Request = {"TableName": statement.table, "Key": key, "ReturnValues": statement.returning}
    condition = _all(rest)
    if condition is not None:
        request["ConditionExpression"] = f"{_absent(names, schema)} OR ({_condition(names, condition)})"
    return names.put(request)


def check(select: Select, schema: KeySchema) -> Request:
    """The ConditionCheck of an EXISTS."""
    names = Names()
    key, rest = _required_key(select.where, schema)
    return names.put({"TableName": select.table, "Key": key, "ConditionExpression": _there(names, schema, rest)})


def get(select: Select, schema: KeySchema) -> Request:
    """The GetItem of a SELECT that pins the whole key, in a batch or transaction."""
    names = Names()
    pinned = key_of(select.where, schema)
    if pinned is None or pinned[1] or select.index_name is not None:
        raise errors.validation(
            "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
        )
    request: Request = {"TableName": select.table, "Key": pinned[0]}
    if select.paths is not None:
        request["ProjectionExpression"] = ", ".join(names.path(path) for path in select.paths)
    return names.put(request)


def _required_key(where: Condition | None, schema: KeySchema) -> tuple[Item, list[Condition]]:
    pinned = key_of(where, schema)
    if pinned is None:
        raise errors.validation("Where clause does not contain a mandatory equality on all key attributes")
    return pinned


def _absent(names: Names, schema: KeySchema) -> str:
    """There is no item."""
    return f"attribute_not_exists({names.path((schema.hash.name,))})"


def _there(names: Names, schema: KeySchema, rest: list[Condition]) -> str:
    """The item is there, and the rest holds."""
    there = f"attribute_exists({names.path((schema.hash.name,))})"
    condition = _all(rest)
    return there if condition is None else f"{there} AND ({_condition(names, condition)})"
