"""Timestamps in each of the ways AWS writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.protocols import timestamps

AT = 1255369850.123  # 2009-10-12T17:50:50.123Z


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2009-10-12T17:50:50Z", 1255369850.0),
        ("2009-10-12T17:50:50.123Z", AT),
        ("2009-10-12T17:50:50.123456789Z", 1255369850.123456),
        ("2009-10-12T17:50Z", 1255369800.0),
        ("2009-10-12", 1255305600.0),
        ("2009-10-12T17:50:50", 1255369850.0),
        ("2009-10-12T19:50:50+02:00", 1255369850.0),
        ("2009-10-12T12:50:50-0500", 1255369850.0),
        ("20091012T175050Z", 1255369850.0),
        ("Mon, 12 Oct 2009 17:50:50 GMT", 1255369850.0),
        ("Mon, 12 Oct 2009 17:50:50 +0000", 1255369850.0),
        ("1255369850", 1255369850.0),
        ("1255369850.123", AT),
        ("1.255369850123E9", AT),
    ],
)
def test_parse(text: str, seconds: float) -> None:
    assert timestamps.parse(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2009-13-12T00:00:00Z", "2009-10-12T25:00:00Z", "12 Oct", "NaN", "\uff11\uff12"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        timestamps.parse(text)


def test_written_forms() -> None:
    assert timestamps.iso8601(AT) == "2009-10-12T17:50:50.123Z"
    assert timestamps.iso8601(1255369850) == "2009-10-12T17:50:50Z"
    assert timestamps.iso8601_milliseconds(1255369850) == "2009-10-12T17:50:50.000Z"
    assert timestamps.rfc822(AT) == "Mon, 12 Oct 2009 17:50:50 GMT"
    assert timestamps.unix(AT) == AT
    assert timestamps.unix(1255369850.0001) == 1255369850
    assert isinstance(timestamps.unix(1255369850.0), int)


def test_datetimes_are_taken_too() -> None:
    at = datetime(2009, 10, 12, 19, 50, 50, 123000, tzinfo=timezone(timedelta(hours=2)))
    assert timestamps.iso8601(at) == "2009-10-12T17:50:50.123Z"
    assert timestamps.unix(at) == AT
    assert timestamps.epoch(datetime(2009, 10, 12, 17, 50, 50)) == 1255369850


@given(st.integers(min_value=-2_000_000_000_000, max_value=250_000_000_000_000))
def test_written_and_parsed_again_to_the_millisecond(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert timestamps.parse(timestamps.iso8601(seconds)) == seconds
    assert timestamps.iso8601(seconds) == timestamps.iso8601(
        datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
    )
