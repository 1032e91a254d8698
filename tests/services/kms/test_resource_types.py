"""AWS::KMS::*, by way of Cloud Control: what is declared is what the API has."""

import json

import pytest


class Cloud:
    """The verbs on resources of a type: `cloud.create("Key", Description=...)` -> identifier."""

    def __init__(self, client, clock):
        self.client = client
        self.clock = clock

    def create(self, noun, **properties):
        answer = self.client.create_resource(TypeName=f"AWS::KMS::{noun}", DesiredState=json.dumps(properties))
        return self._done(answer)["Identifier"]

    def read(self, noun, identifier):
        found = self.client.get_resource(TypeName=f"AWS::KMS::{noun}", Identifier=identifier)
        return json.loads(found["ResourceDescription"]["Properties"])

    def update(self, noun, identifier, **properties):
        patch = [{"op": "add", "path": f"/{name}", "value": value} for name, value in properties.items()]
        request = {"TypeName": f"AWS::KMS::{noun}", "Identifier": identifier, "PatchDocument": json.dumps(patch)}
        self._done(self.client.update_resource(**request))

    def delete(self, noun, identifier):
        self._done(self.client.delete_resource(TypeName=f"AWS::KMS::{noun}", Identifier=identifier))

    def list(self, noun):
        found = self.client.list_resources(TypeName=f"AWS::KMS::{noun}")["ResourceDescriptions"]
        return [each["Identifier"] for each in found]

    def _done(self, answer):
        token = answer["ProgressEvent"]["RequestToken"]
        for _ in range(20):
            event = self.client.get_resource_request_status(RequestToken=token)["ProgressEvent"]
            if event["OperationStatus"] not in ("PENDING", "IN_PROGRESS"):
                assert event["OperationStatus"] == "SUCCESS", event
                return event
            self.clock.advance(seconds=1)
        raise AssertionError(event)


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_key_is_made_as_declared(kms, cloud, key_policy):
    policy = json.loads(key_policy())
    key = cloud.create(
        "Key",
        Description="declared",
        EnableKeyRotation=True,
        RotationPeriodInDays=90,
        KeyPolicy=policy,
        PendingWindowInDays=7,
        Tags=[{"Key": "a", "Value": "b"}],
    )
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 90
    assert cloud.read("Key", key) == {
        "KeyId": key,
        "Arn": described["Arn"],
        "Description": "declared",
        "Enabled": True,
        "EnableKeyRotation": True,
        "KeyPolicy": policy,
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Origin": "AWS_KMS",
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    assert cloud.list("Key") == [key]


def test_a_key_is_changed_in_place(kms, cloud):
    key = cloud.create("Key", Enabled=False)
    cloud.update("Key", key, Enabled=True, Description="new", EnableKeyRotation=True, Tags=[{"Key": "a", "Value": "1"}])
    read = cloud.read("Key", key)
    assert (read["Enabled"], read["Description"], read["EnableKeyRotation"]) == (True, "new", True)
    cloud.update("Key", key, Enabled=False, EnableKeyRotation=False, Tags=[])
    read = cloud.read("Key", key)
    assert (read["Enabled"], read["EnableKeyRotation"], read["Tags"]) == (False, False, [])


def test_a_deleted_key_is_gone_and_waits_all_the_same(kms, cloud):
    key = cloud.create("Key", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    cloud.delete("Key", key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert cloud.list("Key") == []
    with pytest.raises(cloud.client.exceptions.ResourceNotFoundException):
        cloud.read("Key", key)


def test_a_replica_is_made_in_another_region(aws, kms, cloud, clock, key_policy):
    primary = cloud.read("Key", cloud.create("Key", MultiRegion=True))
    there = Cloud(aws("cloudcontrol", region="eu-west-1"), clock)
    replica = there.create("ReplicaKey", PrimaryKeyArn=primary["Arn"], KeyPolicy=json.loads(key_policy()))
    assert replica == primary["KeyId"]
    assert there.read("ReplicaKey", replica)["PrimaryKeyArn"] == primary["Arn"]
    assert (there.list("ReplicaKey"), there.list("Key"), cloud.list("ReplicaKey")) == ([replica], [], [])


def test_an_alias_moves_between_keys(kms, cloud, make_key):
    one, other = make_key()["KeyId"], make_key()["KeyId"]
    alias = cloud.create("Alias", AliasName="alias/app", TargetKeyId=one)
    cloud.update("Alias", alias, TargetKeyId=other)
    assert cloud.read("Alias", alias) == {"AliasName": "alias/app", "TargetKeyId": other}
    assert "alias/app" in cloud.list("Alias")
    cloud.delete("Alias", alias)
    assert kms.list_aliases(KeyId=other)["Aliases"] == []
