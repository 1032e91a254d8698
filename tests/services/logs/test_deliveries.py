"""Delivery sources, destinations, deliveries, and what is delivered."""

from __future__ import annotations

import gzip
import json
import time

import pytest


@pytest.fixture
def bus(aws):
    return aws("events").create_event_bus(Name="b")["EventBusArn"]


@pytest.fixture
def source(logs, bus):
    return logs.put_delivery_source(name="s", resourceArn=bus, logType="ERROR_LOGS", tags={"a": "b"})["deliverySource"]


def target(aws, name="/app"):
    return {"destinationResourceArn": f"arn:aws:logs:us-east-1:{aws.account}:log-group:{name}"}


@pytest.fixture
def destination(aws, logs, group):
    answer = logs.put_delivery_destination(name="d", outputFormat="json", deliveryDestinationConfiguration=target(aws))
    return answer["deliveryDestination"]


@pytest.fixture
def delivery(logs, source, destination):
    return logs.create_delivery(deliverySourceName="s", deliveryDestinationArn=destination["arn"])["delivery"]


@pytest.fixture
def vend(aws, fogbank_server):
    """Does what a service does that has logs about a resource."""

    def vend(resource, log_type, entries):
        async def hand_over():
            app = fogbank_server.app
            ctx = app.system_context("logs", aws.account, "us-east-1", "test")
            await ctx.transact(app.services["logs"].provided["vended"], ctx, resource, log_type, entries)

        fogbank_server.call(hand_over())

    return vend


def test_a_source_a_destination_and_a_delivery_are_described(aws, logs, bus, source, destination, delivery):
    assert (source["service"], source["resourceArns"], source["status"]) == ("events", [bus], "ACTIVE")
    assert destination["deliveryDestinationType"] == "CWL"
    assert (delivery["deliverySourceName"], delivery["deliveryDestinationType"]) == ("s", "CWL")
    assert logs.get_delivery(id=delivery["id"])["delivery"] == delivery
    assert logs.describe_deliveries(deliverySourceNames=["s"])["deliveries"] == [delivery]
    assert logs.get_delivery_source(name="s")["deliverySource"] == source
    assert logs.describe_delivery_sources(resourceArns=[bus])["deliverySources"] == [source]
    assert logs.get_delivery_destination(name="d")["deliveryDestination"] == destination
    assert logs.describe_delivery_destinations()["deliveryDestinations"] == [destination]


def test_what_is_delivered_from_cannot_be_deleted(logs, delivery, refused):
    with refused("ConflictException", "has deliveries"):
        logs.delete_delivery_source(name="s")
    with refused("ConflictException", "has deliveries"):
        logs.delete_delivery_destination(name="d")
    logs.delete_delivery(id=delivery["id"])
    logs.delete_delivery_source(name="s")
    logs.delete_delivery_destination(name="d")
    with refused("ResourceNotFoundException"):
        logs.get_delivery_source(name="s")


def test_a_source_has_one_delivery_of_each_type(logs, delivery, destination, refused):
    with refused("ConflictException", "a delivery to CWL already"):
        logs.create_delivery(deliverySourceName="s", deliveryDestinationArn=destination["arn"])


def test_a_delivery_can_be_changed(logs, delivery, refused):
    logs.update_delivery_configuration(id=delivery["id"], recordFields=["a"])
    assert logs.get_delivery(id=delivery["id"])["delivery"]["recordFields"] == ["a"]
    with refused("ValidationException", "S3 only"):
        logs.update_delivery_configuration(id=delivery["id"], s3DeliveryConfiguration={"suffixPath": "x"})


@pytest.mark.parametrize(
    "given, message",
    [
        ({}, "is required"),
        ({"deliveryDestinationConfiguration": {"destinationResourceArn": "arn:aws:sqs:us-east-1:1:q"}}, "cannot be"),
        (
            {
                "outputFormat": "w3c",
                "deliveryDestinationConfiguration": {"destinationResourceArn": "arn:aws:logs:us-east-1:1:log-group:a"},
            },
            "not valid",
        ),
    ],
)
def test_what_is_no_destination_is_refused(logs, refused, given, message):
    with refused("ValidationException", message):
        logs.put_delivery_destination(name="x", **given)


def test_policies_of_destinations_are_kept(logs, destination, refused):
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "logs:CreateDelivery", "Resource": "*"}],
        }
    )
    logs.put_delivery_destination_policy(deliveryDestinationName="d", deliveryDestinationPolicy=policy)
    assert logs.get_delivery_destination_policy(deliveryDestinationName="d")["policy"] == {
        "deliveryDestinationPolicy": policy
    }
    logs.delete_delivery_destination_policy(deliveryDestinationName="d")
    assert logs.get_delivery_destination_policy(deliveryDestinationName="d")["policy"] == {}
    with refused("ValidationException"):
        logs.put_delivery_destination_policy(deliveryDestinationName="d", deliveryDestinationPolicy="{")


def test_another_account_delivers_where_the_policy_lets_it(aws, logs, group, source, destination, refused):
    other = aws("logs", account="434343434343")
    resource = f"arn:aws:events:us-east-1:434343434343:event-bus/b-{aws.account}"
    name = f"s-{aws.account}"
    other.put_delivery_source(name=name, resourceArn=resource, logType="ERROR_LOGS")
    with pytest.raises(other.exceptions.AccessDeniedException):
        other.create_delivery(deliverySourceName=name, deliveryDestinationArn=destination["arn"])
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "434343434343"},
        "Action": "logs:CreateDelivery",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    logs.put_delivery_destination_policy(deliveryDestinationName="d", deliveryDestinationPolicy=policy)
    assert other.create_delivery(deliverySourceName=name, deliveryDestinationArn=destination["arn"])["delivery"]


def until(look):
    deadline = time.monotonic() + 5
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_logs_of_a_resource_arrive_in_a_group(logs, bus, delivery, vend):
    vend(bus, "ERROR_LOGS", [{"id": "1", "level": "ERROR"}])
    vend(bus, "INFO_LOGS", [{"id": "2"}])
    events = until(lambda: logs.filter_log_events(logGroupName="/app")["events"])
    assert [(event["logStreamName"], event["message"]) for event in events] == [
        ("events_ERROR_LOGS", '{"id":"1","level":"ERROR"}')
    ]


def test_logs_of_a_resource_arrive_in_a_bucket(aws, logs, bus, source, vend):
    s3, bucket = aws("s3"), f"vended-{aws.account}"
    s3.create_bucket(Bucket=bucket)
    principal = {"Service": "logs.amazonaws.com"}
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    made = logs.put_delivery_destination(
        name="b",
        outputFormat="plain",
        deliveryDestinationConfiguration={"destinationResourceArn": f"arn:aws:s3:::{bucket}/here"},
    )["deliveryDestination"]
    logs.create_delivery(
        deliverySourceName="s",
        deliveryDestinationArn=made["arn"],
        recordFields=["id", "level"],
        fieldDelimiter=",",
        s3DeliveryConfiguration={"suffixPath": "{region}/{yyyy}"},
    )
    vend(bus, "ERROR_LOGS", [{"id": "1", "level": "ERROR", "more": 1}])
    (found,) = until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"))
    assert found["Key"].startswith(f"here/AWSLogs/{aws.account}/ERROR_LOGS/us-east-1/us-east-1/2")
    assert gzip.decompress(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()) == b"1,ERROR\n"


def test_there_are_no_templates(logs):
    assert logs.describe_configuration_templates()["configurationTemplates"] == []
