"""AWS::DynamoDB::GlobalTable, through Cloud Control."""

from __future__ import annotations

import json

import pytest

from tests.services.cloud_client import Cloud
from tests.services.dynamodb.helpers import attributes, index, schema

GLOBAL = "AWS::DynamoDB::GlobalTable"
HERE, THERE, BEYOND = "us-east-1", "eu-west-1", "ap-south-1"
PROPERTIES = {
    "TableName": "things",
    "KeySchema": schema("pk"),
    "AttributeDefinitions": attributes(pk="S"),
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
}


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


@pytest.fixture
def make(cloud):
    def create(*replicas, **properties):
        return cloud.create(GLOBAL, **PROPERTIES, Replicas=list(replicas), **properties)

    return create


def replicas(cloud, name="things"):
    return {each["Region"]: each for each in cloud.read(GLOBAL, name)["Replicas"]}


def test_replicas_are_made_one_after_another(aws, cloud, make):
    name = make({"Region": HERE}, {"Region": THERE}, {"Region": BEYOND})
    assert set(replicas(cloud)) == {HERE, THERE, BEYOND}
    found = cloud.read(GLOBAL, name)
    assert {member: found[member] for member in PROPERTIES} == PROPERTIES
    assert found["Arn"] == f"arn:aws:dynamodb:{HERE}:{aws.account}:table/things"
    aws("dynamodb").put_item(TableName=name, Item={"pk": {"S": "a"}})
    cloud.clock.advance(seconds=5)
    for region in (THERE, BEYOND):
        assert aws("dynamodb", region=region).scan(TableName=name)["Count"] == 1


def test_a_replica_has_what_is_its_own(aws, cloud, make):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": aws.account},
                "Action": "dynamodb:GetItem",
                "Resource": f"arn:aws:dynamodb:{THERE}:{aws.account}:table/things",
            }
        ],
    }
    own = {
        "Region": THERE,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": True,
        "TableClass": "STANDARD_INFREQUENT_ACCESS",
        "ContributorInsightsSpecification": {"Enabled": True},
        "ResourcePolicy": {"PolicyDocument": policy},
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    make({"Region": HERE, "Tags": [{"Key": "c", "Value": "d"}]}, own)
    found = replicas(cloud)
    recovery = found[THERE].pop("PointInTimeRecoverySpecification")
    assert recovery["PointInTimeRecoveryEnabled"]
    del own["PointInTimeRecoverySpecification"]
    assert found[THERE] == own
    assert found[HERE]["Tags"] == [{"Key": "c", "Value": "d"}]
    assert not found[HERE]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_replicas_come_go_and_change(aws, cloud, make):
    name = make({"Region": HERE}, {"Region": THERE})
    after = [{"Region": HERE}, {"Region": BEYOND, "TableClass": "STANDARD_INFREQUENT_ACCESS"}]
    cloud.update(GLOBAL, name, {"op": "replace", "path": "/Replicas", "value": after})
    assert set(replicas(cloud)) == {HERE, BEYOND}
    assert aws("dynamodb", region=THERE).list_tables()["TableNames"] == []
    after[1]["DeletionProtectionEnabled"] = True
    after[1]["TableClass"] = "STANDARD"
    cloud.update(GLOBAL, name, {"op": "replace", "path": "/Replicas", "value": after})
    now = replicas(cloud)[BEYOND]
    assert (now["DeletionProtectionEnabled"], now["TableClass"]) == (True, "STANDARD")


def test_a_new_index_is_on_all_replicas(aws, cloud, make):
    name = make({"Region": HERE}, {"Region": THERE})
    patch = (
        {"op": "replace", "path": "/AttributeDefinitions", "value": attributes(pk="S", color="S")},
        {"op": "add", "path": "/GlobalSecondaryIndexes", "value": [index("by-color", "color")]},
    )
    cloud.update(GLOBAL, name, *patch)
    there = aws("dynamodb", region=THERE).describe_table(TableName=name)["Table"]
    assert [each["IndexName"] for each in there["GlobalSecondaryIndexes"]] == ["by-color"]


def test_provisioned_capacity_is_that_of_the_auto_scaling_settings(aws, cloud):
    target = {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0}}
    writes = {"MinCapacity": 2, "MaxCapacity": 20, **target}
    reads = {"MinCapacity": 3, "MaxCapacity": 30, **target}
    replica = {"ReadProvisionedThroughputSettings": {"ReadCapacityAutoScalingSettings": reads}}
    name = cloud.create(
        GLOBAL,
        **{**PROPERTIES, "BillingMode": "PROVISIONED"},
        WriteProvisionedThroughputSettings={"WriteCapacityAutoScalingSettings": {**writes, "SeedCapacity": 5}},
        Replicas=[{"Region": HERE, **replica}, {"Region": THERE, **replica}],
    )
    table = aws("dynamodb").describe_table(TableName=name)["Table"]
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 5
    found = cloud.read(GLOBAL, name)
    assert found["WriteProvisionedThroughputSettings"] == {"WriteCapacityAutoScalingSettings": writes}
    assert replicas(cloud)[THERE]["ReadProvisionedThroughputSettings"] == {"ReadCapacityAutoScalingSettings": reads}


