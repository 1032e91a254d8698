"""Archives and replays."""

import json
import time

import pytest

SHOP = '{"source": ["shop"]}'  # and not the calls of the tests, which are events of the bus, too


@pytest.fixture
def bus(events):
    return events.describe_event_bus()["Arn"]


@pytest.fixture
def archive(events, bus):
    return events.create_archive(ArchiveName="all", EventSourceArn=bus, EventPattern=SHOP)["ArchiveArn"]


@pytest.fixture
def replay(events, bus, archive):
    def replay(name="again", since=-3600, until=3600, rules=None):
        destination = {"Arn": bus, **({"FilterArns": rules} if rules else {})}
        now = time.time()
        return events.start_replay(
            ReplayName=name,
            EventSourceArn=archive,
            EventStartTime=now + since,
            EventEndTime=now + until,
            Destination=destination,
        )

    return replay


def test_an_archive_counts_what_it_keeps(events, archive, put):
    for order in range(3):
        put({"order": order})
    found = events.describe_archive(ArchiveName="all")
    assert (found["State"], found["EventCount"], found["RetentionDays"]) == ("ENABLED", 3, 0)
    assert found["SizeBytes"] > 300


def test_an_archive_keeps_what_fits_its_pattern(events, bus, put):
    events.create_archive(ArchiveName="large", EventSourceArn=bus, EventPattern='{"detail": {"size": ["L"]}}')
    put({"size": "L"})
    put({"size": "S"})
    assert events.describe_archive(ArchiveName="large")["EventCount"] == 1


def test_an_archive_has_a_managed_rule(events, archive, refused):
    (rule,) = events.list_rules()["Rules"]
    assert rule["Name"] == "Events-Archive-all"
    assert rule["ManagedBy"] == "prod.vhs.events.aws.internal"
    assert json.loads(rule["EventPattern"]) == {"source": ["shop"], "replay-name": [{"exists": False}]}
    for change in (events.disable_rule, events.delete_rule):
        with refused("ManagedRuleException", "This rule was created by an Amazon Web Services service"):
            change(Name="Events-Archive-all")
    events.delete_archive(ArchiveName="all")
    assert events.list_rules()["Rules"] == []


def test_events_are_kept_for_the_days_of_retention(events, bus, put, clock):
    events.create_archive(ArchiveName="short", EventSourceArn=bus, EventPattern=SHOP, RetentionDays=2)
    put()
    clock.advance(days=1)
    put()
    clock.advance(days=1, seconds=10)
    assert events.describe_archive(ArchiveName="short")["EventCount"] == 1
    clock.advance(days=1)
    assert events.describe_archive(ArchiveName="short")["EventCount"] == 0


def test_a_shorter_retention_counts_for_what_is_there(events, archive, put, clock):
    put()
    clock.advance(days=3)
    events.update_archive(ArchiveName="all", RetentionDays=1)
    clock.advance(seconds=1)
    assert events.describe_archive(ArchiveName="all")["EventCount"] == 0


def test_archives_are_listed(events, bus, archive):
    events.create_event_bus(Name="orders")
    orders = events.describe_event_bus(Name="orders")["Arn"]
    events.create_archive(ArchiveName="orders", EventSourceArn=orders)
    assert [each["ArchiveName"] for each in events.list_archives()["Archives"]] == ["all", "orders"]
    assert [each["ArchiveName"] for each in events.list_archives(EventSourceArn=orders)["Archives"]] == ["orders"]


def test_refused_archives(events, bus, archive, refused):
    with refused("ResourceAlreadyExistsException", "Archive all already exists."):
        events.create_archive(ArchiveName="all", EventSourceArn=bus)
    with refused(
        "ValidationException", "Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN."
    ):
        events.create_archive(ArchiveName="x", EventSourceArn=bus.replace("event-bus/", "rule/"))
    with refused("ResourceNotFoundException", "Event bus nowhere does not exist."):
        events.create_archive(ArchiveName="x", EventSourceArn=bus.replace("/default", "/nowhere"))
    with refused("InvalidEventPatternException"):
        events.create_archive(ArchiveName="x", EventSourceArn=bus, EventPattern="{}")
    with refused("ResourceNotFoundException", "Archive x does not exist."):
        events.describe_archive(ArchiveName="x")


# -- replays


def test_archived_events_come_again(events, queue, make_rule, put, replay, clock):
    ids = [put({"order": order})["EventId"] for order in range(250)]
    make_rule(queue.arn)
    assert replay()["State"] == "STARTING"
    clock.advance(seconds=5)
    found = queue.events()
    assert sorted(event["id"] for event in found) == sorted(ids)
    assert {event["replay-name"] for event in found} == {"again"}
    described = events.describe_replay(ReplayName="again")
    assert described["State"] == "COMPLETED"
    assert described["ReplayEndTime"] >= described["ReplayStartTime"]
    assert described["EventLastReplayedTime"]
    assert events.describe_archive(ArchiveName="all")["EventCount"] == 250


def test_only_events_of_the_time_come_again(queue, make_rule, put, replay, clock):
    for hours in (5, 2):
        put({"hours": hours}, Time=time.time() - hours * 3600)
    make_rule(queue.arn)
    replay(since=-3 * 3600, until=-3600)
    clock.advance(seconds=5)
    assert [event["detail"]["hours"] for event in queue.events()] == [2]


def test_events_come_again_to_the_rules_that_are_named(make_queue, make_rule, put, replay, clock):
    one, two = make_queue("one"), make_queue("two")
    put()
    arn = make_rule(one.arn, "one")
    make_rule(two.arn, "two")
    replay(rules=[arn])
    clock.advance(seconds=5)
    assert (len(one.bodies()), len(two.bodies())) == (1, 0)


def test_a_replay_can_be_cancelled(events, queue, make_rule, put, replay, clock, refused):
    put()
    make_rule(queue.arn)
    replay()
    assert events.cancel_replay(ReplayName="again")["State"] == "CANCELLING"
    clock.advance(seconds=5)
    assert events.describe_replay(ReplayName="again")["State"] == "CANCELLED"
    assert queue.bodies() == []
    with refused("IllegalStatusException", "Replay again is not in a valid state for this operation."):
        events.cancel_replay(ReplayName="again")


def test_replays_are_listed(events, archive, replay):
    replay("b")
    replay("a")
    assert [each["ReplayName"] for each in events.list_replays(EventSourceArn=archive)["Replays"]] == ["a", "b"]
    assert events.list_replays(State="FAILED")["Replays"] == []


def test_refused_replays(events, bus, archive, replay, refused):
    with refused("ValidationException", "EventStartTime must be before EventEndTime."):
        replay(since=10, until=0)
    with refused("ValidationException", "Must contain ARNs of rules"):
        replay(rules=["arn:aws:events:us-east-1:1:rule/x"])
    options = {"ReplayName": "x", "EventStartTime": 1, "EventEndTime": 2}
    with refused("ValidationException", "Archive other does not exist."):
        events.start_replay(EventSourceArn=archive[:-3] + "other", Destination={"Arn": bus}, **options)
    orders = events.create_event_bus(Name="orders")["EventBusArn"]
    with refused("ValidationException", "Cross event bus replay is not permitted."):
        events.start_replay(EventSourceArn=archive, Destination={"Arn": orders}, **options)
    replay()
    with refused("ResourceAlreadyExistsException", "Replay again already exists."):
        replay()
