"""The expressions of a request, and the names and values that they share.

    bindings = Bindings(request, ("UpdateExpression", "ConditionExpression"), legacy=("Expected", ...))
    update = bindings.update()
    condition = bindings.condition("ConditionExpression")
    bindings.finish()                # everything that was given must have been used

Legacy parameters (`Expected`, `AttributesToGet` ...) are turned into the same compiled forms; one request has one kind or the other.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from fogbank.services.dynamodb import errors, expressions, legacy
from fogbank.services.dynamodb.errors import AWSError
from fogbank.services.dynamodb.expressions import Condition, Expression, KeyCondition, Pairs, Projection, Update
from fogbank.services.dynamodb.values import Value, take_in

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper as Compiler

Request = dict[str, Any]
E = TypeVar("E", bound=Expression)

# names together longer than this are not kept with the expressions that use them
_LONG = 4096
_CACHED = 1024

_NAME_KEY = re.compile(r"#[A-Za-z0-9_]+\Z").match
_VALUE_KEY = re.compile(r":[A-Za-z0-9_]+\Z").match


class Bindings:
    """Checked names and values of one request. `expressions` and `legacy` are its members of either kind, in AWS's order."""

    __slots__ = ("_is_long", "names", "request", "types", "used", "values")

    def __init__(self, request: Request, expressions: tuple[str, ...], legacy: tuple[str, ...] = ()) -> None:
        self.request = request
        self.names: Pairs = ()
        self.types: Pairs = ()
        self.values: dict[str, Value] = {}
        self.used: list[Expression] = []
        self._is_long = False
        if legacy:
            refuse_mixture(request, expressions, legacy)
        names, values = request.get("ExpressionAttributeNames"), request.get("ExpressionAttributeValues")
        if names is not None:
            self._take_names(names, expressions)
        if values is not None:
            self._take_values(values, expressions)

    def _take_names(self, names: dict[str, str], expressions: tuple[str, ...]) -> None:
        if not any(name in self.request for name in expressions):
            raise errors.validation("ExpressionAttributeNames can only be specified when using expressions")
        if not names:
            raise errors.validation("ExpressionAttributeNames must not be empty")
        self.names = tuple(names.items())
        self._is_long = sum(map(len, names.values())) > _LONG
        (_check_names.__wrapped__ if self._is_long else _check_names)(self.names)

    def _take_values(self, values: dict[str, Any], expressions: tuple[str, ...]) -> None:
        readers = [name for name in expressions if name != "ProjectionExpression"]
        if not any(name in self.request for name in readers):
            is_null = f"{' and '.join(readers)} {'is' if len(readers) == 1 else 'are'} null"
            raise errors.validation(
                f"ExpressionAttributeValues can only be specified when using expressions: {is_null}"
            )
        if not values:
            raise errors.validation("ExpressionAttributeValues must not be empty")
        _check_value_keys(tuple(values))
        for key, value in values.items():
            try:
                take_in(value)
            except AWSError as error:
                raise _of_value(error, key) from None
        self.values = values
        self.types = tuple([(key, kind) for key, value in values.items() for kind in value])

    # -- compiled expressions, None where the request has none

    def _compiled(self, compiler: Compiler[E], *key: Any) -> E:
        """From the compiler's cache, or past it when the names are so long that keeping them would cost too much."""
        compiled = compiler.__wrapped__(*key) if self._is_long else compiler(*key)
        self.used.append(compiled)
        return compiled

    def condition(self, parameter: str) -> Condition | None:
        text = self.request.get(parameter)
        if text is None:
            return None
        return self._compiled(expressions.condition, parameter, text, self.names, self.types).check(self.values)

    def key_condition(self) -> KeyCondition | None:
        text = self.request.get("KeyConditionExpression")
        if text is None:
            return None
        return self._compiled(expressions.key_condition, text, self.names, self.types).check(self.values)

    def search_condition(self) -> KeyCondition | None:
        """Of a vector search: it has the form of a key condition."""
        text = self.request.get("SearchConditionExpression")
        if text is None:
            return None
        return self._compiled(expressions.key_condition, text, self.names, self.types).check(self.values)

    def projection(self) -> Projection | None:
        text = self.request.get("ProjectionExpression")
        if text is None:
            return legacy.projection(self.request)
        return self._compiled(expressions.projection, text, self.names)

    def update(self) -> Update | None:
        text = self.request.get("UpdateExpression")
        if text is None:
            return legacy.update(self.request)
        return self._compiled(expressions.update, text, self.names, self.types)

    def expected(self) -> Condition | None:
        """The condition of a write: ConditionExpression, or the legacy Expected."""
        return self.condition("ConditionExpression") or legacy.condition(self.request, "Expected")

    def finish(self) -> None:
        """Refuse names and values that no expression used."""
        if self.names:
            unused = set(self.request["ExpressionAttributeNames"]).difference(*[each.used_names for each in self.used])
            if unused:
                raise errors.unused_names(_listed(unused))
        if self.types:
            unused = set(self.values).difference(*[each.used_values for each in self.used])
            if unused:
                raise errors.unused_values(_listed(unused))


# what was found right is not looked at again: requests that differ only in their values come in great numbers
@lru_cache(_CACHED)
def _check_names(names: Pairs) -> None:
    for key, name in names:
        if not _NAME_KEY(key):
            raise errors.validation(f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{key}"')
        if not name:
            raise errors.validation(
                f"ExpressionAttributeNames contains invalid value: Empty attribute name for key {key}"
            )


@lru_cache(_CACHED)
def _check_value_keys(keys: tuple[str, ...]) -> None:
    for key in keys:
        if not _VALUE_KEY(key):
            raise errors.validation(f'ExpressionAttributeValues contains invalid key: Syntax error; key: "{key}"')


def _listed(keys: set[str]) -> str:
    return ", ".join(sorted(keys))


def _of_value(error: AWSError, key: str) -> AWSError:
    if error.code != "ValidationException":
        return error
    return errors.validation(f"ExpressionAttributeValues contains invalid value: {error.message} for key {key}")


def refuse_mixture(request: Request, expressions: tuple[str, ...], legacy_names: tuple[str, ...]) -> None:
    old = [name for name in legacy_names if name in request]
    if not old:
        return
    new = [name for name in expressions if name in request]
    # KeyConditions go with a FilterExpression, as AWS has it
    if new and (old != ["KeyConditions"] or "KeyConditionExpression" in new):
        raise errors.mixed_parameters(old, new)
