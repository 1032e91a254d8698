"""What AWS's schemas say of the properties of resource types."""

import importlib
import pkgutil

import pytest

import fogbank.services
from fogbank.kernel import resource_schemas
from fogbank.kernel.resource_schemas import fitted, tags_member, violations

QUEUE = "AWS::SQS::Queue"


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"DelaySeconds": "5"}, {"DelaySeconds": 5}),
        ({"FifoQueue": "true"}, {"FifoQueue": True}),
        ({"QueueName": 7}, {"QueueName": "7"}),
        ({"Tags": [{"Key": "a", "Value": False}]}, {"Tags": [{"Key": "a", "Value": "false"}]}),
        ({"DelaySeconds": "soon", "Other": "1"}, {"DelaySeconds": "soon", "Other": "1"}),
        ({"RedriveAllowPolicy": {"other": "3"}}, {"RedriveAllowPolicy": {"other": "3"}}),
    ],
)
def test_value_becomes_what_the_schema_wants(given, made):
    assert fitted(QUEUE, given) == made


def test_what_is_not_known_yet_stays(given="later"):
    assert fitted(QUEUE, {"DelaySeconds": given, "FifoQueue": given}, unknown=given)["DelaySeconds"] == given


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        (QUEUE, {"DelaySeconds": 5, "Tags": [{"Key": "a", "Value": "b"}]}, []),
        (QUEUE, {"Foo": 1}, ["#: extraneous key [Foo] is not permitted"]),
        (QUEUE, {"DelaySeconds": "x"}, ["#/DelaySeconds: expected type: Integer, found: String"]),
        (QUEUE, {"Tags": {"a": "b"}}, ["#/Tags: expected type: JSONArray, found: JSONObject"]),
        (QUEUE, {"Tags": [{"Key": "a"}]}, ["#/Tags/0: required key [Value] not found"]),
        ("AWS::IAM::Role", {}, ["#: required key [AssumeRolePolicyDocument] not found"]),
        (
            "AWS::Lambda::Function",
            {"Code": {}, "Role": "r"},
            ["#/Role: failed validation constraint for keyword [pattern]"],
        ),
        ("AWS::IAM::AccessKey", {"UserName": "u", "Status": "On"}, []),
        ("AWS::Nothing::Here", {"Foo": 1}, []),
    ],
)
def test_what_the_schema_does_not_allow_is_found(name, given, told):
    assert violations(name, given) == told


@pytest.mark.parametrize(
    ("name", "member"),
    [
        (QUEUE, ("Tags", False)),
        ("AWS::SSM::Parameter", ("Tags", True)),
        ("AWS::IAM::InstanceProfile", None),
        ("AWS::Kinesis::StreamConsumer", None),
        ("AWS::Nothing::Here", None),
    ],
)
def test_tags_of_a_type(name, member):
    assert tags_member(name) == member


def test_declarations_name_properties_that_there_are():
    """What types declare by hand, held against AWS's schemas; the exceptions are attributes that these do not have."""
    unknown = []
    for module in pkgutil.iter_modules(fogbank.services.__path__):
        service = getattr(importlib.import_module(f"fogbank.services.{module.name}"), "service", None)
        for name, kind in service.resource_types.items() if service is not None else ():
            schema = resource_schemas.schema(name)
            declared = {*kind.required, *kind.create_only, *kind.read_only, *kind.write_only}
            if schema is not None:
                unknown += [f"{name}.{each}" for each in sorted(declared - schema["properties"].keys())]
    assert set(unknown) == {"AWS::CloudFormation::Stack.Outputs", "AWS::S3Express::AccessPoint.Alias"}


def test_every_type_has_its_schema():
    missing = []
    for module in pkgutil.iter_modules(fogbank.services.__path__):
        service = getattr(importlib.import_module(f"fogbank.services.{module.name}"), "service", None)
        types = service.resource_types if service is not None else {}
        missing += [name for name in types if resource_schemas.schema(name) is None]
    without = {"AWS::CDK::Metadata", "AWS::CloudFormation::CustomResource"}
    assert set(missing) == without, "tools/resource_schemas.py takes over those of new types"
