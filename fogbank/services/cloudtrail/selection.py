"""Which events a trail delivers, by its selectors (`selectors.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fogbank.services.cloudtrail.trail import Request, Trail

Record = dict[str, Any]

DEFAULT: Request = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda value, operand: value == operand,
    "StartsWith": lambda value, operand: value.startswith(operand),
    "EndsWith": lambda value, operand: value.endswith(operand),
}
_PARTS_OF_ONE = 5
_NEGATED = {"NotEquals": "Equals", "NotStartsWith": "StartsWith", "NotEndsWith": "EndsWith"}


def selects_data(trail: Trail) -> bool:
    """Might the trail deliver calls of data planes?"""
    if trail.advanced:
        categories = (each for selector in trail.advanced for each in selector["FieldSelectors"])
        return any(each["Field"] == "eventCategory" and each.get("Equals") == ["Data"] for each in categories)
    return any(selector["DataResources"] for selector in trail.selectors)


def selects(trail: Trail, record: Record) -> bool:
    """Does the trail deliver an event with that record?"""
    if trail.advanced:
        return any(_fits(selector, record) for selector in trail.advanced)
    return any(_takes(selector, record) for selector in trail.selectors or (DEFAULT,))


def _takes(selector: Request, record: Record) -> bool:
    if selector["ReadWriteType"] != "All" and (selector["ReadWriteType"] == "ReadOnly") != record["readOnly"]:
        return False
    if record["managementEvent"]:
        sources = selector["ExcludeManagementEventSources"]
        return bool(selector["IncludeManagementEvents"]) and record["eventSource"] not in sources
    return any(
        kind == data["Type"] and _covers(value, arn)
        for kind, arn in _resources(record)
        for data in selector["DataResources"]
        for value in data.get("Values") or []
    )


def _covers(value: str, arn: str) -> bool:
    """`arn:aws:s3` and `arn:aws:lambda` stand for all that there are, `arn:aws:s3:::bucket/` for all objects of a bucket."""
    return arn == value or (arn.startswith(value) and (value.endswith(("/", ":")) or value.count(":") < _PARTS_OF_ONE))


def _fits(selector: Request, record: Record) -> bool:
    return all(_meets(each, record) for each in selector["FieldSelectors"])


def _meets(condition: Request, record: Record) -> bool:
    values = _values(condition["Field"], record)
    for name, operands in condition.items():
        if name == "Field" or not operands:
            continue
        operator = _OPERATORS[_NEGATED.get(name, name)]
        is_met = any(operator(value, operand) for value in values for operand in operands)
        if is_met == (name in _NEGATED):
            return False
    return True


def _values(field: str, record: Record) -> list[str]:
    if field == "resources.type":
        return [kind for kind, _ in _resources(record)]
    if field == "resources.ARN":
        return [arn for _, arn in _resources(record)]
    if field == "userIdentity.arn":
        return [record["userIdentity"].get("arn", "")]
    if field == "readOnly":
        return [str(record["readOnly"]).lower()]
    return [str(record.get(field, ""))]


def _resources(record: Record) -> list[tuple[str, str]]:
    return [(each["type"], each.get("ARN") or each.get("ARNPrefix", "")) for each in record.get("resources", ())]
