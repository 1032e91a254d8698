"""Schedules: what is kept of them, what is refused, and when they are due."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.services.scheduler.moments import at, now

OFF = {"Mode": "OFF"}


# -- keeping


def test_a_schedule_is_answered_as_it_was_made_with_its_defaults(scheduler, schedule, queue, role, aws):
    arn = schedule("cron(0 9 ? * MON-FRI *)", ScheduleExpressionTimezone="Europe/Berlin", Description="d")[
        "ScheduleArn"
    ]
    assert arn == f"arn:aws:scheduler:us-east-1:{aws.account}:schedule/default/s"
    found = scheduler.get_schedule(Name="s")
    assert found["Arn"] == arn
    assert (found["GroupName"], found["State"], found["ActionAfterCompletion"]) == ("default", "ENABLED", "NONE")
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == (
        "cron(0 9 ? * MON-FRI *)",
        "Europe/Berlin",
    )
    assert found["Target"] == {
        "Arn": queue.arn,
        "RoleArn": role,
        "Input": "hello",
        "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
    }
    assert found["FlexibleTimeWindow"] == OFF
    assert found["CreationDate"] == found["LastModificationDate"]


def test_a_schedule_that_is_not_there_is_not_found(scheduler, schedule, refused):
    with refused("ResourceNotFoundException", "Schedule s does not exist."):
        scheduler.get_schedule(Name="s")
    with refused("ResourceNotFoundException", "Schedule s does not exist."):
        scheduler.delete_schedule(Name="s")
    with refused("ResourceNotFoundException", "Schedule group g does not exist."):
        scheduler.get_schedule(Name="s", GroupName="g")
    with refused("ResourceNotFoundException", "Schedule group g does not exist."):
        schedule(GroupName="g")


def test_a_name_is_taken_once_but_the_same_request_may_come_twice(schedule, refused):
    arn = schedule(ClientToken="token")["ScheduleArn"]
    assert schedule(ClientToken="token")["ScheduleArn"] == arn
    with refused("ConflictException", "Schedule s already exists."):
        schedule(ClientToken="other")


def test_updating_replaces_everything(scheduler, schedule, queue, role, refused):
    schedule(Description="d", State="DISABLED")
    target = {"Arn": queue.arn, "RoleArn": role}
    given = {"ScheduleExpression": "rate(2 hours)", "Target": target, "FlexibleTimeWindow": OFF}
    scheduler.update_schedule(Name="s", **given)
    found = scheduler.get_schedule(Name="s")
    assert "Description" not in found
    assert "Input" not in found["Target"]
    assert (found["State"], found["ScheduleExpression"]) == ("ENABLED", "rate(2 hours)")
    with refused("ResourceNotFoundException", "Schedule t does not exist."):
        scheduler.update_schedule(Name="t", **given)


def test_schedules_are_listed_by_page_prefix_group_and_state(scheduler, schedule, refused):
    scheduler.create_schedule_group(Name="g")
    for name in ("a1", "a2", "b1"):
        schedule(name=name)
    schedule(name="a1", GroupName="g", State="DISABLED")
    pages = scheduler.get_paginator("list_schedules").paginate(PaginationConfig={"PageSize": 1})
    assert [(each["GroupName"], each["Name"]) for page in pages for each in page["Schedules"]] == [
        ("default", "a1"),
        ("default", "a2"),
        ("default", "b1"),
        ("g", "a1"),
    ]

    def names(**options):
        return [each["Name"] for each in scheduler.list_schedules(**options)["Schedules"]]

    assert names(GroupName="default", NamePrefix="a") == ["a1", "a2"]
    first = scheduler.list_schedules(GroupName="default", MaxResults=2)
    assert names(GroupName="default", NextToken=first["NextToken"]) == ["b1"]
    assert names(State="DISABLED") == ["a1"]
    with refused("ValidationException", "NextToken"):
        scheduler.list_schedules(NextToken="nonsense")
    with refused("ResourceNotFoundException"):
        scheduler.list_schedules(GroupName="none")


# -- refusing


@pytest.mark.parametrize(
    "expression", ["rate(0 hours)", "rate(1 week)", "cron(0 9 * * *)", "at(tomorrow)", "at(2030-01-01)", "every day"]
)
def test_an_expression_that_is_none_is_refused(schedule, refused, expression):
    with refused("ValidationException", f"Invalid Schedule Expression {expression}."):
        schedule(expression)


def test_a_rate_may_disagree_with_its_unit(schedule):
    schedule("rate(1 minutes)", name="a")
    schedule("rate(2 hour)", name="b")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"ScheduleExpressionTimezone": "Europe/Nowhere"}, "Invalid ScheduleExpressionTimezone Europe/Nowhere."),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes must be specified"),
        ({"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}}, "MaximumWindowInMinutes must not"),
        (
            {"StartDate": datetime(2020, 1, 1, tzinfo=UTC)},
            "The StartDate you specify cannot be earlier than 5 minutes ago.",
        ),
        ({"EndDate": datetime(2020, 1, 1, tzinfo=UTC)}, "The EndDate you specify cannot be earlier"),
        (
            {"StartDate": datetime(2080, 1, 2, tzinfo=UTC), "EndDate": datetime(2080, 1, 1, tzinfo=UTC)},
            "must be later than the StartDate",
        ),
        ({"KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/none"}, "The KMS key"),
    ],
)
def test_what_could_not_work_is_refused_and_nothing_is_kept(scheduler, schedule, refused, options, message):
    with refused("ValidationException", message):
        schedule(**options)
    assert scheduler.list_schedules()["Schedules"] == []


def test_a_disabled_key_is_refused_and_an_enabled_one_taken(scheduler, schedule, aws, refused):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]
    schedule(KmsKeyArn=key["Arn"])
    assert scheduler.get_schedule(Name="s")["KmsKeyArn"] == key["Arn"]
    kms.disable_key(KeyId=key["KeyId"])
    with refused("ValidationException", "its state is Disabled"):
        schedule(name="t", KmsKeyArn=key["Arn"])


def test_the_role_has_to_trust_scheduler(schedule, make_role, refused):
    sentence = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    other = make_role(name="other", service="events.amazonaws.com")
    with refused("ValidationException", sentence):
        schedule(target={"RoleArn": other})
    with refused("ValidationException", sentence):
        schedule(target={"RoleArn": other.replace("other", "none")})


def test_the_role_may_insist_on_the_group_as_the_source(schedule, make_role, aws, refused):
    group = f"arn:aws:scheduler:us-east-1:{aws.account}:schedule-group/default"
    trusting = make_role(name="ours", condition={"StringEquals": {"aws:SourceArn": group}})
    schedule(target={"RoleArn": trusting})
    other = make_role(name="others", condition={"StringEquals": {"aws:SourceArn": group + "2"}})
    with refused("ValidationException", "The execution role"):
        schedule(name="t", target={"RoleArn": other})


def test_whoever_may_not_pass_the_role_is_refused(aws, schedule, role, queue, refused):
    iam = aws("iam")
    iam.create_user(UserName="u")
    statement = {"Effect": "Allow", "Action": "scheduler:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    client = aws("scheduler", credentials=key)
    with refused("AccessDeniedException", "iam:PassRole"):
        client.create_schedule(
            Name="s",
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow=OFF,
            Target={"Arn": queue.arn, "RoleArn": role},
        )


# -- being due


def test_a_one_time_schedule_comes_once_and_stays(scheduler, schedule, queue, clock):
    schedule(at(clock, minutes=10))
    clock.advance(minutes=9)
    assert queue.bodies() == []
    clock.advance(minutes=2)
    assert queue.bodies() == ["hello"]
    clock.advance(days=1)
    assert queue.bodies() == []
    assert scheduler.get_schedule(Name="s")["State"] == "ENABLED"


def test_a_schedule_may_go_after_its_last_invocation(scheduler, schedule, queue, clock, refused):
    schedule(at(clock, minutes=10), ActionAfterCompletion="DELETE")
    clock.advance(minutes=11)
    assert queue.bodies() == ["hello"]
    with refused("ResourceNotFoundException"):
        scheduler.get_schedule(Name="s")


def test_a_moment_long_past_does_not_come(schedule, queue, clock):
    schedule("at(2020-01-01T00:00:00)")
    clock.advance(minutes=5)
    assert queue.bodies() == []


def test_a_moment_of_the_last_minute_still_comes(schedule, queue, clock):
    schedule(at(clock, seconds=-30))
    clock.advance(seconds=1)
    assert queue.bodies() == ["hello"]


def test_a_rate_begins_at_once_and_goes_on(schedule, queue, clock):
    schedule("rate(10 minutes)")
    clock.advance(seconds=1)
    assert queue.bodies() == ["hello"]
    clock.advance(minutes=35)
    assert queue.bodies() == ["hello"] * 3


def test_a_rate_begins_with_its_start_date_and_ends_with_its_end_date(scheduler, schedule, queue, clock, refused):
    start = now(clock) + timedelta(hours=1)
    schedule("rate(10 minutes)", StartDate=start, EndDate=start + timedelta(minutes=25), ActionAfterCompletion="DELETE")
    clock.advance(minutes=59)
    assert queue.bodies() == []
    clock.advance(minutes=2)
    assert queue.bodies() == ["hello"]
    clock.advance(hours=2)
    assert queue.bodies() == ["hello"] * 2
    with refused("ResourceNotFoundException"):
        scheduler.get_schedule(Name="s")


def test_a_cron_expression_goes_by_the_clock_of_its_time_zone(schedule, queue, clock):
    schedule(
        "cron(30 9 * * ? *)",
        ScheduleExpressionTimezone="Asia/Kolkata",
        target={"Input": "<aws.scheduler.scheduled-time>"},
    )
    clock.advance(days=2)
    assert {text[10:] for text in queue.bodies()} == {"T04:00:00Z"}


def test_a_disabled_schedule_does_not_come(scheduler, schedule, queue, role, clock):
    schedule("rate(10 minutes)", State="DISABLED")
    clock.advance(hours=1)
    assert queue.bodies() == []
    scheduler.update_schedule(
        Name="s",
        ScheduleExpression="rate(10 minutes)",
        FlexibleTimeWindow=OFF,
        Target={"Arn": queue.arn, "RoleArn": role, "Input": "again"},
    )
    clock.advance(minutes=11)
    assert queue.bodies() == ["again"]


def test_a_deleted_schedule_does_not_come(scheduler, schedule, queue, clock):
    schedule(at(clock, minutes=10))
    scheduler.delete_schedule(Name="s")
    clock.advance(hours=1)
    assert queue.bodies() == []


def test_a_flexible_schedule_comes_within_its_window(schedule, queue, clock):
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30}
    for number in range(8):
        schedule(at(clock, minutes=10), name=f"s{number}", FlexibleTimeWindow=window)
    clock.advance(minutes=9)
    assert queue.bodies() == []
    arrived = []
    for _ in range(4):
        clock.advance(minutes=8)
        arrived.append(len(queue.bodies()))
    assert sum(arrived) == 8
    assert max(arrived) < 8  # not all at the same moment
