"""The registry tells of the types that there are."""

import json

from tests.services.cloudformation.conftest import refused


def test_public_types_are_listed_by_their_prefix(cloudformation):
    filters = {"Category": "AWS_TYPES", "TypeNamePrefix": "AWS::SQS::"}
    found = cloudformation.list_types(Visibility="PUBLIC", Type="RESOURCE", Filters=filters)["TypeSummaries"]
    assert "AWS::SQS::Queue" in [each["TypeName"] for each in found]
    assert all(each["TypeName"].startswith("AWS::SQS::") for each in found)
    assert found[0]["TypeArn"].startswith("arn:aws:cloudformation:us-east-1::type/resource/AWS-SQS-")


def test_pages_of_types_are_all_of_them(cloudformation):
    options = {"Visibility": "PUBLIC", "MaxResults": 3, "Filters": {"TypeNamePrefix": "AWS::IAM::"}}
    first = cloudformation.list_types(**options)
    names = [each["TypeName"] for each in first["TypeSummaries"]]
    second = cloudformation.list_types(**options, NextToken=first["NextToken"])
    names += [each["TypeName"] for each in second["TypeSummaries"]]
    assert (len(names), names) == (6, sorted(set(names)))
    with refused("CFNRegistryException", "Invalid NextToken"):
        cloudformation.list_types(**options, NextToken="bad")


def test_nothing_is_private(cloudformation):
    assert cloudformation.list_types()["TypeSummaries"] == []


def test_type_tells_its_schema(cloudformation):
    found = cloudformation.describe_type(Type="RESOURCE", TypeName="AWS::SQS::Queue")
    assert (found["Visibility"], found["ProvisioningType"]) == ("PUBLIC", "FULLY_MUTABLE")
    schema = json.loads(found["Schema"])
    assert schema["typeName"] == "AWS::SQS::Queue"
    assert schema["primaryIdentifier"] == ["/properties/QueueUrl"]
    assert "/properties/QueueName" in schema["createOnlyProperties"]
    assert schema["properties"]["DelaySeconds"]["type"] == "integer"
    assert cloudformation.describe_type(Arn=found["Arn"])["TypeName"] == "AWS::SQS::Queue"


def test_type_that_is_not_there_is_not_found(cloudformation):
    with refused("TypeNotFoundException", "AWS::No::Thing"):
        cloudformation.describe_type(Type="RESOURCE", TypeName="AWS::No::Thing")
    with refused("CFNRegistryException"):
        cloudformation.describe_type(TypeName="AWS::SQS::Queue")
