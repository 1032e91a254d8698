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
    spec = find_spec("botocore")
    assert spec is not None and spec.origin is not None
    with open(os.path.join(os.path.dirname(spec.origin), "data", "partitions.json"), "rb") as file:
        partitions = orjson.loads(file.read())["partitions"]
    found = next(partition for partition in partitions if partition["id"] == PARTITION)
    return frozenset(region for region in found["regions"] if not region.endswith("-global"))
