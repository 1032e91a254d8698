"""Replicas in other accounts."""

from __future__ import annotations

import json

import pytest

from fogbank.testing.clients import fresh_account


@pytest.fixture
def there(aws):
    """Secrets Manager in another account, and a key of that account which both may use."""
    account = fresh_account()
    owners = [f"arn:aws:iam::{owner}:root" for owner in (account, aws.account)]
    statement = {"Effect": "Allow", "Principal": {"AWS": owners}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    key = aws("kms", account=account).create_key(Policy=policy)["KeyMetadata"]["Arn"]
    return aws("secretsmanager", account=account), key


@pytest.fixture
def settled(clock):
    return lambda: clock.advance(seconds=1)


@pytest.fixture
def replica(there, make, version):
    """A replica, not yet associated, of the secret `db`: its ARN and that of its primary."""
    arn = make(SecretString="v1", ClientRequestToken=version(1))
    other, key = there
    return other.create_secret(Name="copy", KmsKeyId=key, CrossAccountPrimaryARN=arn)["ARN"], arn


@pytest.fixture
def associate(sm):
    def associate(replica_arn, restriction="NoRestriction"):
        return sm.associate_cross_account_replica(
            SecretId="db", CrossAccountReplicaARN=replica_arn, ReplicaRestriction=restriction
        )

    return associate


def test_a_replica_waits_for_its_primary(there, replica, refused):
    other, _ = there
    primary = other.describe_secret(SecretId="copy")["CrossAccountPrimary"]
    assert primary == {"PrimarySecretARN": replica[1], "ReplicationStatus": "Pending"}
    names = [entry["PolicyName"] for entry in other.list_resource_policies(SecretId="copy")["ResourcePolicies"]]
    assert names == ["CrossAccountReplication"]


def test_an_associated_replica_follows_its_primary(sm, there, replica, associate, put, settled, version):
    other, _ = there
    assert associate(replica[0])["ReplicationStatus"] == "InProgress"
    settled()
    assert other.get_secret_value(SecretId="copy")["SecretString"] == "v1"
    put(2)
    settled()
    assert other.get_secret_value(SecretId="copy")["SecretString"] == "v2"
    assert sm.describe_secret(SecretId="db")["CrossAccountReplicas"] == [
        {"ReplicaSecretARN": replica[0], "ReplicationStatus": "InSync"}
    ]
    assert other.describe_secret(SecretId="copy")["CrossAccountPrimary"]["ReplicationStatus"] == "InSync"


def test_a_replica_must_be_in_the_same_organization_unless_that_is_waived(replica, associate, refused):
    with refused("InvalidRequestException", "same organization"):
        associate(replica[0], "SameOrg")


def test_a_detached_replica_keeps_its_value_and_follows_no_more(sm, there, replica, associate, put, settled):
    other, _ = there
    associate(replica[0])
    settled()
    sm.disassociate_cross_account_replica(SecretId="db", CrossAccountReplicaARN=replica[0])
    put(2)
    settled()
    assert other.get_secret_value(SecretId="copy")["SecretString"] == "v1"
    assert other.describe_secret(SecretId="copy")["CrossAccountPrimary"]["ReplicationStatus"] == "Detached"


def test_a_replica_that_stops_is_a_secret_of_its_own(sm, there, replica, associate, settled):
    other, _ = there
    associate(replica[0])
    settled()
    other.stop_replication_to_replica(SecretId="copy")
    other.put_secret_value(SecretId="copy", SecretString="own")
    assert sm.describe_secret(SecretId="db")["CrossAccountReplicas"][0]["ReplicationStatus"] == "Detached"
    assert other.list_resource_policies(SecretId="copy")["ResourcePolicies"] == []


def test_neither_side_is_deleted_while_they_are_linked(sm, there, replica, associate, settled, refused):
    other, _ = there
    associate(replica[0])
    settled()
    for client, name in ((sm, "db"), (other, "copy")):
        with refused("InvalidRequestException"):
            client.delete_secret(SecretId=name)


@pytest.mark.parametrize(
    "params",
    [{"SecretString": "x"}, {"Description": "x"}, {"AddReplicaRegions": [{"Region": "eu-west-1"}]}],
)
def test_a_replica_is_created_with_nothing_of_its_own(there, make, refused, params):
    other, key = there
    with refused("InvalidParameterException"):
        other.create_secret(Name="copy", KmsKeyId=key, CrossAccountPrimaryARN=make(), **params)


def test_a_replica_has_a_key_of_its_own(there, make, refused):
    other, _ = there
    with refused("InvalidParameterException", "customer managed KMS key"):
        other.create_secret(Name="copy", CrossAccountPrimaryARN=make())


def test_a_secret_that_is_no_replica_of_it_is_not_associated(there, make, associate, refused):
    other, _ = there
    make()
    with refused("AccessDeniedException"):
        associate(other.create_secret(Name="copy")["ARN"])
