"""Registries, schemas, versions, policies and tags."""

import json

import pytest

from tests.services.schemas.conftest import order

SHOP = {"RegistryName": "shop"}
ORDER = {**SHOP, "SchemaName": "shop@Order"}


def test_a_registry_is_described_as_it_was_made(aws, schemas):
    made = schemas.create_registry(RegistryName="shop", Description="orders", Tags={"team": "a"})
    found = schemas.describe_registry(RegistryName="shop")
    assert made["RegistryArn"] == f"arn:aws:schemas:us-east-1:{aws.account}:registry/shop"
    assert (found["Description"], found["Tags"]) == ("orders", {"team": "a"})
    schemas.update_registry(RegistryName="shop", Description="all orders")
    assert schemas.describe_registry(RegistryName="shop")["Description"] == "all orders"


def test_registries_are_listed_by_scope(schemas):
    schemas.create_registry(RegistryName="shop")

    def names(**options):
        return [each["RegistryName"] for each in schemas.list_registries(**options)["Registries"]]

    assert names() == ["aws.events", "shop"]
    assert names(Scope="LOCAL") == ["shop"]
    assert names(Scope="AWS") == ["aws.events"]
    assert names(RegistryNamePrefix="s") == ["shop"]


def test_refused_registries(schemas, schema, refused):
    with refused("ConflictException", "Registry with name shop already exists."):
        schemas.create_registry(RegistryName="shop")
    with refused("ForbiddenException"):
        schemas.create_registry(RegistryName="aws.mine")
    with refused("BadRequestException"):
        schemas.create_registry(RegistryName="a b")
    with refused("NotFoundException", "Registry with name other does not exist."):
        schemas.describe_registry(RegistryName="other")
    schema()
    with refused("BadRequestException", "is not empty"):
        schemas.delete_registry(RegistryName="shop")
    schemas.delete_schema(**ORDER)
    schemas.delete_registry(RegistryName="shop")
    assert [each["RegistryName"] for each in schemas.list_registries()["Registries"]] == ["aws.events"]


# -- schemas


def test_a_schema_is_described_as_it_was_made(aws, schemas, schema):
    made = schema(Description="an order", Tags={"a": "b"})
    found = schemas.describe_schema(**ORDER)
    assert made["SchemaArn"] == f"arn:aws:schemas:us-east-1:{aws.account}:schema/shop/shop@Order"
    assert {name: found[name] for name in ("Content", "Type", "SchemaVersion", "Description", "Tags")} == {
        "Content": order(),
        "Type": "OpenApi3",
        "SchemaVersion": "1",
        "Description": "an order",
        "Tags": {"a": "b"},
    }
    assert found["LastModified"] == found["VersionCreatedDate"]


def test_another_content_is_another_version(schemas, schema):
    schema()
    assert schemas.update_schema(**ORDER, Content=order())["SchemaVersion"] == "1"
    assert schemas.update_schema(**ORDER, Content=order(total={"type": "number"}))["SchemaVersion"] == "2"
    versions = schemas.list_schema_versions(**ORDER)["SchemaVersions"]
    assert [version["SchemaVersion"] for version in versions] == ["1", "2"]
    assert schemas.describe_schema(**ORDER, SchemaVersion="1")["Content"] == order()
    assert schemas.list_schemas(**SHOP)["Schemas"][0]["VersionCount"] == 2


def test_a_version_is_deleted(schemas, schema, refused):
    schema()
    schemas.update_schema(**ORDER, Content=order(total={"type": "number"}))
    schemas.delete_schema_version(**ORDER, SchemaVersion="2")
    assert schemas.describe_schema(**ORDER)["SchemaVersion"] == "1"
    with refused("NotFoundException", "Version 2 of schema shop@Order does not exist."):
        schemas.describe_schema(**ORDER, SchemaVersion="2")
    schemas.delete_schema_version(**ORDER, SchemaVersion="1")
    with refused("NotFoundException", "Schema with name shop@Order does not exist."):
        schemas.describe_schema(**ORDER)


def test_schemas_are_listed_by_page(schemas, schema, refused):
    for name in ("b", "a", "c"):
        schema(name)
    pages = schemas.get_paginator("list_schemas").paginate(**SHOP, PaginationConfig={"PageSize": 2})
    assert [[each["SchemaName"] for each in page["Schemas"]] for page in pages] == [["a", "b"], ["c"]]
    with refused("BadRequestException", "NextToken"):
        schemas.list_schemas(**SHOP, NextToken="garbage")
    with refused("BadRequestException", "Limit"):
        schemas.list_schemas(**SHOP, Limit=0)


