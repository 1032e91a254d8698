"""When rotation windows open and close: days, hours, cron. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.secretsmanager.schedules import parse

# a Wednesday
NOW = datetime(2024, 2, 14, 10, 30, tzinfo=UTC).timestamp()


def window(expression, duration=None):
    rules = (
        {"AutomaticallyAfterDays": expression} if isinstance(expression, int) else {"ScheduleExpression": expression}
    )
    found = parse(rules | ({"Duration": duration} if duration else {})).next(NOW)
    return tuple(datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M") for moment in found)


@pytest.mark.parametrize(
    ("expression", "duration", "opens", "closes"),
    [
        (30, None, "2024-03-15 00:00", "2024-03-16 00:00"),
        (1, "2h", "2024-02-15 00:00", "2024-02-15 02:00"),
        ("rate(10 days)", None, "2024-02-24 00:00", "2024-02-25 00:00"),
        ("rate(1 day)", None, "2024-02-15 00:00", "2024-02-16 00:00"),
        ("rate(4 hours)", None, "2024-02-14 12:00", "2024-02-14 13:00"),
        ("rate(12 hours)", "3h", "2024-02-14 12:00", "2024-02-14 15:00"),
        ("cron(0 8 * * ? *)", None, "2024-02-15 08:00", "2024-02-16 00:00"),
        ("cron(0 16 * * ? *)", "3h", "2024-02-14 16:00", "2024-02-14 19:00"),
        ("cron(0 2/4 * * ? *)", None, "2024-02-14 14:00", "2024-02-14 15:00"),
        ("cron(0 0 1 * ? *)", None, "2024-03-01 00:00", "2024-03-02 00:00"),
        ("cron(0 22 L * ? *)", None, "2024-02-29 22:00", "2024-03-01 00:00"),
        ("cron(0 0 1,15 * ? *)", None, "2024-02-15 00:00", "2024-02-16 00:00"),
        ("cron(0 9 ? * MON-FRI *)", None, "2024-02-15 09:00", "2024-02-16 00:00"),
        ("cron(0 9 ? * 1 *)", None, "2024-02-18 09:00", "2024-02-19 00:00"),
        ("cron(0 9 ? * 6L *)", None, "2024-02-23 09:00", "2024-02-24 00:00"),
        ("cron(0 9 ? * 2#1 *)", None, "2024-03-04 09:00", "2024-03-05 00:00"),
        ("cron(0 9 ? JAN,JUN SUN#2 *)", None, "2024-06-09 09:00", "2024-06-10 00:00"),
        ("cron(0 9 17W * ? *)", None, "2024-02-16 09:00", "2024-02-17 00:00"),
        ("cron(0 9 31W 3 ? *)", None, "2024-03-29 09:00", "2024-03-30 00:00"),
        ("cron(0 9 29 2 ? *)", None, "2024-02-29 09:00", "2024-03-01 00:00"),
    ],
)
def test_the_next_window_opens_and_closes(expression, duration, opens, closes):
    assert window(expression, duration) == (opens, closes)


@pytest.mark.parametrize(
    ("expression", "duration"),
    [
        ("tomorrow", None),
        ("rate(3 hours)", None),
        ("rate(0 days)", None),
        ("rate(1001 days)", None),
        ("cron(0 8 * * ?)", None),
        ("cron(30 8 * * ? *)", None),
        ("cron(0 8 * * ? 2024)", None),
        ("cron(0 8 * * * *)", None),
        ("cron(0 8 ? * ? *)", None),
        ("cron(0 24 * * ? *)", None),
        ("cron(0 0/3 * * ? *)", None),
        ("cron(0 8 30 2 ? *)", None),
        ("cron(0 8 ? * FUN *)", None),
        (30, "25h"),
        ("cron(0 20 * * ? *)", "5h"),
        ("rate(4 hours)", "5h"),
    ],
)
def test_what_is_no_schedule_is_refused(expression, duration):
    with pytest.raises(ValueError):
        window(expression, duration)


MOMENTS = st.floats(min_value=0, max_value=4e9)
RULES = st.sampled_from(
    [
        {"AutomaticallyAfterDays": 30},
        {"ScheduleExpression": "rate(10 hours)"},
        {"ScheduleExpression": "rate(7 days)", "Duration": "3h"},
        {"ScheduleExpression": "cron(0 2/6 ? * MON,THU *)"},
    ]
)


@given(RULES, MOMENTS)
def test_a_window_opens_after_the_moment_and_closes_before_the_day_is_over(rules, moment):
    start, end = parse(rules).next(moment)
    assert moment < start < end <= start // 86400 * 86400 + 86400


@given(RULES, MOMENTS)
def test_windows_follow_upon_each_other(rules, moment):
    schedule = parse(rules)
    first = schedule.next(moment)
    assert first.end <= schedule.next(first.start).start
