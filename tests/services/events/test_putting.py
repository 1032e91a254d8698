"""PutEvents: which entries are taken, and what arrives."""

import json

import pytest


def test_an_event_arrives_in_its_envelope(aws, queue, make_rule, put):
    make_rule(queue.arn)
    id = put({"order": 7}, Resources=["arn:aws:x"], Time=1893456000)["EventId"]
    assert queue.events() == [
        {
            "version": "0",
            "id": id,
            "detail-type": "Order",
            "source": "shop",
            "account": aws.account,
            "time": "2030-01-01T00:00:00Z",
            "region": "us-east-1",
            "resources": ["arn:aws:x"],
            "detail": {"order": 7},
        }
    ]


def test_an_event_that_fits_no_rule_arrives_nowhere(queue, make_rule, put):
    make_rule(queue.arn, pattern={"detail": {"total": [{"numeric": [">", 100]}]}})
    put({"total": 50})
    put({"total": 150})
    assert [event["detail"]["total"] for event in queue.events()] == [150]


def test_an_event_arrives_at_all_targets_of_all_rules_that_it_fits(events, make_queue, make_rule, put):
    queues = [make_queue(name) for name in ("a", "b", "c")]
    make_rule(queues[0].arn, "one")
    events.put_targets(Rule="one", Targets=[{"Id": "2", "Arn": queues[1].arn}])
    make_rule(queues[2].arn, "two", pattern={"detail-type": [{"prefix": "Ord"}]})
    put()
    assert [len(queue.bodies()) for queue in queues] == [1, 1, 1]


def test_a_disabled_rule_matches_nothing_until_it_is_enabled(events, queue, make_rule, put):
    make_rule(queue.arn, State="DISABLED")
    put()
    events.enable_rule(Name="rule")
    put()
    events.disable_rule(Name="rule")
    put()
    assert len(queue.bodies()) == 1


def test_each_entry_succeeds_or_fails_by_itself(events, queue, make_rule):
    make_rule(queue.arn)
    good = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
    entries = [
        good,
        {**good, "Source": ""},
        {"Source": "shop", "Detail": "{}"},
        {"Source": "shop", "DetailType": "Order"},
        {**good, "Detail": "{"},
        {**good, "Detail": "[]"},
        {**good, "Source": "aws.ec2"},
    ]
    answer = events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 6
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None,
        "InvalidArgument",
        "InvalidArgument",
        "InvalidArgument",
        "MalformedDetail",
        "MalformedDetail",
        "NotAuthorizedForSourceException",
    ]
    assert answer["Entries"][2]["ErrorMessage"] == (
        "Parameter DetailType is not valid. Reason: DetailType is a required argument."
    )
    assert len(queue.bodies()) == 1


def test_more_than_ten_entries_are_refused(events, refused):
    with refused("ValidationException", "less than or equal to 10"):
        events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "{}"}] * 11)


def test_entries_have_one_megabyte_together(events, refused):
    half = {"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"x": "x" * 520_000})}
    assert events.put_events(Entries=[half, half])["FailedEntryCount"] == 0
    with refused("ValidationException", "Total size of the entries in the request is over the limit."):
        events.put_events(Entries=[half, half, {**half, "Detail": json.dumps({"x": "x" * 20_000})}])


def test_an_event_for_a_bus_that_is_not_there_is_taken(put):
    assert "EventId" in put(EventBusName="nowhere")


def test_a_bus_in_another_region_is_refused(aws, put):
    entry = put(EventBusName=f"arn:aws:events:eu-west-1:{aws.account}:event-bus/default")
    assert entry["ErrorCode"] == "InvalidArgument"


def test_buses_do_not_hear_of_each_others_events(events, make_queue, make_rule, put):
    events.create_event_bus(Name="orders")
    default, orders = make_queue("default"), make_queue("orders")
    make_rule(default.arn, "all")
    make_rule(orders.arn, "all", bus="orders")
    put({"bus": "default"})
    put({"bus": "orders"}, EventBusName="orders")
    assert [event["detail"]["bus"] for event in default.events()] == ["default"]
    assert [event["detail"]["bus"] for event in orders.events()] == ["orders"]


def test_a_bus_can_be_named_by_its_arn(events, queue, make_rule, put):
    arn = events.create_event_bus(Name="orders")["EventBusArn"]
    make_rule(queue.arn, bus=arn)
    put(EventBusName=arn)
    assert len(queue.bodies()) == 1


# -- other accounts


@pytest.fixture
def other(aws):
    return aws("events", account="210987654321")


def test_a_strangers_event_is_refused(aws, other, put, refused):
    with refused("AccessDeniedException", "events:PutEvents"):
        put(client=other, EventBusName=f"arn:aws:events:us-east-1:{aws.account}:event-bus/default")


def test_a_bus_policy_lets_an_account_in(aws, events, other, queue, make_rule, put):
    events.put_permission(Action="events:PutEvents", Principal="210987654321", StatementId="them")
    make_rule(queue.arn)
    put(client=other, EventBusName=f"arn:aws:events:us-east-1:{aws.account}:event-bus/default")
    assert [event["account"] for event in queue.events()] == ["210987654321"]


def test_a_bus_policy_can_look_at_the_source(aws, events, other, put, refused):
    arn = f"arn:aws:events:us-east-1:{aws.account}:event-bus/default"
    statement = {
        "Sid": "them",
        "Effect": "Allow",
        "Principal": {"AWS": "210987654321"},
        "Action": "events:PutEvents",
        "Resource": arn,
        "Condition": {"StringEquals": {"events:source": "shop"}},
    }
    events.put_permission(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert "EventId" in put(client=other, EventBusName=arn)
    with refused("AccessDeniedException"):
        put(client=other, EventBusName=arn, Source="store")


# -- permissions


def test_a_user_puts_the_events_that_a_policy_allows(aws, put, refused):
    iam = aws("iam")
    iam.create_user(UserName="ann")
    keys = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = aws("events", credentials=keys)
    with refused("AccessDeniedException", "events:PutEvents"):
        put(client=ann)
    condition = {"StringEquals": {"events:detail-type": "Order"}}
    statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*", "Condition": condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy)
    assert "EventId" in put(client=ann)
    with refused("AccessDeniedException"):
        put(client=ann, DetailType="Refund")
