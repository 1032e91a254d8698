"""Replicas in other regions, kept in step with their primary."""

from __future__ import annotations

import pytest

EU, AP = "eu-west-1", "ap-south-1"


@pytest.fixture
def eu(aws):
    return aws("secretsmanager", region=EU)


@pytest.fixture
def settled(clock):
    """Let what is under way take place."""
    return lambda: clock.advance(seconds=1)


@pytest.fixture
def replicated(make, settled, version):
    """A secret with a replica in eu-west-1; its ARN."""
    arn = make(
        SecretString="v1",
        ClientRequestToken=version(1),
        Tags=[{"Key": "a", "Value": "1"}],
        AddReplicaRegions=[{"Region": EU}],
    )
    settled()
    return arn


def status(sm, secret="db"):
    return {
        entry["Region"]: entry["Status"] for entry in sm.describe_secret(SecretId=secret).get("ReplicationStatus", [])
    }


def test_a_replica_has_the_primarys_value_labels_and_tags_under_the_arn_of_its_region(sm, eu, replicated, version):
    copy = eu.describe_secret(SecretId="db")
    assert copy["ARN"] == replicated.replace("us-east-1", EU)
    assert copy["Tags"] == [{"Key": "a", "Value": "1"}]
    assert copy["VersionIdsToStages"] == {version(1): ["AWSCURRENT"]}
    assert copy["PrimaryRegion"] == "us-east-1"
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "v1"


def test_a_replica_is_in_progress_until_it_is_in_sync(sm, make, settled):
    make(SecretString="x")
    answer = sm.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": EU}, {"Region": AP}])
    assert {entry["Status"] for entry in answer["ReplicationStatus"]} == {"InProgress"}
    settled()
    assert status(sm) == {EU: "InSync", AP: "InSync"}
    assert sm.describe_secret(SecretId="db")["PrimaryRegion"] == "us-east-1"


def test_a_replica_follows_new_values_labels_tags_and_policies(sm, eu, replicated, put, settled, version):
    put(2)
    sm.tag_resource(SecretId="db", Tags=[{"Key": "b", "Value": "2"}])
    sm.update_secret(SecretId="db", Description="new")
    settled()
    copy = eu.describe_secret(SecretId="db")
    assert copy["VersionIdsToStages"] == {version(1): ["AWSPREVIOUS"], version(2): ["AWSCURRENT"]}
    assert (len(copy["Tags"]), copy["Description"]) == (2, "new")
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "v2"


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("put_secret_value", {"SecretString": "y"}),
        ("update_secret", {"Description": "y"}),
        ("delete_secret", {}),
        ("tag_resource", {"Tags": [{"Key": "a", "Value": "2"}]}),
        ("rotate_secret", {}),
        ("replicate_secret_to_regions", {"AddReplicaRegions": [{"Region": AP}]}),
    ],
)
def test_a_replica_is_changed_in_its_primarys_region_only(eu, replicated, refused, operation, params):
    with refused("InvalidRequestException", "Operation not permitted on a replica secret."):
        getattr(eu, operation)(SecretId="db", **params)


def test_a_replica_has_a_key_of_its_own(sm, eu, replicated, put, settled):
    eu.update_secret(SecretId="db", KmsKeyId="alias/aws/secretsmanager")
    put(2)
    settled()
    assert eu.describe_secret(SecretId="db")["KmsKeyId"] == "alias/aws/secretsmanager"
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "v2"


def test_a_name_that_is_taken_fails_replication(sm, eu, make, settled):
    eu.create_secret(Name="db", SecretString="own")
    make(SecretString="x", AddReplicaRegions=[{"Region": EU}])
    settled()
    found = sm.describe_secret(SecretId="db")["ReplicationStatus"][0]
    assert (found["Status"], found["StatusMessage"]) == (
        "Failed",
        f"Replication failed: Secret name db already exists in region {EU}.",
    )
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "own"


def test_a_name_that_is_taken_gives_way_by_force(sm, eu, make, settled):
    eu.create_secret(Name="db", SecretString="own")
    make(SecretString="x", AddReplicaRegions=[{"Region": EU}], ForceOverwriteReplicaSecret=True)
    settled()
    assert status(sm) == {EU: "InSync"}
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "x"


def test_a_failed_replication_can_be_repeated(sm, eu, make, settled):
    eu.create_secret(Name="db", SecretString="own")
    make(SecretString="x", AddReplicaRegions=[{"Region": EU}])
    settled()
    eu.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    sm.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": EU}])
    settled()
    assert status(sm) == {EU: "InSync"}


@pytest.mark.parametrize("region", ["us-east-1", EU, "xx-nowhere-1"])
def test_a_region_that_has_the_secret_or_is_none_is_refused(sm, replicated, refused, region):
    with refused("InvalidParameterException"):
        sm.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": region}])


def test_a_primary_is_not_deleted_before_its_replicas(sm, eu, replicated, refused):
    with refused("InvalidParameterException", f"still has replica regions [{EU}]"):
        sm.delete_secret(SecretId="db")
    answer = sm.remove_regions_from_replication(SecretId="db", RemoveReplicaRegions=[EU])
    assert answer["ReplicationStatus"] == []
    with refused("ResourceNotFoundException"):
        eu.describe_secret(SecretId="db")
    sm.delete_secret(SecretId="db")


def test_only_replicas_are_removed(sm, replicated, refused):
    with refused("InvalidParameterException"):
        sm.remove_regions_from_replication(SecretId="db", RemoveReplicaRegions=[AP])


def test_a_replica_on_its_own_is_a_secret_like_any_other(sm, eu, replicated, put, settled):
    assert eu.stop_replication_to_replica(SecretId="db")["ARN"] == replicated.replace("us-east-1", EU)
    put(2)
    settled()
    assert eu.get_secret_value(SecretId="db")["SecretString"] == "v1"
    assert "PrimaryRegion" not in eu.describe_secret(SecretId="db")
    eu.put_secret_value(SecretId="db", SecretString="own")
    assert status(sm) == {}


def test_a_primary_does_not_stop_its_own_replication(sm, replicated, refused):
    with refused("InvalidRequestException"):
        sm.stop_replication_to_replica(SecretId="db")


def test_secrets_are_listed_by_the_region_of_their_primary(eu, replicated):
    found = eu.list_secrets(Filters=[{"Key": "primary-region", "Values": ["us-east"]}])["SecretList"]
    assert [secret["Name"] for secret in found] == ["db"]
