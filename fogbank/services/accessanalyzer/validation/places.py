"""AWS's partitions and regions, as botocore's data has them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _partitions() -> list[dict[str, Any]]:
    return json.loads(files("botocore").joinpath("data", "partitions.json").read_text())["partitions"]


def partitions() -> tuple[str, ...]:
    return tuple(partition["id"] for partition in _partitions())


@cache
def regions() -> frozenset[str]:
    """All regions of all partitions."""
    return frozenset(name for partition in _partitions() for name in partition["regions"])