def test_truth_values_may_be_texts(cloud, make):
    make({"Region": HERE}, {"Region": THERE, "DeletionProtectionEnabled": "false"})
    assert replicas(cloud)[THERE]["DeletionProtectionEnabled"] is False


def test_the_stacks_own_region_has_a_replica(cloud, make):
    with pytest.raises(AssertionError, match="own region"):
        make({"Region": THERE})


def test_a_deleted_global_table_is_gone_everywhere(aws, cloud, make):
    name = make({"Region": HERE}, {"Region": THERE})
    listed = cloud.client.list_resources(TypeName=GLOBAL)["ResourceDescriptions"]
    assert [json.loads(each["Properties"])["TableName"] for each in listed] == [name]
    cloud.delete(GLOBAL, name)
    cloud.clock.advance(seconds=5)
    for region in (HERE, THERE):
        assert aws("dynamodb", region=region).list_tables()["TableNames"] == []


def test_a_strongly_consistent_table_is_made_and_deleted_at_once(aws, cloud):
    given = {name: PROPERTIES[name] for name in ("TableName", "KeySchema", "AttributeDefinitions", "BillingMode")}
    replicas = [{"Region": HERE}, {"Region": "us-east-2"}]
    witness = [{"Region": "us-west-2"}]
    strong = {"MultiRegionConsistency": "STRONG", "GlobalTableWitnesses": witness}
    name = cloud.create(GLOBAL, **given, **strong, Replicas=replicas)
    found = cloud.read(GLOBAL, name)
    assert {member: found[member] for member in strong} == strong
    aws("dynamodb").put_item(TableName=name, Item={"pk": {"S": "a"}})
    assert aws("dynamodb", region="us-east-2").scan(TableName=name)["Count"] == 1
    cloud.delete(GLOBAL, name)
    assert aws("dynamodb").list_tables()["TableNames"] == []


def test_streams_have_policies_and_replicas_may_be_let_go(aws, cloud, make):
    statement = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "dynamodb:GetRecords", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    streaming = {"ReplicaStreamSpecification": {"ResourcePolicy": {"PolicyDocument": document}}}
    free = {"DisassociationProtectionEnabled": False}
    name = make({"Region": HERE, **streaming}, {"Region": THERE, **streaming, **free})
    found = replicas(cloud)
    assert found[HERE]["ReplicaStreamSpecification"] == streaming["ReplicaStreamSpecification"]
    assert found[THERE]["ReplicaStreamSpecification"] == streaming["ReplicaStreamSpecification"]
    there = aws("dynamodb", region=THERE).describe_table(TableName=name)["Table"]
    assert there["DisassociationProtectionEnabled"] is False


def test_indexes_are_scaled_as_their_settings_say(aws, cloud):
    tracking = {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 50}}
    scaled = {"MinCapacity": 2, "MaxCapacity": 9, **tracking}
    writes = {"WriteProvisionedThroughputSettings": {"WriteCapacityAutoScalingSettings": scaled}}
    reads = {"ReadProvisionedThroughputSettings": {"ReadCapacityAutoScalingSettings": scaled}}
    cloud.create(
        GLOBAL,
        **{**PROPERTIES, "BillingMode": "PROVISIONED", "AttributeDefinitions": attributes(pk="S", color="S")},
        **writes,
        GlobalSecondaryIndexes=[{**index("by-color", "color"), **writes}],
        Replicas=[{"Region": HERE, **reads, "GlobalSecondaryIndexes": [{"IndexName": "by-color", **reads}]}],
    )
    targets = aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert {(each["ScalableDimension"], each["MinCapacity"], each["MaxCapacity"]) for each in targets} == {
        (f"dynamodb:{of}:{direction}CapacityUnits", 2, 9)
        for of in ("table", "index")
        for direction in ("Read", "Write")
    }
