"""What rules and buses tell CloudWatch: `AWS/Events`."""

from __future__ import annotations

import pytest

from tests.services.metering import told

MISSING = "arn:aws:sqs:us-east-1:{}:missing"


@pytest.fixture
def metrics(aws, clock):
    return lambda statistic="Sum", **dimensions: told(aws, clock, "AWS/Events", statistic, **dimensions)


def test_requests_and_their_entries_are_counted(events, put, metrics):
    put()
    events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "no JSON"}])
    found = metrics()
    assert (found["PutEventsApproximateCallCount"], found["PutEventsApproximateSuccessCount"]) == (2, 1)
    assert (found["PutEventsEntriesCount"], found["PutEventsFailedEntriesCount"]) == (2, 1)
    assert found["PutEventsRequestSize"] == len('shopOrder{"order": 1}') + len("shopOrderno JSON")


def test_a_rule_counts_events_and_invocations(make_rule, queue, put, metrics):
    make_rule(queue.arn)
    put()
    put(Source="another")
    counted = ("MatchedEvents", "TriggeredRules", "Invocations", "InvocationAttempts", "SuccessfulInvocationAttempts")
    of_rule, of_all = metrics(RuleName="rule"), metrics()
    assert [of_rule[name] for name in counted] == [of_all[name] for name in counted] == [1] * 5
    assert of_all["InvocationsCreated"] == 1
    assert "FailedInvocations" not in of_rule


def test_a_rule_of_a_custom_bus_has_its_bus_as_a_dimension(events, make_rule, queue, put, metrics):
    events.create_event_bus(Name="orders")
    make_rule(queue.arn, bus="orders")
    put(EventBusName="orders")
    assert metrics(RuleName="rule", EventBusName="orders")["Invocations"] == 1
    assert metrics(RuleName="rule") == {}


def test_the_time_to_an_invocation_is_measured(make_rule, queue, put, metrics):
    make_rule(queue.arn)
    put()
    measured = metrics("SampleCount", RuleName="rule")
    assert measured["IngestionToInvocationStartLatency"] == measured["IngestionToInvocationSuccessLatency"] == 1


def test_an_invocation_that_cannot_succeed_has_failed_and_goes_to_the_dead_letters(
    aws, make_rule, make_queue, put, metrics
):
    dead = make_queue("dead")
    make_rule(MISSING.format(aws.account), target={"DeadLetterConfig": {"Arn": dead.arn}})
    put()
    found = metrics(RuleName="rule")
    assert (found["FailedInvocations"], found["Invocations"], found["InvocationsSentToDlq"]) == (1, 1, 1)


def test_dead_letters_that_their_queue_refuses_are_counted(aws, make_rule, put, metrics):
    missing = MISSING.format(aws.account)
    make_rule(missing, target={"DeadLetterConfig": {"Arn": missing}})
    put()
    assert metrics(RuleName="rule")["InvocationsFailedToBeSentToDlq"] == 1


def test_a_scheduled_rule_is_triggered(make_rule, queue, clock, metrics):
    make_rule(queue.arn, pattern=None, ScheduleExpression="rate(1 minute)")
    clock.advance(seconds=120)
    assert metrics(RuleName="rule")["TriggeredRules"] >= 2
