"""AWS managed keys: made on first use, usable through their service only."""

import json

import pytest


def test_an_alias_of_aws_gets_its_key_when_it_is_first_described(kms):
    key = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert (key["KeyManager"], key["KeyState"]) == ("AWS", "Enabled")
    assert key["Description"] == "Default key that protects my S3 objects when no other key is defined"
    assert kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"] == key
    listed = {alias["AliasName"]: alias.get("TargetKeyId") for alias in kms.list_aliases()["Aliases"]}
    assert listed["alias/aws/s3"] == key["KeyId"]


def test_there_is_no_key_for_a_service_that_aws_does_not_have(kms, refused):
    with refused("NotFoundException"):
        kms.describe_key(KeyId="alias/aws/nosuch")


def test_the_key_is_for_its_service_and_not_for_users(kms, refused):
    with refused("AccessDeniedException", "because no resource-based policy allows the kms:Encrypt action"):
        kms.encrypt(KeyId="alias/aws/s3", Plaintext=b"x")


@pytest.fixture
def managed(kms):
    return kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyId"]


def test_nobody_but_aws_manages_the_key(kms, managed, refused):
    for operation in (kms.disable_key, kms.schedule_key_deletion, kms.disable_key_rotation, kms.rotate_key_on_demand):
        with refused("AccessDeniedException"):
            operation(KeyId=managed)
    with refused("AccessDeniedException"):
        kms.tag_resource(KeyId=managed, Tags=[{"TagKey": "a", "TagValue": "b"}])
    with refused("AccessDeniedException"):
        kms.create_alias(AliasName="alias/mine", TargetKeyId=managed)


def test_its_policy_asks_for_the_service_and_the_account(aws, kms, managed):
    policy = json.loads(kms.get_key_policy(KeyId=managed)["Policy"])
    conditions = policy["Statement"][0]["Condition"]["StringEquals"]
    assert conditions == {"kms:CallerAccount": aws.account, "kms:ViaService": "ec2.us-east-1.amazonaws.com"}


def test_it_rotates_every_year(kms, managed, clock):
    status = kms.get_key_rotation_status(KeyId=managed)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 365)
    clock.advance(days=366)
    (rotation,) = kms.list_key_rotations(KeyId=managed)["Rotations"]
    assert rotation["RotationType"] == "AUTOMATIC"
