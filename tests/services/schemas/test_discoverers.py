"""Discoverers, and schemas from events."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.schemas.inference import infer, merge
from tests.services.cloud_client import Cloud

DISCOVERED = {"RegistryName": "discovered-schemas"}
ORDER = {**DISCOVERED, "SchemaName": "shop@OrderPlaced"}


@pytest.fixture
def discoverer(schemas, events):
    return schemas.create_discoverer(SourceArn=events.describe_event_bus()["Arn"])["DiscovererId"]


@pytest.fixture
def put(events, clock):
    def put(detail, **entry):
        entry = {"Source": "shop", "DetailType": "Order Placed", "Detail": json.dumps(detail), **entry}
        events.put_events(Entries=[entry])
        clock.advance(seconds=1)

    return put


def names(schemas):
    """Of the schemas of the shop: there are those of the tests' own calls, too."""
    return [each["SchemaName"] for each in schemas.list_schemas(**DISCOVERED, SchemaNamePrefix="shop")["Schemas"]]


def components(schemas, **options):
    return json.loads(schemas.describe_schema(**ORDER, **options)["Content"])["components"]["schemas"]


def test_a_discoverer_learns_the_schemas_of_a_bus(schemas, discoverer, put):
    put({"id": "o1", "total": 5, "placed": "2030-01-01T00:00:00Z", "items": [{"sku": "a"}], "paid": True})
    assert names(schemas) == ["shop@OrderPlaced"]
    found = components(schemas)
    assert found["AWSEvent"]["x-amazon-events-detail-type"] == "Order Placed"
    assert found["AWSEvent"]["x-amazon-events-source"] == "shop"
    assert found["AWSEvent"]["properties"]["detail"] == {"$ref": "#/components/schemas/OrderPlaced"}
    assert found["OrderPlaced"] == {
        "type": "object",
        "required": ["id", "items", "paid", "placed", "total"],
        "properties": {
            "id": {"type": "string"},
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/ItemsItem"}},
            "paid": {"type": "boolean"},
            "placed": {"type": "string", "format": "date-time"},
            "total": {"type": "number"},
        },
    }


def test_an_event_that_fits_makes_no_version(schemas, discoverer, put):
    put({"id": "o1"})
    put({"id": "o2"})
    assert len(schemas.list_schema_versions(**ORDER)["SchemaVersions"]) == 1


def test_an_event_that_does_not_fit_makes_a_version(schemas, discoverer, put):
    put({"id": "o1"})
    put({"id": "o2", "total": 5})
    found = components(schemas)["OrderPlaced"]
    assert schemas.describe_schema(**ORDER)["SchemaVersion"] == "2"
    assert (found["required"], sorted(found["properties"])) == (["id"], ["id", "total"])


def test_a_stopped_discoverer_learns_nothing(schemas, discoverer, put):
    assert schemas.stop_discoverer(DiscovererId=discoverer)["State"] == "STOPPED"
    put({"id": "o1"})
    assert names(schemas) == []
    schemas.start_discoverer(DiscovererId=discoverer)
    put({"id": "o1"})
    assert names(schemas) == ["shop@OrderPlaced"]


def test_a_discoverer_has_a_managed_rule(aws, schemas, events, discoverer, refused):
    (rule,) = events.list_rules()["Rules"]
    assert (rule["Name"], rule["ManagedBy"]) == ("Schemas-events-event-bus-default", "schemas.amazonaws.com")
    with pytest.raises(events.exceptions.ManagedRuleException):
        events.disable_rule(Name=rule["Name"])
    schemas.update_discoverer(DiscovererId=discoverer, CrossAccount=False)
    assert json.loads(events.list_rules()["Rules"][0]["EventPattern"]) == {"account": [aws.account]}
    schemas.delete_discoverer(DiscovererId=discoverer)
    assert events.list_rules()["Rules"] == []
    with refused("NotFoundException"):
        schemas.describe_discoverer(DiscovererId=discoverer)


