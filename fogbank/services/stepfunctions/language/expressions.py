"""JSONata in states: texts in `{% %}`. The language is the library jsonata-python's, which is imported with the first expression.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from fogbank.services.stepfunctions.language.failure import Unresolved
from fogbank.services.stepfunctions.language.intrinsics import Draw

_EXPRESSION = re.compile(r"\{%(.*)%\}", re.DOTALL)
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_ERROR_NUMBER = re.compile(r"[A-Z]\d{4}")
_MOST_STEPS = 250_000  # of one evaluation, which keeps everybody else waiting
_RANGE_ITEMS = 100_000  # more do not fit into a payload

Bindings = Mapping[str, Any]
"""Variables by name, `states`, and the functions that draw lots."""


def expression_in(value: Any) -> str | None:
    """The expression in a text between `{%` and `%}`."""
    found = _EXPRESSION.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else found[1].strip()


@lru_cache(maxsize=2048)
def compiled(expression: str) -> Any:
    """Raises ValueError with the parser's message."""
    import jsonata

    try:
        found = jsonata.Jsonata(expression)
    except jsonata.JException as error:
        raise ValueError(str(error)) from error
    found.set_output_convert_nulls(False)
    for name, function in _FUNCTIONS.items():
        found.register_lambda(name, function)
    found.register_function("eval", False)  # the one function of JSONata's that AWS leaves out
    return found


def fill(template: Any, bindings: Bindings, field: str) -> Any:
    """The document with the values of its expressions; `field` is where it stands. Raises Unresolved."""
    if isinstance(template, dict):
        return {key: fill(value, bindings, f"{field}/{key}") for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, bindings, f"{field}[{at}]") for at, value in enumerate(template)]
    expression = expression_in(template)
    return template if expression is None else evaluate(expression, bindings, field)


def evaluate(expression: str, bindings: Bindings, field: str) -> Any:
    """Raises Unresolved, also when there is no value."""
    from jsonata.utils import Utils

    said = f"The JSONata expression '{expression}' specified for the field '{field}'"
    try:
        found = compiled(expression).evaluate(None, {**bindings, "__evaluate_entry": _Steps()})
    except Exception as error:  # whatever the library stumbles over is the expression's fault
        raise Unresolved(f"{said} threw an error during evaluation{_why(error)}", field) from error
    if found is None:
        raise Unresolved(f"{said} returned nothing (undefined).", field)
    try:
        return _plain(Utils.convert_nulls(found))
    except TypeError:
        raise Unresolved(f"{said} returned a value that is not JSON.", field) from None


class _Steps:
    """Counts the steps of an evaluation: the library calls it before each. Raises ValueError when there are too many."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self, expression: Any, given: Any, frame: Any) -> None:
        self.taken += 1
        if self.taken > _MOST_STEPS:
            raise ValueError("Expression evaluation timeout: Check for infinite loop")


def _why(error: Exception) -> str:
    number = str(getattr(error, "error", "") or "")
    return f". {number}: {error}" if _ERROR_NUMBER.fullmatch(number) else f": {error}"


def _plain(value: Any) -> Any:
    """The library's own kinds of lists become lists. Raises TypeError for functions."""
    return orjson.loads(orjson.dumps(value, default=_listed))


def _listed(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, dict):
        return dict(value)
    raise TypeError


# -- what Step Functions has besides JSONata's own functions


def drawing(draw: Draw, moment: float) -> Bindings:
    """The functions whose answers are drawn, and those that tell the moment (epoch seconds)."""
    from jsonata import Jsonata
    from jsonata.functions import Functions

    millis = round(moment * 1000)  # as the context object has its times

    def now(picture: str | None = None, timezone: str | None = None) -> str | None:
        return Functions.datetime_from_millis(millis, picture, timezone)

    def drawn(seed: float | None = None) -> float:
        return (draw.random if seed is None else random.Random(seed)).random()

    told = {"uuid": draw.uuid, "random": drawn, "now": now, "millis": lambda: millis}
    return {name: Jsonata.JLambda(function) for name, function in told.items()}


def _partition(values: list[Any], size: float) -> list[list[Any]]:
    width = int(size)
    return [values[at : at + width] for at in range(0, len(values), width)]


def _range(first: float, last: float, step: float) -> list[float]:
    if not step:
        raise ValueError("The increment must not be zero")
    if (last - first) / step >= _RANGE_ITEMS:
        raise ValueError(f"The array must not contain more than {_RANGE_ITEMS} items")
    found, at = [], first
    while (at <= last) if step > 0 else (at >= last):
        found.append(at)
        at += step
    return found


def _hash(content: str, algorithm: str = "SHA-256") -> str:
    return hashlib.new(_HASHES[algorithm], content.encode()).hexdigest()


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "hash": _hash,
    "parse": orjson.loads,
    "partition": _partition,
    "range": _range,
}
