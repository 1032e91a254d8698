"""Timestamps between the wire and epoch seconds (float, UTC)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

EARLIEST = -62135596800  # epoch seconds of the year 1
LATEST = 253402300799  # of the end of the year 9999

Moment = float | int | datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?"
    r"(Z|z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_BASIC_ISO = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)()(Z)", re.ASCII)
_FRACTIONS = tuple(f".{millisecond:03}Z" for millisecond in range(1000))
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse(text: str) -> float:
    """Epoch seconds of an ISO 8601, RFC 822/1123 or epoch-seconds text. Raises ValueError."""
    match = _ISO.fullmatch(text) or _BASIC_ISO.fullmatch(text)
    if match is not None:
        return _from_iso(match)
    return checked(float(text)) if _NUMBER.fullmatch(text) else _from_rfc822(text)


def checked(seconds: float) -> float:
    """The same seconds. Raises ValueError when no calendar has them."""
    if not EARLIEST <= seconds <= LATEST:
        raise ValueError(f"not a time: {seconds}")
    return seconds


def _from_iso(match: re.Match[str]) -> float:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    moment = datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), microsecond, _zone(zone)
    )
    return epoch(moment)


def _zone(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def _from_rfc822(text: str) -> float:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, IndexError) as error:
        raise ValueError(f"not a timestamp: {text!r}") from error
    return epoch(moment)


def epoch(moment: Moment) -> float:
    """Epoch seconds of what a service may return as a time; a datetime without a zone is taken as UTC."""
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) / timedelta(seconds=1)
    return moment


def iso8601(moment: Moment) -> str:
    """`2009-10-12T17:50:30Z`, with milliseconds when there are any."""
    second, millisecond = _split(moment)
    return _iso_second(second) + (_FRACTIONS[millisecond] if millisecond else "Z")


@lru_cache(2048)  # objects of a listing were often written in the same second
def iso8601_milliseconds(moment: Moment) -> str:
    """`2009-10-12T17:50:30.000Z`, as S3 and EC2 write it."""
    seconds = moment if moment.__class__ is float else epoch(moment)
    second, millisecond = divmod(round(seconds * 1000), 1000)
    return _iso_second(second) + _FRACTIONS[millisecond]


def rfc822(moment: Moment) -> str:
    """`Mon, 12 Oct 2009 17:50:30 GMT`: whole seconds, rounded down."""
    return _rfc822_second(_split(moment)[0])


def _split(moment: Moment) -> tuple[int, int]:
    """Whole seconds and milliseconds."""
    return divmod(round(epoch(moment) * 1000), 1000)


@lru_cache(2048)  # a listing's times lie close together, and formatting is the dearest part of it
def _iso_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:19]


@lru_cache(512)
def _rfc822_second(second: int) -> str:
    at = _EPOCH + timedelta(seconds=second)
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} {at:%H:%M:%S} GMT"


def unix(moment: Moment) -> float | int:
    """Epoch seconds as JSON and CBOR carry them: milliseconds at most, a whole number where there is no fraction."""
    seconds = round(epoch(moment), 3)
    return int(seconds) if seconds == int(seconds) else seconds


def unix_text(moment: Moment) -> str:
    return str(unix(moment))


def formatter(name: str) -> Callable[[Moment], str]:
    """The writer of a model's `timestampFormat` as text."""
    return _FORMATTERS[name.lower()]


_FORMATTERS: dict[str, Callable[[Moment], str]] = {
    "iso8601": iso8601,
    "iso8601_milliseconds": iso8601_milliseconds,
    "rfc822": rfc822,
    "unixtimestamp": unix_text,
}
