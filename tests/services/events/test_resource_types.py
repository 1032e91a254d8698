"""AWS::Events::* through Cloud Control."""

import pytest

from tests.services.cloud_client import Cloud


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_rule_with_its_targets(cloud, events, queue, put):
    events.create_event_bus(Name="orders")
    pattern = {"source": ["shop"]}
    targets = [{"Id": "a", "Arn": queue.arn}]
    arn = cloud.create("AWS::Events::Rule", Name="r", EventBusName="orders", EventPattern=pattern, Targets=targets)
    put(EventBusName="orders")
    assert len(queue.bodies()) == 1
    cloud.update(
        "AWS::Events::Rule",
        arn,
        {"op": "replace", "path": "/Targets", "value": [{"Id": "b", "Arn": queue.arn, "Input": "1"}]},
        {"op": "add", "path": "/Tags", "value": [{"Key": "team", "Value": "a"}]},
    )
    assert cloud.read("AWS::Events::Rule", arn) == {
        "Arn": arn,
        "Name": "r",
        "EventBusName": "orders",
        "EventPattern": pattern,
        "State": "ENABLED",
        "Targets": [{"Id": "b", "Arn": queue.arn, "Input": "1"}],
        "Tags": [{"Key": "team", "Value": "a"}],
    }
    cloud.delete("AWS::Events::Rule", arn)
    assert events.list_rules(EventBusName="orders")["Rules"] == []


def test_a_bus_with_its_policy(cloud, events):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    id = cloud.create("AWS::Events::EventBus", Name="orders", Policy=policy, Description="a")
    assert cloud.read("AWS::Events::EventBus", id)["Policy"] == policy
    cloud.update(
        "AWS::Events::EventBus",
        id,
        {"op": "replace", "path": "/Description", "value": "b"},
        {"op": "remove", "path": "/Policy"},
    )
    found = events.describe_event_bus(Name="orders")
    assert (found["Description"], "Policy" in found) == ("b", False)
    cloud.delete("AWS::Events::EventBus", id)


def test_a_statement_of_a_policy(cloud, events):
    id = cloud.create("AWS::Events::EventBusPolicy", StatementId="s", Action="events:PutEvents", Principal="*")
    assert id == "default|s"
    assert cloud.read("AWS::Events::EventBusPolicy", id)["Statement"]["Principal"] == "*"
    cloud.delete("AWS::Events::EventBusPolicy", id)
    assert "Policy" not in events.describe_event_bus()


def test_an_archive(cloud, events):
    arn = events.describe_event_bus()["Arn"]
    id = cloud.create("AWS::Events::Archive", ArchiveName="a", SourceArn=arn, EventPattern={"source": ["shop"]})
    cloud.update("AWS::Events::Archive", id, {"op": "add", "path": "/RetentionDays", "value": 3})
    found = cloud.read("AWS::Events::Archive", id)
    assert (found["RetentionDays"], found["EventPattern"]) == (3, {"source": ["shop"]})
    cloud.delete("AWS::Events::Archive", id)


def test_a_connection_and_its_destination(cloud, events):
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    connection = cloud.create("AWS::Events::Connection", Name="c", AuthorizationType="API_KEY", AuthParameters=key)
    found = cloud.read("AWS::Events::Connection", connection)
    assert "AuthParameters" not in found
    options = {"InvocationEndpoint": "https://example.com", "HttpMethod": "POST", "ConnectionArn": found["Arn"]}
    id = cloud.create("AWS::Events::ApiDestination", Name="d", **options)
    cloud.update("AWS::Events::ApiDestination", id, {"op": "replace", "path": "/HttpMethod", "value": "PUT"})
    assert cloud.read("AWS::Events::ApiDestination", id)["HttpMethod"] == "PUT"
    cloud.delete("AWS::Events::ApiDestination", id)
    cloud.delete("AWS::Events::Connection", connection)


def test_a_global_endpoint(aws, cloud, events):
    arns = [
        aws("events", region=region).create_event_bus(Name="o")["EventBusArn"] for region in ("us-east-1", "us-west-2")
    ]
    check = "arn:aws:route53:::healthcheck/00000000-0000-0000-0000-000000000000"
    id = cloud.create(
        "AWS::Events::Endpoint",
        Name="e",
        RoutingConfig={"FailoverConfig": {"Primary": {"HealthCheck": check}, "Secondary": {"Route": "us-west-2"}}},
        ReplicationConfig={"State": "DISABLED"},
        EventBuses=[{"EventBusArn": arn} for arn in arns],
    )
    assert cloud.read("AWS::Events::Endpoint", id)["State"] == "ACTIVE"
    cloud.delete("AWS::Events::Endpoint", id)
