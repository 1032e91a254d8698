"""Partner event sources, global endpoints, events of services and of API calls."""

import pytest

CUSTOMER = "333344445555"
SOURCE = "aws.partner/example.com/orders"


@pytest.fixture
def source(aws, events):
    """The name of a source that this account offers another one, and what gives that account's clients."""
    name = f"{SOURCE}/{aws.account}"
    events.create_partner_event_source(Name=name, Account=CUSTOMER)
    return name


@pytest.fixture
def customer(aws):
    return aws("events", account=CUSTOMER)


def test_a_partners_events_come_to_the_bus_that_is_made_for_its_source(aws, events, source, customer, make_rule):
    from tests.services.events.conftest import Queue

    queue = Queue(aws("sqs", account=CUSTOMER), f"queue-{aws.account}")
    assert customer.describe_event_source(Name=source)["State"] == "PENDING"
    customer.create_event_bus(Name=source, EventSourceName=source)
    assert customer.describe_event_source(Name=source)["State"] == "ACTIVE"
    make_rule(queue.arn, bus=source, client=customer, pattern={"source": [source]})
    entry = {"Source": source, "DetailType": "Order", "Detail": '{"n": 1}'}
    assert events.put_partner_events(Entries=[entry])["FailedEntryCount"] == 0
    (event,) = queue.events()
    assert (event["source"], event["account"], event["detail"]) == (source, CUSTOMER, {"n": 1})


def test_a_source_without_a_bus_expires(events, source, customer, clock):
    clock.advance(days=15)
    with pytest.raises(customer.exceptions.ResourceNotFoundException):
        customer.describe_event_source(Name=source)


def test_a_source_is_switched_off_and_on(source, customer):
    customer.create_event_bus(Name=source, EventSourceName=source)
    customer.deactivate_event_source(Name=source)
    assert customer.describe_event_source(Name=source)["State"] == "PENDING"
    customer.activate_event_source(Name=source)
    assert customer.describe_event_source(Name=source)["State"] == "ACTIVE"


def test_a_source_that_its_partner_deletes_is_deleted(events, source, customer):
    customer.create_event_bus(Name=source, EventSourceName=source)
    events.delete_partner_event_source(Name=source, Account=CUSTOMER)
    assert customer.describe_event_source(Name=source)["State"] == "DELETED"


def test_a_partner_lists_its_sources(aws, events, source):
    (found,) = events.list_partner_event_sources(NamePrefix="aws.partner/example.com/")["PartnerEventSources"]
    assert found["Name"] == source
    (account,) = events.list_partner_event_source_accounts(EventSourceName=source)["PartnerEventSourceAccounts"]
    assert (account["Account"], account["State"]) == (CUSTOMER, "PENDING")
    assert events.describe_partner_event_source(Name=source)["Arn"].endswith(f"::event-source/{source}")


def test_the_source_of_somebody_else_fails(events):
    entry = {"Source": "aws.partner/other.com/x", "DetailType": "Order", "Detail": "{}"}
    answer = events.put_partner_events(Entries=[entry])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_a_bus_for_a_source_that_is_not_there_is_refused(events, refused):
    with refused("ResourceNotFoundException"):
        events.create_event_bus(Name=SOURCE, EventSourceName=SOURCE)


# -- global endpoints


@pytest.fixture
def endpoint(aws, events):
    def endpoint(name="orders", **options):
        for client in (events, aws("events", region="us-west-2")):
            if not client.list_event_buses(NamePrefix="orders")["EventBuses"]:
                client.create_event_bus(Name="orders")
        arn = f"arn:aws:events:{{}}:{aws.account}:event-bus/orders"
        check = "arn:aws:route53:::healthcheck/00000000-0000-0000-0000-000000000000"
        routing = {"FailoverConfig": {"Primary": {"HealthCheck": check}, "Secondary": {"Route": "us-west-2"}}}
        buses = [{"EventBusArn": arn.format(region)} for region in ("us-east-1", "us-west-2")]
        return events.create_endpoint(
            Name=name,
            RoutingConfig=routing,
            **{"EventBuses": buses, "ReplicationConfig": {"State": "DISABLED"}, **options},
        )

    return endpoint


def test_an_endpoint_is_active_soon(events, endpoint, clock):
    assert endpoint()["State"] == "CREATING"
    clock.advance(seconds=2)
    found = events.describe_endpoint(Name="orders")
    assert found["State"] == "ACTIVE"
    assert found["EndpointUrl"] == f"https://{found['EndpointId']}.endpoint.events.amazonaws.com"


def test_an_endpoint_needs_a_bus_in_each_region(events, endpoint, refused):
    endpoint()
    with refused("ValidationException", "Parameter EventBuses is not valid."):
        endpoint("other", EventBuses=[{"EventBusArn": events.describe_event_bus(Name="orders")["Arn"]}] * 2)
    with refused("ValidationException", "RoleArn is required when event replication is enabled."):
        endpoint("other", ReplicationConfig={"State": "ENABLED"})


def test_endpoints_are_listed_and_deleted(events, endpoint):
    endpoint()
    assert [each["Name"] for each in events.list_endpoints()["Endpoints"]] == ["orders"]
    events.delete_endpoint(Name="orders")
    assert events.list_endpoints()["Endpoints"] == []


# -- services


def test_a_service_tells_the_default_bus_what_happens(aws, queue, make_rule):
    make_rule(queue.arn, pattern={"source": ["aws.ssm"], "detail-type": ["Parameter Store Change"]})
    aws("ssm").put_parameter(Name="/a", Value="1", Type="String")
    (event,) = queue.events()
    assert (event["detail-type"], event["detail"]["operation"]) == ("Parameter Store Change", "Create")
    assert event["account"] == aws.account
