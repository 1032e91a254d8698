"""Legacy parameters, turned into what expressions compile to.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
"""

from __future__ import annotations

from typing import Any

from fogbank.services.dynamodb import errors, expressions
from fogbank.services.dynamodb.expressions import Condition, KeyTerm, Projection, Scope, Update
from fogbank.services.dynamodb.expressions.conditions import Read
from fogbank.services.dynamodb.expressions.tree import Call, Comparison, Constant, Logical, Path
from fogbank.services.dynamodb.expressions.tree import Condition as Tree
from fogbank.services.dynamodb.expressions.updates import Assignment, Change, combined_set
from fogbank.services.dynamodb.numbers import add
from fogbank.services.dynamodb.values import ORDERED, SETS, Value, comparable, take_in, type_of

Document = dict[str, Any]

_COMPARISONS = {"EQ": "=", "NE": "<>", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
_COUNTS = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2}
_CONTAINED = ORDERED | {"BOOL", "NULL"}
# the types that an operator takes, where it does not take all
_TYPES = {
    **dict.fromkeys(("LT", "LE", "GT", "GE", "BETWEEN", "IN"), ORDERED),
    **dict.fromkeys(("CONTAINS", "NOT_CONTAINS"), _CONTAINED),
    "BEGINS_WITH": frozenset({"S", "B"}),
}
_LONG_NAMES = {"S": "STRING", "N": "NUMBER", "B": "BINARY", "BOOL": "BOOLEAN", "NULL": "NULL", "L": "LIST", "M": "MAP"}


# -- conditions: Expected, QueryFilter, ScanFilter


def condition(request: Document, parameter: str) -> Condition | None:
    """The condition in a parameter, None when there is none."""
    given = request.get(parameter)
    operator = request.get("ConditionalOperator")
    if not given:
        if operator is not None:
            raise errors.validation("ConditionalOperator cannot be used without Filter or Expected")
        return None
    if operator is not None and len(given) < 2:
        raise errors.validation("ConditionalOperator can only be used when Filter or Expected has two or more elements")
    read = _expectation if parameter == "Expected" else _criterion
    terms = tuple([read(name, wanted) for name, wanted in given.items()])
    tree = terms[0] if len(terms) == 1 else Logical(operator or "AND", terms)
    return expressions.condition_of(Scope(parameter, {}, {}), tree)


def _expectation(name: str, wanted: Document) -> Tree:
    """One element of Expected, in its older form (Value, Exists) or its newer (ComparisonOperator)."""
    value, exists = wanted.get("Value"), wanted.get("Exists")
    arguments, operator = wanted.get("AttributeValueList"), wanted.get("ComparisonOperator")
    if value is not None and arguments is not None:
        raise _invalid_expectation("Value and AttributeValueList cannot be used together", name)
    if arguments is not None and operator is None:
        raise _invalid_expectation("AttributeValueList can only be used with a ComparisonOperator", name)
    if operator is not None:
        if exists is not None:
            raise _invalid_expectation("Exists and ComparisonOperator cannot be used together", name)
        if value is None and arguments is None and _COUNTS.get(operator) != 0:
            raise _invalid_expectation(
                f"Value or AttributeValueList must be used with ComparisonOperator: {operator}", name
            )
        return _compare(name, operator, arguments if value is None else [value])
    if exists is False:
        if value is not None:
            raise _invalid_expectation("Value cannot be used when Exists is false", name)
        return Call("attribute_not_exists", (_path(name),))
    if value is None:
        raise _invalid_expectation(f"Value must be provided when Exists is {'true' if exists else 'null'}", name)
    return _compare(name, "EQ", [value])


def _invalid_expectation(reason: str, name: str) -> errors.AWSError:
    return errors.invalid_parameters(f"{reason} for Attribute: {name}")


def _criterion(name: str, wanted: Document) -> Tree:
    return _compare(name, wanted["ComparisonOperator"], wanted.get("AttributeValueList"))


