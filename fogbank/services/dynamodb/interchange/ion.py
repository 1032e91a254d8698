"""Items as Amazon Ion text and back, with the package `amazon.ion` (the extra `ion`).

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html#S3DataExport.Output_Data
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from decimal import Decimal
from typing import Any

from fogbank.kernel.errors import not_implemented
from fogbank.services.dynamodb.values import SETS, Item, Value

_SET = "$dynamodb_"


def require(operation: str) -> None:
    """501 without the extra `ion`."""
    try:
        import amazon.ion  # noqa: F401
    except ImportError:
        raise not_implemented("dynamodb", f"{operation} in Ion (without `pip install fogbank[ion]`)") from None


def text(document: Any) -> bytes:
    """A line of Ion text, begun by a version marker. Ion text has no newlines within values."""
    from amazon.ion import simpleion

    return simpleion.dumps(document, binary=False).encode() + b"\n"


def parse(line: bytes) -> Any:
    """What is on a line. Raises ValueError."""
    from amazon.ion import simpleion
    from amazon.ion.exceptions import IonException

    try:
        return simpleion.loads(line.decode())
    except IonException as error:
        raise ValueError(str(error)) from error


# -- to Ion


def from_item(item: Item) -> dict[str, Any]:
    return {name: _from_value(value) for name, value in item.items()}


def _from_value(value: Value) -> Any:
    [(kind, content)] = value.items()
    if kind in SETS:
        return _from_set(kind, content)
    return _FROM[kind](content)


def _from_set(kind: str, members: list[str]) -> Any:
    from amazon.ion.core import IonType
    from amazon.ion.simple_types import IonPyList

    converted = [_FROM[kind[0]](member) for member in members]
    return IonPyList.from_value(IonType.LIST, converted, (_SET + kind,))


_FROM: dict[str, Any] = {
    "S": str,
    "N": Decimal,
    "B": b64decode,
    "BOOL": bool,
    "NULL": lambda content: None,
    "L": lambda content: [_from_value(element) for element in content],
    "M": from_item,
}


# -- from Ion


def to_item(struct: Any) -> Item:
    """Raises ValueError for values that DynamoDB does not have."""
    return {str(name): _to_value(value) for name, value in struct.items()}


def _to_value(value: Any) -> Value:
    from amazon.ion.core import IonType
    from amazon.ion.simple_types import IonPyNull

    kind = value.ion_type
    if isinstance(value, IonPyNull):
        return {"NULL": True}
    if kind in (IonType.LIST, IonType.SEXP):
        return _to_list(value)
    convert = {
        IonType.STRING: lambda: {"S": str(value)},
        IonType.SYMBOL: lambda: {"S": value.text},
        IonType.BOOL: lambda: {"BOOL": bool(value)},
        IonType.INT: lambda: {"N": str(int(value))},
        IonType.DECIMAL: lambda: {"N": str(Decimal(value))},
        IonType.FLOAT: lambda: {"N": repr(float(value))},
        IonType.BLOB: lambda: {"B": b64encode(value).decode()},
        IonType.CLOB: lambda: {"B": b64encode(value).decode()},
        IonType.STRUCT: lambda: {"M": to_item(value)},
    }.get(kind)
    if convert is None:
        raise ValueError(f"{kind} is no type of DynamoDB")
    return convert()


def _to_list(value: Any) -> Value:
    elements = [_to_value(element) for element in value]
    for annotation in value.ion_annotations:
        kind = annotation.text.removeprefix(_SET)
        if kind in SETS and annotation.text != kind:
            if any(kind[0] not in element for element in elements):
                raise ValueError(f"not all elements are of type {kind[0]}")
            return {kind: [element[kind[0]] for element in elements]}
    return {"L": elements}
