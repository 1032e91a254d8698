"""AWS::DynamoDB::Table, through Cloud Control."""

from __future__ import annotations

import json

import pytest

from tests.services.dynamodb.helpers import attributes, index, refusal, schema

TABLE = "AWS::DynamoDB::Table"
PROPERTIES = {
    "TableName": "things",
    "KeySchema": schema("pk"),
    "AttributeDefinitions": attributes(pk="S", color="S"),
    "GlobalSecondaryIndexes": [index("by-color", "color")],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
    "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
    "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
    "Tags": [{"Key": "team", "Value": "a"}],
}


@pytest.fixture
def control(aws):
    return aws("cloudcontrol")


@pytest.fixture
def make(control, clock):
    def make(**properties):
        made = control.create_resource(TypeName=TABLE, DesiredState=json.dumps(properties))["ProgressEvent"]
        return outcome(control, clock, made)

    return make


def outcome(control, clock, event):
    clock.advance(seconds=5)
    return control.get_resource_request_status(RequestToken=event["RequestToken"])["ProgressEvent"]


def read(control, name="things"):
    found = control.get_resource(TypeName=TABLE, Identifier=name)["ResourceDescription"]
    return json.loads(found["Properties"])


def change(control, clock, *patch):
    event = control.update_resource(TypeName=TABLE, Identifier="things", PatchDocument=json.dumps(patch))
    return outcome(control, clock, event["ProgressEvent"])["OperationStatus"]


def test_a_table_has_what_its_template_says(control, make, aws):
    event = make(**PROPERTIES)
    assert (event["OperationStatus"], event["Identifier"]) == ("SUCCESS", "things")
    found = read(control)
    assert {name: found[name] for name in PROPERTIES} == PROPERTIES
    assert found["Arn"] == f"arn:aws:dynamodb:us-east-1:{aws.account}:table/things"
    assert found["StreamArn"].startswith(found["Arn"])


def test_a_table_without_a_name_gets_one(make, ddb):
    event = make(**{**PROPERTIES, "TableName": None} | {"TableName": "things"})
    assert ddb.list_tables()["TableNames"] == [event["Identifier"]]
    properties = {name: value for name, value in PROPERTIES.items() if name != "TableName"}
    assert make(**properties)["Identifier"] in ddb.list_tables()["TableNames"]


def test_a_table_is_changed_in_place(control, make, clock):
    make(**PROPERTIES)
    capacity = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
    assert (
        change(
            control,
            clock,
            {"op": "remove", "path": "/GlobalSecondaryIndexes"},
            {"op": "replace", "path": "/BillingMode", "value": "PROVISIONED"},
            {"op": "add", "path": "/ProvisionedThroughput", "value": capacity},
            {"op": "remove", "path": "/TimeToLiveSpecification"},
            {"op": "replace", "path": "/AttributeDefinitions", "value": attributes(pk="S")},
            {"op": "replace", "path": "/Tags", "value": [{"Key": "team", "Value": "b"}]},
        )
        == "SUCCESS"
    )
    found = read(control)
    assert found["ProvisionedThroughput"] == capacity
    assert found["Tags"] == [{"Key": "team", "Value": "b"}]
    assert not {"GlobalSecondaryIndexes", "TimeToLiveSpecification"} & set(found)


def test_a_table_gets_an_index_and_a_policy_later(control, make, clock, aws):
    make(**{name: value for name, value in PROPERTIES.items() if name != "GlobalSecondaryIndexes"} | PLAIN)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "dynamodb:GetItem", "Resource": "*"}],
    }
    assert (
        change(
            control,
            clock,
            {"op": "replace", "path": "/AttributeDefinitions", "value": attributes(pk="S", color="S")},
            {"op": "add", "path": "/GlobalSecondaryIndexes", "value": [index("by-color", "color")]},
            {"op": "add", "path": "/ResourcePolicy", "value": {"PolicyDocument": policy}},
        )
        == "SUCCESS"
    )
    found = read(control)
    assert [each["IndexName"] for each in found["GlobalSecondaryIndexes"]] == ["by-color"]
    assert found["ResourcePolicy"]["PolicyDocument"] == policy


