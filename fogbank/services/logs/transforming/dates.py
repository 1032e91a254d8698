"""Dates by the patterns of Java: `yyyy-MM-dd'T'HH:mm:ss.SSSXXX`. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Datatype.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
DEFAULT_FORMAT = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z"

# letter and how often: what strptime and strftime call it
_DIRECTIVES = {
    "yyyy": "%Y", "uuuu": "%Y", "y": "%Y", "u": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d",
    "DDD": "%j", "EEEE": "%A", "EEE": "%a", "E": "%a", "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "mm": "%M", "m": "%M", "ss": "%S",
    "s": "%S", "a": "%p", "Z": "%z", "ZZZ": "%z", "xx": "%z", "XX": "%z", "XXX": "%:z", "xxx": "%:z", "X": "%z", "z": "%Z", "zzz": "%Z",
}  # fmt: skip


class InvalidDate(ValueError):
    """A pattern that is none, or a zone that is none."""


def _pieces(pattern: str) -> list[tuple[str, bool]]:
    """(text, whether it is a directive); a quote that is not closed ends with the pattern, as in the default format."""
    closed = pattern if pattern.count("'") % 2 == 0 else f"{pattern}'"
    return [
        (found[1] or "'", False) if found[0].startswith("'") else (found[0], found[2] is not None)
        for found in _TOKEN.finditer(closed)
    ]


def _directive(letters: str) -> str:
    if letters not in _DIRECTIVES:
        raise InvalidDate(f"unknown pattern letters {letters}")
    return _DIRECTIVES[letters]


def zone(name: str | None) -> tzinfo:
    """`Europe/Berlin`, `UTC+2`; UTC where there is none. Raises InvalidDate."""
    if not name or name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    offset = re.fullmatch(r"(?:UTC|GMT)?([+-]\d{1,2})(?::?(\d\d))?", name)
    try:
        if offset:
            return datetime.strptime(f"{int(offset[1]):+03}{offset[2] or '00'}", "%z").tzinfo or UTC
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidDate(f"unknown time zone {name}") from None


def check(pattern: str) -> None:
    for text, is_directive in _pieces(pattern):
        if is_directive and set(text) != {"S"}:
            _directive(text)


def parse(text: str, pattern: str, where: tzinfo) -> datetime | None:
    """The moment that the text says; None where it is not of the pattern. `epoch` is milliseconds, or seconds in ten digits."""
    if pattern.lower() == "epoch":
        return _epoch(text)
    source = "".join(_parsed(piece, is_directive) for piece, is_directive in _pieces(pattern))
    digits = max(
        (len(piece) for piece, is_directive in _pieces(pattern) if is_directive and set(piece) == {"S"}), default=0
    )
    try:
        found = datetime.strptime(_with_micros(text, digits), source)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=where)


def _epoch(text: str) -> datetime | None:
    if not re.fullmatch(r"\d{1,14}", text):
        return None
    return datetime.fromtimestamp(int(text) / (1 if len(text) <= 10 else 1000), UTC)


def _parsed(piece: str, is_directive: bool) -> str:
    if not is_directive:
        return piece.replace("%", "%%")
    return "%f" if set(piece) == {"S"} else _directive(piece).replace(":", "")


def _with_micros(text: str, digits: int) -> str:
    """Fractions of a second that are longer than strptime reads are cut."""
    return re.sub(r"([.,]\d{6})\d+", r"\1", text) if digits > 6 else text


def show(moment: datetime, pattern: str) -> str:
    return "".join(_shown(moment, piece) if is_directive else piece for piece, is_directive in _pieces(pattern))


def _shown(moment: datetime, letters: str) -> str:
    if set(letters) == {"S"}:
        return f"{moment.microsecond * 1000:09}"[: len(letters)]
    directive = _directive(letters)
    if directive == "%:z":
        offset = moment.strftime("%z")
        return "Z" if letters[0] == "X" and offset == "+0000" else f"{offset[:3]}:{offset[3:]}"
    shown = moment.strftime(directive)
    return shown.lstrip("0") or "0" if len(letters) == 1 and letters in "MdHhms" else shown
