"""Rules, their schedules, and the language of patterns as EventBridge takes it."""

import json

import pytest

from fogbank.services.events import limits


@pytest.fixture
def rule(events):
    def rule(name="rule", pattern='{"source": ["shop"]}', **options):
        return events.put_rule(Name=name, **({"EventPattern": pattern} if pattern else {}), **options)["RuleArn"]

    return rule


def test_a_rule_is_described_as_it_was_put(aws, events, rule):
    arn = rule(Description="orders", State="DISABLED")
    found = events.describe_rule(Name="rule")
    del found["ResponseMetadata"]
    assert found == {
        "Name": "rule",
        "Arn": arn,
        "EventPattern": '{"source": ["shop"]}',
        "State": "DISABLED",
        "Description": "orders",
        "EventBusName": "default",
        "CreatedBy": aws.account,
    }
    assert arn == f"arn:aws:events:us-east-1:{aws.account}:rule/rule"


def test_the_arn_of_a_rule_names_a_bus_that_is_not_the_default_one(aws, events, rule):
    events.create_event_bus(Name="orders")
    assert rule(EventBusName="orders") == f"arn:aws:events:us-east-1:{aws.account}:rule/orders/rule"


def test_putting_a_rule_again_replaces_all_but_its_targets(events, queue, rule):
    rule(Description="old")
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": queue.arn}])
    rule(pattern='{"source": ["store"]}')
    assert "Description" not in events.describe_rule(Name="rule")
    assert len(events.list_targets_by_rule(Rule="rule")["Targets"]) == 1


def test_rules_are_listed_by_name_and_page(events, rule):
    for name in ("b", "a", "c", "x"):
        rule(name)
    assert [each["Name"] for each in events.list_rules(NamePrefix="x")["Rules"]] == ["x"]
    pages = events.get_paginator("list_rules").paginate(PaginationConfig={"PageSize": 2})
    assert [[each["Name"] for each in page["Rules"]] for page in pages] == [["a", "b"], ["c", "x"]]


def test_a_token_that_is_none_is_refused(events, refused):
    with refused("ValidationException", "NextToken"):
        events.list_rules(NextToken="garbage")


def test_a_rule_with_targets_cannot_be_deleted(events, queue, make_rule, refused):
    make_rule(queue.arn)
    with refused("ValidationException", "Rule can't be deleted since it has targets."):
        events.delete_rule(Name="rule")
    events.remove_targets(Rule="rule", Ids=["1"])
    events.delete_rule(Name="rule")
    with refused("ResourceNotFoundException", "Rule rule does not exist on EventBus default."):
        events.describe_rule(Name="rule")


def test_deleting_a_rule_that_is_not_there_does_nothing(events):
    events.delete_rule(Name="nothing")


