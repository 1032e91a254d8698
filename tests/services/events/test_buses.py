"""Buses: their life, their policies, and events that go from one to another."""

import json

import pytest

OTHER = "210987654322"


def test_a_bus_is_described_as_it_was_made(aws, events, make_queue):
    dead = make_queue("dead")
    options = {
        "Description": "orders",
        "DeadLetterConfig": {"Arn": dead.arn},
        "LogConfig": {"Level": "INFO", "IncludeDetail": "FULL"},
        "KmsKeyIdentifier": "alias/orders",
    }
    made = events.create_event_bus(Name="orders", **options)
    found = events.describe_event_bus(Name="orders")
    assert made["EventBusArn"] == found["Arn"] == f"arn:aws:events:us-east-1:{aws.account}:event-bus/orders"
    assert {name: found[name] for name in options} == options
    assert found["CreationTime"] == found["LastModifiedTime"]
    assert "Policy" not in found


def test_the_default_bus_is_there(aws, events):
    found = events.describe_event_bus()
    assert found["Name"] == "default"
    assert found["Arn"] == f"arn:aws:events:us-east-1:{aws.account}:event-bus/default"


def test_buses_are_listed_by_name(events):
    for name in ("orders", "audit"):
        events.create_event_bus(Name=name)
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["audit", "default", "orders"]
    assert [bus["Name"] for bus in events.list_event_buses(NamePrefix="or")["EventBuses"]] == ["orders"]
    first = events.list_event_buses(Limit=2)
    second = events.list_event_buses(Limit=2, NextToken=first["NextToken"])
    assert [bus["Name"] for bus in first["EventBuses"] + second["EventBuses"]] == ["audit", "default", "orders"]
    assert "NextToken" not in second


def test_what_is_named_of_a_bus_changes(events):
    events.create_event_bus(Name="orders", Description="old", KmsKeyIdentifier="alias/a")
    events.update_event_bus(Name="orders", Description="new")
    found = events.describe_event_bus(Name="orders")
    assert (found["Description"], found["KmsKeyIdentifier"]) == ("new", "alias/a")


@pytest.mark.parametrize(
    "name, code, message",
    [
        ("default", "ResourceAlreadyExistsException", "Event bus default already exists."),
        ("a/b", "ValidationException", "Event bus name must not contain '/'."),
        ("aws.x", "ValidationException", "Event bus name must not start with 'aws.'."),
        ("a b", "ValidationException", "regular expression pattern"),
    ],
)
def test_a_name_is_refused(events, refused, name, code, message):
    with refused(code, message):
        events.create_event_bus(Name=name)


def test_a_bus_is_deleted(events, refused):
    events.create_event_bus(Name="orders")
    events.delete_event_bus(Name="orders")
    events.delete_event_bus(Name="orders")
    with refused("ResourceNotFoundException", "Event bus orders does not exist."):
        events.describe_event_bus(Name="orders")


def test_the_default_bus_cannot_be_deleted(events, refused):
    with refused("ValidationException", "Cannot delete event bus default."):
        events.delete_event_bus(Name="default")


def test_a_bus_with_rules_cannot_be_deleted(events, refused):
    events.create_event_bus(Name="orders")
    events.put_rule(Name="rule", EventBusName="orders", EventPattern='{"source": ["shop"]}')
    with refused("ValidationException", "since it has rules"):
        events.delete_event_bus(Name="orders")


def test_tags_of_a_bus(events):
    arn = events.create_event_bus(Name="orders", Tags=[{"Key": "a", "Value": "1"}])["EventBusArn"]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


# -- policies


def policy(events):
    return json.loads(events.describe_event_bus().get("Policy", "{}"))


def test_permissions_are_statements_of_the_policy(aws, events):
    events.put_permission(Action="events:PutEvents", Principal=OTHER, StatementId="them")
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1234567890"}
    events.put_permission(Action="events:PutEvents", Principal="*", StatementId="all", Condition=condition)
    arn = f"arn:aws:events:us-east-1:{aws.account}:event-bus/default"
    assert policy(events)["Statement"] == [
        {
            "Sid": "them",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
            "Action": "events:PutEvents",
            "Resource": arn,
        },
        {
            "Sid": "all",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "events:PutEvents",
            "Resource": arn,
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}},
        },
    ]


