"""Schedule expressions: when their times come, and what is none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fogbank.kernel.schedules import InvalidSchedule, parse


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def text(moment):
    return None if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M")


def times(expression, since, count, zone="UTC"):
    schedule, found, now = parse(expression, zone=zone), [], moment(since)
    for _ in range(count):
        now = schedule.after(now)
        found.append(text(now))
    return found


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("cron(0 10 * * ? *)", ["2030-01-01T10:00", "2030-01-02T10:00"]),
        ("cron(15 12 * * ? *)", ["2030-01-01T12:15", "2030-01-02T12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2030-01-01T18:00", "2030-01-02T18:00"]),
        ("cron(0 8 1 * ? *)", ["2030-01-01T08:00", "2030-02-01T08:00"]),
        ("cron(0/15 * * * ? *)", ["2030-01-01T00:15", "2030-01-01T00:30"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2030-01-01T08:00", "2030-01-01T08:05"]),
        ("cron(0 0 L * ? *)", ["2030-01-31T00:00", "2030-02-28T00:00"]),
        ("cron(0 0 LW * ? *)", ["2030-01-31T00:00", "2030-02-28T00:00", "2030-03-29T00:00"]),
        ("cron(0 0 5W * ? *)", ["2030-01-04T00:00", "2030-02-05T00:00"]),
        ("cron(0 0 1W 6 ? *)", ["2030-06-03T00:00", "2031-06-02T00:00"]),
        ("cron(0 0 ? * 6L *)", ["2030-01-25T00:00", "2030-02-22T00:00"]),
        ("cron(0 0 ? * FRIL *)", ["2030-01-25T00:00", "2030-02-22T00:00"]),
        ("cron(0 0 ? * L *)", ["2030-01-05T00:00", "2030-01-12T00:00"]),
        ("cron(0 0 ? * 2#1 *)", ["2030-01-07T00:00", "2030-02-04T00:00"]),
        ("cron(0 0 ? * TUE#5 *)", ["2030-01-29T00:00", "2030-04-30T00:00"]),
        ("cron(0 0 ? * SAT-SUN *)", ["2030-01-05T00:00", "2030-01-06T00:00", "2030-01-12T00:00"]),
        ("cron(0 0 29 2 ? *)", ["2032-02-29T00:00", "2036-02-29T00:00"]),
        ("cron(0 0 1 JAN ? 2031-2035/2)", ["2031-01-01T00:00", "2033-01-01T00:00", "2035-01-01T00:00", None][:3]),
        ("cron(1,31 1 1,15 feb,aug ? *)", ["2030-02-01T01:01", "2030-02-01T01:31", "2030-02-15T01:01"]),
    ],
)
def test_cron(expression, expected):
    assert times(expression, "2030-01-01T00:00", len(expected)) == expected


def test_a_schedule_ends_with_its_years():
    assert parse("cron(0 0 1 1 ? 2020)").after(moment("2030-01-01T00:00")) is None
    assert parse("cron(0 0 30 2 ? *)").after(moment("2030-01-01T00:00")) is None


def test_cron_goes_by_the_clock_of_its_zone():
    assert times("cron(0 9 * * ? *)", "2030-01-01T12:00", 1, "America/New_York") == ["2030-01-01T14:00"]
    assert times("cron(0 9 * * ? *)", "2030-07-01T12:00", 1, "America/New_York") == ["2030-07-01T13:00"]


def test_a_time_that_the_clock_leaves_out_does_not_come():
    assert times("cron(30 2 * * ? *)", "2030-03-09T12:00", 1, "America/New_York") == ["2030-03-11T06:30"]


def test_a_time_that_the_clock_repeats_comes_once():
    assert times("cron(30 1 * * ? *)", "2030-11-02T12:00", 2, "America/New_York") == [
        "2030-11-03T05:30",
        "2030-11-04T06:30",
    ]


def test_a_rate_counts_from_the_beginning():
    rate = parse("rate(5 minutes)")
    assert rate.after(100, since=100) == 400
    assert rate.after(399.9, since=100) == 400
    assert rate.after(400, since=100) == 700


@given(st.floats(0, 4e9), st.integers(1, 10**6))
def test_a_time_of_a_rate_does_not_come_twice(since, count):
    rate = parse("rate(1 minute)")
    due = since + count * 60
    assert rate.after(due, since) > due


def test_a_single_moment_comes_once():
    once = parse("at(2030-06-01T12:00:00)", zone="Europe/Berlin")
    assert text(once.after(0)) == "2030-06-01T10:00"
    assert once.after(moment("2030-06-01T10:00")) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "every 5 minutes",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 seconds)",
        "rate(-1 minutes)",
        "rate(1.5 hours)",
        "cron(0 10 * * *)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 32 * ? *)",
        "cron(0 0 0 * ? *)",
        "cron(0 0 * 13 ? *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * MON#6 *)",
        "cron(0 0 ? * MONDAY *)",
        "cron(0 0 * * ? 1969)",
        "cron(0/0 0 * * ? *)",
        "cron(a b c d e f)",
        "cron(0 0 ? * MON *) ",
        "at(2030-13-01T00:00:00)",
        "at(tomorrow)",
    ],
)
def test_refused(expression):
    with pytest.raises(InvalidSchedule):
        parse(expression)


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(InvalidSchedule):
        parse("cron(0 0 * * ? *)", zone="Europe/Nowhere")


def test_a_kind_that_is_not_allowed_is_refused():
    with pytest.raises(InvalidSchedule):
        parse("at(2030-01-01T00:00:00)", frozenset({"rate", "cron"}))


def lists(low, high):
    return st.lists(st.integers(low, high), min_size=1, max_size=3, unique=True)


@settings(max_examples=60)
@given(lists(0, 59), lists(0, 23), lists(1, 7), st.integers(0, 10**7))
def test_the_next_time_is_the_first_minute_that_fits(minutes, hours, weekdays, start):
    since = moment("2030-01-01T00:00") + start
    fields = [",".join(map(str, field)) for field in (minutes, hours, weekdays)]
    found = parse(f"cron({fields[0]} {fields[1]} ? * {fields[2]} *)").after(since)
    at = datetime.fromtimestamp(since, UTC).replace(second=0, microsecond=0)
    while True:
        at += timedelta(minutes=1)
        if at.minute in minutes and at.hour in hours and at.isoweekday() % 7 + 1 in weekdays:
            break
    assert found == at.timestamp()


@given(st.integers(1, 1000), st.sampled_from(["minute", "hour", "day"]), st.floats(0, 1e9), st.floats(0, 1e9))
def test_the_next_time_of_a_rate_is_less_than_a_period_away(number, unit, since, later):
    rate = parse(f"rate({number} {unit}{'s' if number > 1 else ''})")
    now = since + later
    following = rate.after(now, since)
    assert now < following
    assert following - now <= rate.seconds + 1e-3


@given(st.text(alphabet="0123456789*?/,-LW#MONratecron() ", max_size=30))
def test_any_text_is_a_schedule_or_refused(fields):
    for expression in (fields, f"cron({fields})", f"rate({fields})"):
        try:
            parse(expression)
        except InvalidSchedule:
            pass