def test_schemas_are_found_by_words(schemas, schema):
    schema("shop@Order", order(total={"type": "number"}))
    schema("shop@Refund", order(reason={"type": "string"}))

    def hits(keywords):
        return [each["SchemaName"] for each in schemas.search_schemas(**SHOP, Keywords=keywords)["Schemas"]]

    assert hits("total") == ["shop@Order"]
    assert hits("shop REASON") == ["shop@Refund"]
    assert hits("nothing") == []


@pytest.mark.parametrize(
    "kind, content, message",
    [
        ("OpenApi3", "{", "The content of the schema is not valid"),
        ("OpenApi3", "[]", "it is not a JSON object"),
        ("OpenApi3", "{}", "openapi must be a version 3.x.x."),
        ("OpenApi3", '{"openapi": "3.0.0"}', "info must have a title and a version."),
        (
            "OpenApi3",
            '{"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {"/": {"$ref": "#/components/schemas/X"}}}',
            "#/components/schemas/X leads nowhere.",
        ),
        ("JSONSchemaDraft4", '{"$schema": "http://json-schema.org/draft-07/schema#"}', "draft 4"),
    ],
)
def test_content_that_is_no_schema_is_refused(schemas, schema, refused, kind, content, message):
    with refused("BadRequestException", message):
        schema(kind=kind, content=content)
    assert schemas.list_schemas(**SHOP)["Schemas"] == []


def test_a_schema_is_exported_as_json_schema(schemas, schema, refused):
    schema(content=order(total={"type": "number", "nullable": True}))
    exported = schemas.export_schema(**ORDER, Type="JSONSchemaDraft4")
    assert json.loads(exported["Content"]) == {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "Order",
        "definitions": {},
        "type": "object",
        "properties": {"total": {"type": ["number", "null"]}},
    }
    with refused("BadRequestException"):
        schemas.export_schema(**ORDER, Type="OpenApi3")


# -- AWS's own


def test_aws_has_a_registry_of_its_own(schemas, refused):
    found = schemas.describe_schema(RegistryName="aws.events", SchemaName="aws.s3@ObjectCreated")
    content = json.loads(found["Content"])
    assert content["components"]["schemas"]["AWSEvent"]["x-amazon-events-source"] == "aws.s3"
    assert found["SchemaArn"] == "arn:aws:schemas:us-east-1::schema/aws.events/aws.s3@ObjectCreated"
    with refused("ForbiddenException"):
        schemas.delete_schema(RegistryName="aws.events", SchemaName="aws.s3@ObjectCreated")


# -- policies and tags


def test_a_registry_can_be_shared(aws, schemas, schema, refused):
    schema()
    arn = schemas.describe_registry(**SHOP)["RegistryArn"]
    statement = {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "schemas:*", "Resource": arn}
    document = {"Version": "2012-10-17", "Statement": [{**statement, "Sid": "s"}]}
    with refused("NotFoundException"):
        schemas.get_resource_policy(**SHOP)
    put = schemas.put_resource_policy(**SHOP, Policy=json.dumps(document))
    assert json.loads(schemas.get_resource_policy(**SHOP)["Policy"]) == document
    with refused("PreconditionFailedException"):
        schemas.put_resource_policy(**SHOP, Policy=json.dumps(document), RevisionId="other")
    schemas.put_resource_policy(**SHOP, Policy=json.dumps(document), RevisionId=put["RevisionId"])
    with refused("BadRequestException"):
        schemas.put_resource_policy(**SHOP, Policy='{"Statement": 1}')
    schemas.delete_resource_policy(**SHOP)
    with refused("NotFoundException"):
        schemas.get_resource_policy(**SHOP)


def test_tags_of_registries_schemas_and_discoverers(schemas, events, schema, refused):
    made = schema()
    discoverer = schemas.create_discoverer(SourceArn=events.describe_event_bus()["Arn"])
    for arn in (schemas.describe_registry(**SHOP)["RegistryArn"], made["SchemaArn"], discoverer["DiscovererArn"]):
        schemas.tag_resource(ResourceArn=arn, Tags={"a": "1", "b": "2"})
        schemas.untag_resource(ResourceArn=arn, TagKeys=["a"])
        assert schemas.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "2"}
    with refused("NotFoundException"):
        schemas.list_tags_for_resource(ResourceArn=made["SchemaArn"] + "x")
