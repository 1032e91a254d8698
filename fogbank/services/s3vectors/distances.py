"""Distances between vectors: all of them at once with numpy, where it is installed, else one after another.

Cosine distance is 1 - cosine similarity (0 to 2), euclidean distance the length of the difference.
"""

from __future__ import annotations

import math
import operator
import sys
from array import array
from collections.abc import Sequence
from functools import cache
from typing import Any

COSINE = "cosine"


def packed(values: Sequence[float]) -> bytes | None:
    """The values as 32-bit floats; None when one of them is none (NaN, infinite, too large)."""
    try:
        floats = array("f", values)
    except (OverflowError, TypeError):
        return None
    return _little_endian(floats).tobytes() if all(map(math.isfinite, floats)) else None


def unpacked(data: bytes) -> list[float]:
    floats = array("f")
    floats.frombytes(data)
    return _little_endian(floats).tolist()


def _little_endian(floats: array[float]) -> array[float]:
    if sys.byteorder == "big":
        floats.byteswap()
    return floats


@cache
def _numpy() -> Any:
    """numpy, or None."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def distances(metric: str, query: bytes, rows: Sequence[bytes]) -> list[float]:
    """How far each row is from the query, all packed."""
    if not rows:
        return []
    return _at_once(metric, query, rows) if _numpy() is not None else _one_by_one(metric, query, rows)


def _at_once(metric: str, query: bytes, rows: Sequence[bytes]) -> list[float]:
    np = _numpy()
    wanted = np.frombuffer(query, dtype="<f4").astype("f8")
    matrix = np.frombuffer(b"".join(rows), dtype="<f4").reshape(len(rows), -1).astype("f8")
    if metric == COSINE:
        norms = np.linalg.norm(matrix, axis=1) * np.linalg.norm(wanted)
        found = 1 - np.divide(matrix @ wanted, norms, out=np.zeros(len(rows)), where=norms > 0)
    else:
        found = np.linalg.norm(matrix - wanted, axis=1)
    listed: list[float] = found.tolist()
    return listed


def _one_by_one(metric: str, query: bytes, rows: Sequence[bytes]) -> list[float]:
    wanted = unpacked(query)
    if metric != COSINE:
        return [math.dist(wanted, unpacked(row)) for row in rows]
    length = math.hypot(*wanted)
    return [_cosine(wanted, length, unpacked(row)) for row in rows]


def _cosine(wanted: list[float], length: float, row: list[float]) -> float:
    norm = math.hypot(*row) * length
    return 1 - sum(map(operator.mul, wanted, row)) / norm if norm else 1.0