PLAIN = {"AttributeDefinitions": attributes(pk="S")}


def test_a_table_is_listed_and_deleted(control, make, clock, ddb):
    make(TableName="things", KeySchema=schema("pk"), BillingMode="PAY_PER_REQUEST", **PLAIN)
    listed = control.list_resources(TypeName=TABLE)["ResourceDescriptions"]
    assert [each["Identifier"] for each in listed] == ["things"]
    event = control.delete_resource(TypeName=TABLE, Identifier="things")["ProgressEvent"]
    assert outcome(control, clock, event)["OperationStatus"] == "SUCCESS"
    with refusal("ResourceNotFoundException"):
        read(control)


def test_a_broken_definition_fails(make):
    event = make(TableName="things", KeySchema=schema("pk"), BillingMode="PAY_PER_REQUEST")
    assert event["OperationStatus"] == "FAILED"


def test_a_stream_of_another_view_takes_the_place_of_the_old_one(control, make, clock):
    make(**PROPERTIES)
    old = read(control)["StreamArn"]
    patch = {"op": "replace", "path": "/StreamSpecification/StreamViewType", "value": "KEYS_ONLY"}
    assert change(control, clock, patch) == "SUCCESS"
    found = read(control)
    assert found["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"} and found["StreamArn"] != old


def test_a_ceiling_that_leaves_the_template_is_none(control, make, clock):
    make(**PROPERTIES, OnDemandThroughput={"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 5})
    assert change(control, clock, {"op": "remove", "path": "/OnDemandThroughput/MaxReadRequestUnits"}) == "SUCCESS"
    assert read(control)["OnDemandThroughput"] == {"MaxWriteRequestUnits": 5}
    assert change(control, clock, {"op": "remove", "path": "/OnDemandThroughput"}) == "SUCCESS"
    assert "OnDemandThroughput" not in read(control)


def test_insights_of_indexes_are_switched(ddb, make):
    watched = index("by-color", "color", ContributorInsightsSpecification={"Enabled": True})
    make(**PROPERTIES | {"GlobalSecondaryIndexes": [watched]})
    answer = ddb.describe_contributor_insights(TableName="things", IndexName="by-color")
    assert answer["ContributorInsightsStatus"] == "ENABLED"


def test_a_table_may_begin_with_files(control, make, aws, ddb):
    s3 = aws("s3")
    s3.create_bucket(Bucket=f"files-{aws.account}")
    s3.put_object(Bucket=f"files-{aws.account}", Key="in/a.csv", Body=b"pk,color\na,red\nb,blue\n")
    source = {
        "InputFormat": "CSV",
        "S3BucketSource": {"S3Bucket": f"files-{aws.account}", "S3KeyPrefix": "in/"},
    }
    wanted = {**PROPERTIES, "DeletionProtectionEnabled": True}
    event = make(**wanted, ImportSourceSpecification=source)
    assert event["OperationStatus"] == "SUCCESS", event
    assert ddb.scan(TableName="things")["Count"] == 2
    found = read(control)
    assert {name: found[name] for name in wanted} == wanted


def test_a_table_of_files_that_are_not_there_fails(make, aws):
    source = {"InputFormat": "CSV", "S3BucketSource": {"S3Bucket": f"nothing-{aws.account}"}}
    event = make(**PROPERTIES, ImportSourceSpecification=source)
    assert event["OperationStatus"] == "FAILED"
    assert "The import has failed" in event["StatusMessage"]


def test_vector_indexes_come_with_the_table_and_later(control, make, clock):
    def vectors(name):
        return {
            "IndexName": name,
            "VectorAttribute": {"AttributeName": "vector"},
            "Dimensions": 2,
            "DistanceFunction": "COSINE",
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }

    make(**{**PROPERTIES, "VectorIndexes": [vectors("first")]})
    assert read(control)["VectorIndexes"] == [vectors("first")]
    indexes = [vectors("first"), vectors("second")]
    patch = {"op": "replace", "path": "/VectorIndexes", "value": indexes}
    assert change(control, clock, patch) == "SUCCESS"
    assert read(control)["VectorIndexes"] == indexes