def test_discoverers_are_listed(schemas, events, discoverer):
    arn = events.create_event_bus(Name="orders")["EventBusArn"]
    schemas.create_discoverer(SourceArn=arn, Description="orders")
    assert [each["SourceArn"] for each in schemas.list_discoverers(SourceArnPrefix=arn)["Discoverers"]] == [arn]
    found = [each["DiscovererId"] for each in schemas.list_discoverers()["Discoverers"]]
    assert found == ["events-event-bus-default", "events-event-bus-orders"]


def test_refused_discoverers(schemas, events, discoverer, refused):
    arn = events.describe_event_bus()["Arn"]
    with refused("ConflictException"):
        schemas.create_discoverer(SourceArn=arn)
    with refused("BadRequestException", "is not the ARN of an event bus"):
        schemas.create_discoverer(SourceArn=arn.replace("us-east-1", "eu-west-1"))
    with refused("ResourceNotFoundException", "Event bus nowhere does not exist."):
        schemas.create_discoverer(SourceArn=arn.replace("/default", "/nowhere"))


# -- schemas of given events


def test_a_schema_is_made_of_events_without_being_kept(schemas):
    events = [json.dumps({"a": 1, "b": "x"}), json.dumps({"a": 2})]
    content = json.loads(schemas.get_discovered_schema(Type="OpenApi3", Events=events)["Content"])
    assert content["info"] == {"version": "1.0.0", "title": "Event"}
    assert content["components"]["schemas"]["Event"] == {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "number"}, "b": {"type": "string"}},
    }
    content = json.loads(schemas.get_discovered_schema(Type="JSONSchemaDraft4", Events=events)["Content"])
    assert content["properties"]["a"] == {"type": "number"}


@pytest.mark.parametrize("event", ["{", "[]"])
def test_what_is_no_event_is_refused(schemas, refused, event):
    with refused("BadRequestException", "The event is not valid"):
        schemas.get_discovered_schema(Type="OpenApi3", Events=[event])


documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=2)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=8,
)


@given(documents, documents)
def test_what_was_merged_changes_nothing_when_it_is_merged_again(one, other):
    merged = merge(infer(one), infer(other))
    assert merge(merged, merged) == merged
    assert merge(merge(merged, infer(other)), infer(other)) == merge(merged, infer(other))


# -- CloudFormation


def test_resources_of_cloudformation(aws, clock, schemas, events):
    cloud = Cloud(aws("cloudcontrol"), clock)
    registry = cloud.create("AWS::EventSchemas::Registry", RegistryName="shop", Tags=[{"Key": "a", "Value": "b"}])
    content = json.dumps({"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {}})
    schema = cloud.create(
        "AWS::EventSchemas::Schema", RegistryName="shop", SchemaName="s", Type="OpenApi3", Content=content
    )
    cloud.update("AWS::EventSchemas::Schema", schema, {"op": "replace", "path": "/Content", "value": content + " "})
    assert cloud.read("AWS::EventSchemas::Schema", schema)["SchemaVersion"] == "2"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "schemas:DescribeRegistry", "Resource": registry}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    shared = cloud.create("AWS::EventSchemas::RegistryPolicy", RegistryName="shop", Policy=policy)
    assert cloud.read("AWS::EventSchemas::RegistryPolicy", shared)["Policy"] == policy
    source = events.describe_event_bus()["Arn"]
    discoverer = cloud.create("AWS::EventSchemas::Discoverer", SourceArn=source)
    assert cloud.read("AWS::EventSchemas::Discoverer", discoverer)["State"] == "STARTED"
    for kind, id in (
        ("RegistryPolicy", shared),
        ("Schema", schema),
        ("Discoverer", discoverer),
        ("Registry", registry),
    ):
        cloud.delete(f"AWS::EventSchemas::{kind}", id)
    assert [each["RegistryName"] for each in schemas.list_registries(Scope="LOCAL")["Registries"]] == [
        "discovered-schemas"
    ]