def test_permissions_are_removed_by_id_or_all(events, refused):
    for id in ("a", "b"):
        events.put_permission(Action="events:PutEvents", Principal=OTHER, StatementId=id)
    events.remove_permission(StatementId="a")
    assert [statement["Sid"] for statement in policy(events)["Statement"]] == ["b"]
    with refused("ResourceNotFoundException", "Statement with the provided id does not exist"):
        events.remove_permission(StatementId="a")
    events.remove_permission(RemoveAllPermissions=True)
    assert policy(events) == {}
    with refused("ResourceNotFoundException", "EventBus does not have a policy."):
        events.remove_permission(StatementId="a")


def test_a_policy_that_is_none_is_refused(events, refused):
    with refused("ValidationException", "Parameter Policy is not valid."):
        events.put_permission(Policy='{"Statement": 1}')
    assert policy(events) == {}


def test_a_policy_has_ten_kilobytes(events, refused):
    statement = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "events:PutEvents", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [{**statement, "Sid": "x" * 10_300}]}
    with refused("PolicyLengthExceededException"):
        events.put_permission(Policy=json.dumps(document))


# -- from bus to bus


def test_an_event_goes_on_to_another_bus_as_it_is(events, queue, make_rule, put):
    orders = events.create_event_bus(Name="orders")["EventBusArn"]
    make_rule(orders)
    make_rule(queue.arn, bus="orders")
    id = put({"order": 1})["EventId"]
    assert [(event["id"], event["detail"]) for event in queue.events()] == [(id, {"order": 1})]


def test_an_event_does_not_go_on_to_a_third_bus(events, queue, make_queue, make_rule, put):
    second = events.create_event_bus(Name="second")["EventBusArn"]
    third = events.create_event_bus(Name="third")["EventBusArn"]
    dead = make_queue("dead")
    make_rule(second)
    make_rule(third, bus="second", target={"DeadLetterConfig": {"Arn": dead.arn}})
    make_rule(queue.arn, bus="third")
    put()
    assert queue.bodies() == []
    (message,) = dead.messages()
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "THIRD_ACCOUNT_HOP_DETECTED"


def test_buses_that_send_each_other_events_come_to_an_end(events, queue, make_rule, put):
    make_rule(events.describe_event_bus()["Arn"], "again")
    make_rule(queue.arn, "queue")
    put()
    assert len(queue.bodies()) == 2


def test_an_event_goes_on_to_another_region(aws, events, make_role, make_rule, put):
    from tests.services.events.conftest import Queue

    there = Queue(aws("sqs", region="eu-west-1"), "queue")
    bus = f"arn:aws:events:eu-west-1:{aws.account}:event-bus/default"
    make_rule(bus, target={"RoleArn": make_role("events:PutEvents")})
    make_rule(there.arn, client=aws("events", region="eu-west-1"))
    put()
    assert [event["region"] for event in there.events()] == ["us-east-1"]


def test_a_bus_of_another_account_or_region_needs_a_role(aws, events, refused):
    events.put_rule(Name="rule", EventPattern='{"source": ["shop"]}')
    for place in (f"us-east-1:{OTHER}", f"eu-west-1:{aws.account}"):
        bus = f"arn:aws:events:{place}:event-bus/default"
        with refused("ValidationException", f"RoleArn is required for target {bus}."):
            events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": bus}])


def test_an_event_goes_on_to_an_account_that_lets_it_in(aws, events, make_queue, make_role, make_rule, put):
    from tests.services.events.conftest import Queue

    them = aws("events", account=OTHER)
    there, dead = Queue(aws("sqs", account=OTHER), "queue"), make_queue("dead")
    bus = them.create_event_bus(Name=f"bus-{aws.account}")["EventBusArn"]
    make_rule(bus, target={"RoleArn": make_role("events:PutEvents"), "DeadLetterConfig": {"Arn": dead.arn}})
    make_rule(there.arn, f"rule-{aws.account}", bus=bus, client=them)
    put({"order": 1})
    (message,) = dead.messages()
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    name = f"bus-{aws.account}"
    them.put_permission(EventBusName=name, Action="events:PutEvents", Principal=aws.account, StatementId="us")
    put({"order": 2})
    assert [(event["account"], event["detail"]["order"]) for event in there.events()] == [(aws.account, 2)]
