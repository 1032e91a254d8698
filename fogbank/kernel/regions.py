"""The regions that AWS has, from botocore's data."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec

import orjson

from fogbank.kernel.context import PARTITION


@cache
def known() -> frozenset[str]:
    """The regions of the partition: `eu-west-1` and so on."""
    return frozenset(region for region in _described() if not region.endswith("-global"))


def description(region: str) -> str:
    """What people call it: `Europe (Ireland)`."""
    return str(_described().get(region, {}).get("description", region))


@cache
def _described() -> dict[str, dict[str, str]]:
    spec = find_spec("botocore")
    assert spec is not None and spec.origin is not None
    with open(os.path.join(os.path.dirname(spec.origin), "data", "partitions.json"), "rb") as file:
        partitions = orjson.loads(file.read())["partitions"]
    found: dict[str, dict[str, str]] = next(each for each in partitions if each["id"] == PARTITION)["regions"]
    return found
