"""The options of a client's request as DynamoDB's parameters. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.services.dax.wire import cbor
from fogbank.services.dax.wire.cbor import Malformed
from fogbank.services.dax.wire.expressions import Expressions, Path, projection
from fogbank.services.dax.wire.values import Schema, read_key, to_value

Params = dict[str, Any]

_CAPACITY = ("NONE", "TOTAL", "INDEXES")
_METRICS = ("NONE", "SIZE")
RETURN_VALUES = (None, "NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW")
_SELECT = (None, "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES")
_CHOICES = {
    3: ("ReturnConsumedCapacity", _CAPACITY),
    6: ("ReturnItemCollectionMetrics", _METRICS),
    7: ("ReturnValues", RETURN_VALUES),
    15: ("Select", _SELECT),
}
_SWITCHES = {2: "ConsistentRead", 14: "ScanIndexForward"}
_NUMBERS = {13: "Limit", 16: "Segment", 17: "TotalSegments"}
_TEXTS = {11: "IndexName", 19: "ClientRequestToken"}
_CONDITIONS = {4: "ConditionExpression", 10: "FilterExpression"}
_PROJECTION, _UPDATE, _START = 0, 8, 9


class Request(NamedTuple):
    """DynamoDB's parameters, and the paths that the answer is to be narrowed to."""

    params: Params
    paths: list[Path]


def read(options: Any, schema: Schema, expressions: Expressions | None = None) -> Request:
    """The parameters in the options. Names and values of `expressions` are put in by `bind`. Raises Malformed."""
    expressions = expressions or Expressions()
    given: dict[int, Any] = options or {}
    if not isinstance(given, dict):
        raise Malformed("options that are no map")
    params: Params = {}
    for number, value in given.items():
        if number in _CHOICES:
            name, choices = _CHOICES[number]
            params[name] = choice(choices, value)
        elif number in _SWITCHES:
            params[_SWITCHES[number]] = bool(value)
        elif number in _NUMBERS:
            params[_NUMBERS[number]] = value
        elif number in _TEXTS:
            params[_TEXTS[number]] = text(value)
        elif number in _CONDITIONS:
            params[_CONDITIONS[number]] = expressions.condition(value)
        elif number == _UPDATE:
            params["UpdateExpression"] = expressions.update(value)
    if _START in given:
        params["ExclusiveStartKey"] = _start(given[_START], schema, "IndexName" in params)
    bind(params, expressions)
    return Request(params, projection(given[_PROJECTION]) if given.get(_PROJECTION) is not None else [])


def bind(params: Params, expressions: Expressions) -> None:
    """Put in the names and values that the expressions refer to."""
    if expressions.names:
        params["ExpressionAttributeNames"] = expressions.names
    if expressions.values:
        params["ExpressionAttributeValues"] = expressions.values


def narrow(request: Request, expressions: Expressions) -> None:
    """Have DynamoDB give the attributes that the paths are in."""
    if request.paths:
        request.params["ProjectionExpression"] = expressions.top_level(request.paths)
        bind(request.params, expressions)


def choice(choices: tuple[str | None, ...], value: Any) -> str:
    if isinstance(value, int) and 0 <= value < len(choices):
        chosen = choices[value]
        if chosen is not None:
            return chosen
    raise Malformed("an unknown choice")


def text(value: Any) -> str:
    """Names come as text or as its bytes."""
    try:
        if isinstance(value, (str, bytes)):
            return value if isinstance(value, str) else value.decode()
    except UnicodeDecodeError:
        pass
    raise Malformed("not a name")


def _start(data: Any, schema: Schema, in_index: bool) -> Any:
    if not isinstance(data, bytes):
        raise Malformed("not a key")
    return to_value(cbor.loads(data))["M"] if in_index else read_key(data, schema)
