"""Spans of time as people write them."""

from __future__ import annotations

import re

_SECONDS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_PLAIN = re.compile(_NUMBER)
_SHORT = re.compile("".join(f"(?:{_NUMBER}{unit})?" for unit in _SECONDS))
_ISO = re.compile(f"p(?:{_NUMBER}w)?(?:{_NUMBER}d)?(?:t(?=.)(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?)?")


def parse_duration(text: str) -> float:
    """Seconds of `90`, `90s`, `1h30m`, `30d`, `2w` or ISO 8601 (`PT15M`, `P1DT12H`; no months and years, which vary).

    Raises ValueError.
    """
    lowered = text.strip().lower()
    plain = _PLAIN.fullmatch(lowered)
    if plain:
        return float(lowered)
    found = _ISO.fullmatch(lowered) or _SHORT.fullmatch(lowered)
    if found is None or not any(found.groups()):
        raise ValueError(f"{text!r} is not a duration: write 90s, 1h30m, 30d or PT15M")
    return sum(float(number) * unit for number, unit in zip(found.groups(), _SECONDS.values(), strict=True) if number)


def describe_duration(seconds: float) -> str:
    """The two largest units, rounded to seconds: `2d 3h`, `15m 8s`, `0s`."""
    left = round(seconds)
    parts = []
    for unit, size in _SECONDS.items():
        count, left = divmod(left, int(size))
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"
