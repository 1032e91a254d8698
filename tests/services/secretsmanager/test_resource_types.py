"""Secrets as CloudFormation and Cloud Control see them."""

from __future__ import annotations

import json

import pytest

from tests.services.cloud_client import Cloud

SECRET = "AWS::SecretsManager::Secret"
POLICY = "AWS::SecretsManager::ResourcePolicy"
ROTATION = "AWS::SecretsManager::RotationSchedule"


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_secret_has_a_generated_value_and_goes_without_delay(sm, cloud, refused):
    generated = {"SecretStringTemplate": '{"user": "admin"}', "GenerateStringKey": "password", "PasswordLength": 20}
    arn = cloud.create(SECRET, Name="db", GenerateSecretString=generated, Tags=[{"Key": "a", "Value": "1"}])
    value = json.loads(sm.get_secret_value(SecretId="db")["SecretString"])
    assert (value["user"], len(value["password"])) == ("admin", 20)
    assert cloud.read(SECRET, arn) == {"Id": arn, "Name": "db", "Tags": [{"Key": "a", "Value": "1"}]}
    cloud.delete(SECRET, arn)
    with refused("ResourceNotFoundException"):
        sm.describe_secret(SecretId="db")


def test_a_secret_is_changed_in_place(sm, cloud):
    arn = cloud.create(SECRET, SecretString="one", Tags=[{"Key": "a", "Value": "1"}])
    cloud.update(
        SECRET,
        arn,
        {"op": "add", "path": "/Description", "value": "new"},
        {"op": "add", "path": "/SecretString", "value": "two"},
        {"op": "replace", "path": "/Tags", "value": [{"Key": "b", "Value": "2"}]},
        {"op": "add", "path": "/ReplicaRegions", "value": [{"Region": "eu-west-1"}]},
    )
    found = sm.describe_secret(SecretId=arn)
    assert (found["Description"], found["Tags"]) == ("new", [{"Key": "b", "Value": "2"}])
    assert found["ReplicationStatus"][0]["Region"] == "eu-west-1"
    assert sm.get_secret_value(SecretId=arn)["SecretString"] == "two"
    cloud.delete(SECRET, arn)


def test_a_policy_of_a_secret(sm, make, cloud):
    arn = make()
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "111122223333"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    identifier = cloud.create(POLICY, SecretId="db", ResourcePolicy=document)
    assert cloud.read(POLICY, identifier) == {"Id": arn, "SecretId": arn, "ResourcePolicy": document}
    cloud.delete(POLICY, identifier)
    assert "ResourcePolicy" not in sm.get_resource_policy(SecretId="db")
