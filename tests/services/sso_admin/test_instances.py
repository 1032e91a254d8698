"""Instances: what can be changed, further regions, attributes for access control."""

from __future__ import annotations

import json

import pytest

from tests.services.sso.conftest import center, code_of

__all__ = ["center"]


def described(center, admin=None):
    return (admin or center.admin).describe_instance(InstanceArn=center.instance)


# -- changing


def test_instance_is_renamed(center):
    center.admin.update_instance(InstanceArn=center.instance, Name="play")
    assert described(center)["Name"] == "play"


def test_instance_takes_a_key_that_there_is(center):
    key = center.aws("kms").create_key()["KeyMetadata"]["Arn"]
    encryption = {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": key}
    center.admin.update_instance(InstanceArn=center.instance, EncryptionConfiguration=encryption)
    assert described(center)["EncryptionConfigurationDetails"] == {**encryption, "EncryptionStatus": "ENABLED"}
    missing = {**encryption, "KmsKeyArn": key[:-4] + "0000"}
    update = center.admin.update_instance
    assert code_of(update, InstanceArn=center.instance, EncryptionConfiguration=missing) == "NotFoundException"


@pytest.mark.parametrize(
    "change",
    [
        {"EncryptionConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY"}},
        {"PermissionSetsEnabled": False},
        {"PermissionSetsEnabled": True, "EncryptionConfiguration": {"KeyType": "AWS_OWNED_KMS_KEY"}},
    ],
)
def test_change_that_makes_no_sense_is_refused(center, change):
    assert code_of(center.admin.update_instance, InstanceArn=center.instance, **change) == "ValidationException"


def test_network_configuration_keeps_requests_out(center):
    closed = {"VpceAccessRequired": True}
    center.admin.update_instance(InstanceArn=center.instance, NetworkConfiguration=closed)
    assert code_of(center.admin.list_permission_sets, InstanceArn=center.instance) == "AccessDeniedException"
    assert described(center)["NetworkConfigurationDetails"] == closed
    reopened = {**closed, "AllowSourceIps": ["127.0.0.0/8"]}
    center.admin.update_instance(InstanceArn=center.instance, NetworkConfiguration=reopened)
    assert center.admin.list_permission_sets(InstanceArn=center.instance)["PermissionSets"] == []


# -- regions


@pytest.fixture
def abroad(center):
    """The administration in a region that was added."""
    center.admin.add_region(InstanceArn=center.instance, RegionName="eu-west-1")
    center.clock.advance(seconds=1)
    return center.aws("sso-admin", "eu-west-1")


def test_region_is_added_in_time(center):
    assert center.admin.add_region(InstanceArn=center.instance, RegionName="eu-west-1")["Status"] == "ADDING"
    elsewhere = center.aws("sso-admin", "eu-west-1")
    assert code_of(described, center, elsewhere) == "ResourceNotFoundException"
    assert code_of(center.admin.add_region, InstanceArn=center.instance, RegionName="eu-west-2") == "ConflictException"
    center.clock.advance(seconds=1)
    region = center.admin.describe_region(InstanceArn=center.instance, RegionName="eu-west-1")
    assert (region["Status"], region["IsPrimaryRegion"]) == ("ACTIVE", False)
    regions = center.admin.list_regions(InstanceArn=center.instance)["Regions"]
    assert [row["RegionName"] for row in regions] == ["eu-west-1", "us-east-1"]


def test_instance_answers_in_its_further_regions(center, abroad):
    arn = center.permission_set()
    assert abroad.list_permission_sets(InstanceArn=center.instance)["PermissionSets"] == [arn]
    assert [row["InstanceArn"] for row in abroad.list_instances()["Instances"]] == [center.instance]


def test_region_is_removed_from_the_primary_one_only(center, abroad):
    asked = {"InstanceArn": center.instance, "RegionName": "eu-west-1"}
    assert code_of(abroad.remove_region, **asked) == "ValidationException"
    assert code_of(center.admin.remove_region, **{**asked, "RegionName": "us-east-1"}) == "ValidationException"
    assert center.admin.remove_region(**asked)["Status"] == "REMOVING"
    center.clock.advance(seconds=1)
    assert code_of(center.admin.describe_region, **asked) == "ResourceNotFoundException"
    assert code_of(center.admin.remove_region, **asked) == "ResourceNotFoundException"


def test_region_is_added_once(center, abroad):
    for name in ("eu-west-1", "us-east-1"):
        asked = {"InstanceArn": center.instance, "RegionName": name}
        assert code_of(center.admin.add_region, **asked) == "ConflictException"


# -- attributes for access control


def configuration(**sources):
    listed = [{"Key": key, "Value": {"Source": [source]}} for key, source in sources.items()]
    return {"InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": listed}}


def test_attributes_are_enabled_changed_and_disabled(center):
    admin, on = center.admin, {"InstanceArn": center.instance}
    describe = admin.describe_instance_access_control_attribute_configuration
    assert code_of(describe, **on) == "ResourceNotFoundException"
    first, second = configuration(user="${path:userName}"), configuration(team="${path:enterprise.department}")
    admin.create_instance_access_control_attribute_configuration(**on, **first)
    assert code_of(admin.create_instance_access_control_attribute_configuration, **on, **first) == "ConflictException"
    admin.update_instance_access_control_attribute_configuration(**on, **second)
    answer = describe(**on)
    assert answer["Status"] == "ENABLED"
    assert {key: answer[key] for key in second} == second
    admin.delete_instance_access_control_attribute_configuration(**on)
    assert code_of(describe, **on) == "ResourceNotFoundException"


def test_attributes_become_tags_of_sessions(center):
    user = center.people.create_user(
        IdentityStoreId=center.store,
        UserName="ada",
        DisplayName="Ada",
        Name={"GivenName": "Ada", "FamilyName": "Lovelace"},
        Emails=[{"Value": "ada@example.com", "Primary": True}],
    )["UserId"]
    center.admin.create_instance_access_control_attribute_configuration(
        InstanceArn=center.instance,
        **configuration(
            surname="${path:name.familyName}", mail="${path:emails[primary eq true].value}", nothing="${path:title}"
        ),
    )
    arn = center.permission_set()
    tagged = {"aws:PrincipalTag/surname": "Lovelace", "aws:PrincipalTag/mail": "ada@example.com"}
    allowed = {
        "Effect": "Allow",
        "Action": "sqs:ListQueues",
        "Resource": "*",
        "Condition": {"StringEquals": tagged, "Null": {"aws:PrincipalTag/nothing": "true"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    center.admin.put_inline_policy_to_permission_set(
        InstanceArn=center.instance, PermissionSetArn=arn, InlinePolicy=document
    )
    center.assign(arn, user)
    _, tokens = center.sign_in(user)
    given = center.portal.get_role_credentials(
        accessToken=tokens["accessToken"], accountId=center.aws.account, roleName="Reader"
    )["roleCredentials"]
    keys = {
        "AccessKeyId": given["accessKeyId"],
        "SecretAccessKey": given["secretAccessKey"],
        "SessionToken": given["sessionToken"],
    }
    center.aws("sqs", credentials=keys).list_queues()
