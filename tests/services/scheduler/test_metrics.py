"""What schedule groups tell CloudWatch: `AWS/Scheduler`."""

from __future__ import annotations

import pytest

from tests.services.metering import told

MISSING = "arn:aws:sqs:us-east-1:{}:missing"
ONCE = {"MaximumRetryAttempts": 0}


@pytest.fixture
def metrics(aws, clock):
    return lambda: told(aws, clock, "AWS/Scheduler", ScheduleGroup="default")


def test_attempts_are_counted(schedule, clock, metrics):
    schedule("rate(1 minute)")
    clock.advance(seconds=1)
    found = metrics()
    assert set(found) == {"InvocationAttemptCount"} and found["InvocationAttemptCount"] >= 1


def test_what_is_given_up_is_dropped_and_goes_to_the_dead_letters(aws, schedule, make_queue, clock, metrics):
    dead = make_queue("dead")
    target = {"Arn": MISSING.format(aws.account), "RetryPolicy": ONCE, "DeadLetterConfig": {"Arn": dead.arn}}
    schedule("rate(1 hour)", target=target)
    clock.advance(seconds=1)
    found = metrics()
    assert found["TargetErrorCount"] == found["InvocationDroppedCount"] == 1
    assert found["InvocationsSentToDeadLetterCount"] == 1


def test_dead_letters_that_their_queue_refuses_are_counted(aws, schedule, clock, metrics):
    missing = MISSING.format(aws.account)
    schedule("rate(1 hour)", target={"Arn": missing, "RetryPolicy": ONCE, "DeadLetterConfig": {"Arn": missing}})
    clock.advance(seconds=1)
    assert metrics()["InvocationsFailedToBeSentToDeadLetterCount"] == 1
