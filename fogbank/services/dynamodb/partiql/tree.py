"""What a statement says. Values are attribute values (`{"S": "text"}`); paths are names and list positions."""

from __future__ import annotations

from typing import NamedTuple

from fogbank.services.dynamodb.values import Item, Value

Path = tuple[str | int, ...]


class Call(NamedTuple):
    """A function of paths and values: `begins_with`, `size`, `list_append` ..."""

    name: str
    arguments: tuple[Operand, ...]


class Sum(NamedTuple):
    """`path + value`, `path - value`."""

    left: Operand
    sign: str
    right: Operand


class Literal(NamedTuple):
    value: Value


class Reference(NamedTuple):
    path: Path


Operand = Call | Sum | Literal | Reference


class Comparison(NamedTuple):
    """`sign` is one of = <> < <= > >=."""

    left: Operand
    sign: str
    right: Operand


class Between(NamedTuple):
    operand: Operand
    low: Operand
    high: Operand


class In(NamedTuple):
    operand: Operand
    options: tuple[Operand, ...]


class Missing(NamedTuple):
    """`path IS MISSING`, or `path IS NULL` when `null`."""

    path: Path
    null: bool = False


class Not(NamedTuple):
    condition: Condition


class Junction(NamedTuple):
    """Conditions joined by `word`, AND or OR."""

    word: str
    conditions: tuple[Condition, ...]


Condition = Comparison | Between | In | Missing | Not | Junction | Call


class Order(NamedTuple):
    path: Path
    descending: bool


class Select(NamedTuple):
    """`paths` is None for `*`."""

    table: str
    index_name: str | None
    paths: tuple[Path, ...] | None
    where: Condition | None
    order: tuple[Order, ...] = ()


class Exists(NamedTuple):
    """`EXISTS(SELECT ...)`, a condition of a transaction."""

    select: Select


class Insert(NamedTuple):
    table: str
    item: Item


class Set(NamedTuple):
    path: Path
    value: Operand


class Remove(NamedTuple):
    path: Path


class Update(NamedTuple):
    """`returning` is a ReturnValues of UpdateItem."""

    table: str
    actions: tuple[Set | Remove, ...]
    where: Condition
    returning: str = "NONE"


class Delete(NamedTuple):
    table: str
    where: Condition
    returning: str = "NONE"


Statement = Select | Exists | Insert | Update | Delete
