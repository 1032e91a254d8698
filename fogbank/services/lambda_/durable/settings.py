"""The durable configuration of a function. https://docs.aws.amazon.com/lambda/latest/dg/durable-configuration.html"""

from __future__ import annotations

from typing import Any

from fogbank.services.lambda_.durable import errors, limits
from fogbank.services.lambda_.records import Function


def first(given: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a new function. Raises InvalidParameterValueException."""
    if given.get("ExecutionTimeout") is None:
        raise errors.no_timeout()
    return {"RetentionPeriodInDays": limits.RETENTION_DAYS, **_present(given)}


def updated(before: dict[str, Any] | None, given: dict[str, Any]) -> dict[str, Any]:
    """The configuration with what a request changes; a function is durable from its creation, or never."""
    if before is None:
        raise errors.not_durable_before()
    return {**before, **_present(given)}


def _present(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def is_durable(function: Function) -> bool:
    return bool(function.config.get("DurableConfig"))


def may_be_waited_for(function: Function) -> bool:
    return bool(function.config["DurableConfig"]["ExecutionTimeout"] <= limits.SYNC_SECONDS)


def check_consumer(function: Function, qualifier: str) -> None:
    """Can an event source mapping lead to the function? Raises InvalidParameterValueException.

    https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking-esm.html
    """
    if not is_durable(function):
        return
    if not qualifier:
        raise errors.unqualified()
    if not may_be_waited_for(function):
        raise errors.too_long_for_mapping()
