"""Which log groups a policy of the account is for: `LogGroupNamePrefix IN ["a", "b"]`, `LogGroupName NOT IN ["c"]`. Pure.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_CRITERIA = re.compile(r"\s*(LogGroupName|LogGroupNamePrefix)\s*(IN|NOT IN|==?)\s*(\[.*\]|\"[^\"]*\")\s*", re.DOTALL)
LENGTH = 25_600


class InvalidSelection(ValueError):
    """Criteria that are none."""


class Selection(NamedTuple):
    """`prefixed` when the values are how names begin; `inverted` when all other groups are meant."""

    prefixed: bool
    inverted: bool
    values: tuple[str, ...]


def parse(criteria: str) -> Selection:
    """Raises InvalidSelection."""
    found = _CRITERIA.fullmatch(criteria)
    if found is None or len(criteria.encode()) > LENGTH:
        raise InvalidSelection("Invalid selection criteria.")
    kind, operator, literal = found.groups()
    try:
        values = json.loads(literal)
    except ValueError:
        raise InvalidSelection("Invalid selection criteria: the values are not JSON.") from None
    listed = values if isinstance(values, list) else [values]
    if not all(isinstance(each, str) for each in listed):
        raise InvalidSelection("Invalid selection criteria: the values have to be texts.")
    return Selection(kind == "LogGroupNamePrefix", operator == "NOT IN", tuple(listed))


def overlap(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Can a name begin with one of these and with one of those? No prefixes at all are all names."""
    if not some or not others:
        return True
    return any(one.startswith(other) or other.startswith(one) for one in some for other in others)
