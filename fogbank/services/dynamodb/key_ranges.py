"""Which rows a key condition means: a range of row keys in a table's or index's space. Pure."""

from __future__ import annotations

from typing import NamedTuple

from fogbank.kernel import keys
from fogbank.services.dynamodb import errors, limits
from fogbank.services.dynamodb.expressions import KeyTerm
from fogbank.services.dynamodb.schema import END, KeyAttribute, KeySchema, check_key_value, part
from fogbank.services.dynamodb.values import Value, key_bytes

Values = dict[str, Value]


class KeyRange(NamedTuple):
    """Rows from `low` to before `high`, all of one partition."""

    partition: Value
    low: bytes
    high: bytes


def key_range(schema: KeySchema, terms: list[KeyTerm], values: Values) -> KeyRange:
    """The rows that satisfy a key condition. Raises ValidationException when it does not fit the keys."""
    on_hash, on_range = _matched(schema, terms)
    partition = _operands(schema.hash, on_hash, values, limits.HASH_KEY_SIZE)[0]
    prefix = schema.partition_prefix(partition)
    if on_range is None or schema.range is None:
        return KeyRange(partition, prefix, keys.after_prefix(prefix))
    operands = _operands(schema.range, on_range, values, limits.RANGE_KEY_SIZE)
    return KeyRange(partition, *_bounds(prefix, on_range.operator, [key_bytes(value) for value in operands]))


def _matched(schema: KeySchema, terms: list[KeyTerm]) -> tuple[KeyTerm, KeyTerm | None]:
    """The terms on the partition key and on the sort key."""
    if not 1 <= len(terms) <= 2:
        raise errors.validation("Conditions can be of length 1 or 2 only")
    by_name: dict[str, KeyTerm] = {}
    for term in terms:
        if len(term.path) > 1:
            raise _nested(schema, term)
        by_name[term.name] = term
    on_hash = by_name.pop(schema.hash.name, None)
    if on_hash is None:
        raise _missed(schema.hash)
    if on_hash.operator != "=":
        raise errors.validation("Query key condition not supported")
    if not by_name:
        return on_hash, None
    if schema.range is None:
        raise errors.validation("Query key condition not supported")
    on_range = by_name.get(schema.range.name)
    if on_range is None:
        raise _missed(schema.range)
    return on_hash, on_range


def _nested(schema: KeySchema, term: KeyTerm) -> errors.AWSError:
    if term.name in schema.names:
        return errors.key_path_not_scalar(term.name, is_index=False)
    return errors.validation("KeyConditionExpressions cannot have conditions on nested attributes")


def _missed(attribute: KeyAttribute) -> errors.AWSError:
    return errors.validation(f"Query condition missed key schema element: {attribute.name}")


def _operands(attribute: KeyAttribute, term: KeyTerm, values: Values, limit: int) -> list[Value]:
    operands: list[Value] = []
    for read in term.operands:
        value = read({}, values)
        if value is None or attribute.type not in value:
            raise errors.key_condition_schema()
        if attribute.type != "N":
            check_key_value(attribute, value, limit)
        operands.append(value)
    if term.operator == "begins_with" and attribute.type == "N":
        raise errors.key_condition_schema()
    return operands


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
