"""Which rows a key condition means: a range of row keys in a table's or index's space. Pure."""

from __future__ import annotations

from typing import NamedTuple

from fogbank.kernel import keys
from fogbank.services.dynamodb import errors, limits
from fogbank.services.dynamodb.expressions import KeyTerm
from fogbank.services.dynamodb.schema import END, IndexLayout, KeyAttribute, KeySchema, check_key_value, part
from fogbank.services.dynamodb.values import Value, key_bytes

Values = dict[str, Value]


class KeyRange(NamedTuple):
    """Rows from `low` to before `high`, all of one partition, whose key has one or more values."""

    partition: list[Value]
    low: bytes
    high: bytes


def key_range(schema: KeySchema, terms: list[KeyTerm], values: Values) -> KeyRange:
    """The rows that satisfy a key condition. Raises ValidationException when it does not fit the keys."""
    on_hashes, on_ranges = _matched(schema, terms)
    partition = [
        _operands(schema, attribute, term, values, limits.HASH_KEY_SIZE)[0]
        for attribute, term in zip(schema.hashes, on_hashes, strict=True)
    ]
    low = schema.partition_prefix(partition)
    high = keys.after_prefix(low)
    for attribute, term in zip(schema.ranges, on_ranges, strict=False):
        operands = _operands(schema, attribute, term, values, limits.RANGE_KEY_SIZE)
        # all but the last are equalities, so that `low` is what the rows begin with
        low, high = _bounds(low, term.operator, [key_bytes(value) for value in operands])
    return KeyRange(partition, low, high)


def _matched(schema: KeySchema, terms: list[KeyTerm]) -> tuple[list[KeyTerm], list[KeyTerm]]:
    """The terms on the attributes of the partition key, all of them, and on the first ones of the sort key.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
    """
    if not 1 <= len(terms) <= max(2, len(schema.names)):
        raise errors.validation("Conditions can be of length 1 or 2 only")
    by_name: dict[str, KeyTerm] = {}
    for term in terms:
        if len(term.path) > 1:
            raise _nested(schema, term)
        by_name[term.name] = term
    on_hashes = [_taken(by_name, attribute) for attribute in schema.hashes]
    if any(term.operator != "=" for term in on_hashes):
        raise _unsupported()
    on_ranges: list[KeyTerm] = []
    for attribute in schema.ranges[: len(by_name)]:
        if on_ranges and on_ranges[-1].operator != "=":
            raise _unsupported()
        on_ranges.append(_taken(by_name, attribute))
    if by_name:
        raise _unsupported()
    return on_hashes, on_ranges


def _taken(by_name: dict[str, KeyTerm], attribute: KeyAttribute) -> KeyTerm:
    term = by_name.pop(attribute.name, None)
    if term is None:
        raise errors.validation(f"Query condition missed key schema element: {attribute.name}")
    return term


def _unsupported() -> errors.AWSError:
    return errors.validation("Query key condition not supported")


def _nested(schema: KeySchema, term: KeyTerm) -> errors.AWSError:
    if term.name in schema.names:
        return errors.key_path_not_scalar(term.name, is_index=False)
    return errors.validation("KeyConditionExpressions cannot have conditions on nested attributes")


def _operands(schema: KeySchema, attribute: KeyAttribute, term: KeyTerm, values: Values, limit: int) -> list[Value]:
    operands: list[Value] = []
    for read in term.operands:
        value = read({}, values)
        if value is None or attribute.type not in value:
            raise errors.key_condition_schema()
        if attribute.type != "N":
            _check_value(schema, attribute, value, limit)
        operands.append(value)
    if term.operator == "begins_with" and attribute.type == "N":
        raise errors.key_condition_schema()
    return operands


def _check_value(schema: KeySchema, attribute: KeyAttribute, value: Value, limit: int) -> None:
    if isinstance(schema, IndexLayout) and attribute in schema.attributes and not value[attribute.type]:
        raise errors.empty_index_key(attribute.name, attribute.type, schema.name)
    check_key_value(attribute, value, limit)


def _bounds(prefix: bytes, operator: str, operands: list[bytes]) -> tuple[bytes, bytes]:
    """A range of row keys; a row's key goes on after its sort key, so all that begins with it is meant."""
    first = prefix + part(operands[0])
    if operator == "=":
        return first, keys.after_prefix(first)
    if operator == "BETWEEN":
        return first, keys.after_prefix(prefix + part(operands[1]))
    if operator == "begins_with":
        start = first[: -len(END)]
        return start, keys.after_prefix(start)
    low, high = prefix, keys.after_prefix(prefix)
    if operator in ("<", "<="):
        high = first if operator == "<" else keys.after_prefix(first)
    else:
        low = first if operator == ">=" else keys.after_prefix(first)
    return low, high