def _compare(name: str, operator: str, arguments: list[Any] | None) -> Tree:
    values = check_arguments(operator, arguments or [])
    path, operands = _path(name), tuple([Constant(value) for value in values])
    if operator in _COMPARISONS:
        return Comparison(_COMPARISONS[operator], (path, *operands))
    if operator in ("BETWEEN", "IN"):
        return Comparison(operator, (path, *operands))
    exists = Call("attribute_exists", (path,))
    if operator == "NOT_CONTAINS":
        return Logical("AND", (exists, Logical("NOT", (Call("contains", (path, *operands)),))))
    if operator in ("NULL", "NOT_NULL"):
        return exists if operator == "NOT_NULL" else Logical("NOT", (exists,))
    return Call(operator.lower(), (path, *operands))


def check_arguments(operator: str, arguments: list[Any]) -> list[Value]:
    """The arguments of a comparison, taken in; refuses wrong numbers and types."""
    for argument in arguments:
        take_in(argument)
    count = _COUNTS.get(operator, 1)
    if len(arguments) != count and not (operator == "IN" and arguments):
        raise errors.invalid_parameters(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    kinds = [type_of(argument) for argument in arguments]
    if len(set(kinds)) > 1:
        raise errors.invalid_parameters("AttributeValues inside AttributeValueList must be of same type")
    if kinds and kinds[0] not in _TYPES.get(operator, kinds):
        raise errors.invalid_parameters(
            f"ComparisonOperator {operator} is not valid for {kinds[0]} AttributeValue type"
        )
    if operator == "BETWEEN" and comparable(arguments[0]) > comparable(arguments[1]):
        raise errors.validation(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )
    return arguments


def _path(name: str) -> Path:
    return Path((name,), raw=True)


# -- KeyConditions


_INDEXABLE = {**_COMPARISONS, "BETWEEN": "BETWEEN", "BEGINS_WITH": "begins_with"}


def key_terms(given: Document) -> list[KeyTerm]:
    terms = []
    for name, wanted in given.items():
        operator = wanted["ComparisonOperator"]
        arguments = check_arguments(operator, wanted.get("AttributeValueList") or [])
        if operator not in _INDEXABLE or operator == "NE":
            raise errors.validation("Attempted conditional constraint is not an indexable operation")
        reads = [_constant(argument) for argument in arguments]
        terms.append(KeyTerm((name,), _INDEXABLE[operator], reads))
    return terms


def _constant(value: Value) -> Read:
    return lambda item, values: value


# -- AttributesToGet


def projection(request: Document) -> Projection | None:
    names = request.get("AttributesToGet")
    if names is None:
        return None
    if len(set(names)) < len(names):
        raise errors.validation("Cannot have two attributes with the same name")
    scope = Scope("AttributesToGet", {}, {})
    for name in names:
        scope.path(_path(name))
    return Projection(scope)


# -- AttributeUpdates


def update(request: Document) -> Update | None:
    given = request.get("AttributeUpdates")
    if not given:
        return None
    assignments = [Assignment((name,), _change(wanted)) for name, wanted in given.items()]
    return Update(Scope("AttributeUpdates", {}, {}), assignments)


def _change(wanted: Document) -> Change:
    action, value = wanted.get("Action") or "PUT", wanted.get("Value")
    if value is None:
        if action != "DELETE":
            raise errors.invalid_parameters("Only DELETE action is allowed when no attribute value is specified")
        return lambda item, old, values: None
    take_in(value)
    kind = type_of(value)
    if action == "PUT":
        return lambda item, old, values: value
    if action == "ADD" and kind not in SETS | {"N", "L"}:
        raise errors.invalid_parameters(f"ADD action is not supported for the type {_LONG_NAMES[kind]}")
    if action == "DELETE" and kind not in SETS:
        raise errors.invalid_parameters(f"DELETE action with value is not supported for the type {_LONG_NAMES[kind]}")
    return lambda item, old, values: _combined(action, kind, old, value)


def _combined(action: str, kind: str, old: Value | None, value: Value) -> Value | None:
    if old is None:
        return value if action == "ADD" else None
    if kind not in old:
        raise errors.type_mismatch_for_update()
    if kind == "N":
        return {"N": add(old["N"], value["N"])}
    if kind == "L":
        return {"L": old["L"] + value["L"]}
    return combined_set(action, kind, old[kind], value[kind])
