import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.cli.durations import describe_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("30d", 30 * 86400),
        ("2w1d", 15 * 86400),
        ("PT15M", 900),
        ("P1DT12H", 36 * 3600),
        ("P2W", 14 * 86400),
        ("pt0.5s", 0.5),
        (" 5m ", 300),
    ],
)
def test_duration_is_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "h", "P", "PT", "P1DT", "1x", "30m1h", "-5s", "P1M", "P1Y", "1h 30m", "1e3", "\u0663s"]
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        assert parse_duration(text) >= 0
    except ValueError:
        pass


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.4, "0s"), (59, "59s"), (61, "1m 1s"), (3600, "1h"), (90061, "1d 1h"), (8 * 86400, "1w 1d")],
)
def test_duration_is_described_by_its_two_largest_units(seconds, text):
    assert describe_duration(seconds) == text