@pytest.mark.parametrize(
    "options, code, message",
    [
        ({"pattern": None}, "ValidationException", "EventPattern or ScheduleExpression must be specified."),
        (
            {"pattern": "{"},
            "InvalidEventPatternException",
            "Event pattern is not valid. Reason: Unexpected end-of-input",
        ),
        (
            {"pattern": '{"source":"shop"}'},
            "InvalidEventPatternException",
            'Event pattern is not valid. Reason: "source" must be an object or an array\n at [Source: (String)"{"source"'
            ':"shop"}"; line: 1, column: 12]',
        ),
        (
            {"ScheduleExpression": "rate(1 minutes)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
        ({"ScheduleExpression": "at(2030-01-01T00:00:00)"}, "ValidationException", "ScheduleExpression is not valid."),
        ({"EventBusName": "nowhere"}, "ResourceNotFoundException", "Event bus nowhere does not exist."),
        ({"name": "a b"}, "ValidationException", "regular expression pattern"),
    ],
)
def test_refused(events, rule, refused, options, code, message):
    with refused(code, message):
        rule(**options)
    assert events.list_rules()["Rules"] == []


def test_schedules_are_for_the_default_bus(events, rule, refused):
    events.create_event_bus(Name="orders")
    with refused("ValidationException", "ScheduleExpression is supported only on the default event bus."):
        rule(EventBusName="orders", ScheduleExpression="rate(1 minute)")


def test_a_bus_has_300_rules(events, rule, refused, monkeypatch):
    assert limits.RULES_PER_BUS == 300
    monkeypatch.setattr(limits, "RULES_PER_BUS", 3)
    for number in range(3):
        rule(str(number))
    with refused("LimitExceededException", "The requested resource exceeds the maximum number allowed."):
        rule("one-too-many")


# -- schedules


def test_a_rule_fires_at_its_rate(aws, events, queue, make_rule, clock):
    arn = make_rule(queue.arn, pattern=None, ScheduleExpression="rate(5 minutes)")
    clock.advance(minutes=4)
    assert queue.bodies() == []
    clock.advance(minutes=12)
    found = queue.events()
    assert len(found) == 3
    assert {key: found[0][key] for key in ("detail-type", "source", "resources", "detail", "account")} == {
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "resources": [arn],
        "detail": {},
        "account": aws.account,
    }


def test_a_rule_fires_by_the_calendar(queue, make_rule, clock):
    make_rule(queue.arn, pattern=None, ScheduleExpression="cron(30 6 * * ? *)")
    clock.advance(days=3)
    assert {event["time"][10:] for event in queue.events()} == {"T06:30:00Z"}


def test_a_disabled_rule_does_not_fire(events, queue, make_rule, clock):
    make_rule(queue.arn, pattern=None, ScheduleExpression="rate(1 minute)")
    events.disable_rule(Name="rule")
    clock.advance(minutes=5)
    assert queue.bodies() == []
    events.enable_rule(Name="rule")
    clock.advance(minutes=2, seconds=1)
    assert len(queue.bodies()) == 2


def test_a_deleted_rule_does_not_fire(events, queue, make_rule, clock):
    make_rule(queue.arn, pattern=None, ScheduleExpression="rate(1 minute)")
    events.remove_targets(Rule="rule", Ids=["1"])
    events.delete_rule(Name="rule")
    clock.advance(minutes=5)
    assert queue.bodies() == []


# -- TestEventPattern

EVENT = {
    "id": "1",
    "account": "123456789012",
    "source": "shop",
    "time": "2030-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail-type": "Order",
    "detail": {"total": 5},
}


def test_a_pattern_can_be_tried(events):
    def result(pattern):
        return events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(EVENT))["Result"]

    assert result({"detail": {"total": [{"numeric": ["<", 10]}]}})
    assert not result({"detail": {"total": [{"numeric": [">", 10]}]}})


@pytest.mark.parametrize("missing", ["id", "account", "source", "time", "region", "resources", "detail-type"])
def test_an_event_that_is_not_whole_is_refused(events, refused, missing):
    event = {name: value for name, value in EVENT.items() if name != missing}
    with refused("ValidationException", "Parameter Event is not valid."):
        events.test_event_pattern(EventPattern='{"source": ["shop"]}', Event=json.dumps(event))


@pytest.mark.parametrize("event", ["{", "[]"])
def test_what_is_no_event_is_refused(events, refused, event):
    with refused("ValidationException", "Parameter Event is not valid."):
        events.test_event_pattern(EventPattern='{"source": ["shop"]}', Event=event)


def test_what_is_no_pattern_is_refused(events, refused):
    with refused("InvalidEventPatternException", "Event pattern is not valid. Reason: Empty arrays are not allowed"):
        events.test_event_pattern(EventPattern='{"source": []}', Event=json.dumps(EVENT))


# -- tags


def test_tags_of_a_rule(events, rule):
    arn = rule(Tags=[{"Key": "team", "Value": "a"}])
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": "test"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": "test"}]


def test_tags_of_a_rule_that_is_not_there(events, rule, refused):
    arn = rule()
    with refused("ResourceNotFoundException", "Rule other does not exist on EventBus default."):
        events.list_tags_for_resource(ResourceARN=arn[:-4] + "other")
