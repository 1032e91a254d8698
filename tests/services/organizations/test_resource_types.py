"""Organizations as CloudFormation and Cloud Control see them."""

from __future__ import annotations

import uuid

import pytest

from tests.services.cloud_client import Cloud

ORGANIZATION = "AWS::Organizations::Organization"
UNIT = "AWS::Organizations::OrganizationalUnit"
ACCOUNT = "AWS::Organizations::Account"
POLICY = "AWS::Organizations::Policy"
RESOURCE_POLICY = "AWS::Organizations::ResourcePolicy"


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_an_organization_is_made_and_deleted(org, aws, cloud, refused):
    id = cloud.create(ORGANIZATION, FeatureSet="ALL")
    found = cloud.read(ORGANIZATION, id)
    assert (found["ManagementAccountId"], found["FeatureSet"]) == (aws.account, "ALL")
    assert found["RootId"] == org.list_roots()["Roots"][0]["Id"]
    cloud.delete(ORGANIZATION, id)
    with refused("AWSOrganizationsNotInUseException"):
        org.describe_organization()


def test_a_unit_is_made_renamed_and_deleted(root, cloud):
    tags = [{"Key": "team", "Value": "a"}]
    id = cloud.create(UNIT, Name="unit", ParentId=root, Tags=tags)
    cloud.update(UNIT, id, {"op": "replace", "path": "/Name", "value": "renamed"})
    found = cloud.read(UNIT, id)
    assert (found["Name"], found["ParentId"], found["Tags"]) == ("renamed", root, tags)
    assert cloud.client.list_resources(TypeName=UNIT, ResourceModel=f'{{"ParentId":"{root}"}}')["ResourceDescriptions"]
    cloud.delete(UNIT, id)


def test_an_account_is_made_moved_and_closed(org, root, make_unit, cloud):
    id = cloud.create(ACCOUNT, AccountName="dev", Email=f"{uuid.uuid4().hex}@example.com")
    assert cloud.read(ACCOUNT, id)["ParentIds"] == [root]
    unit = make_unit()
    cloud.update(ACCOUNT, id, {"op": "add", "path": "/ParentIds", "value": [unit]})
    assert org.list_parents(ChildId=id)["Parents"][0]["Id"] == unit
    cloud.delete(ACCOUNT, id)
    assert org.describe_account(AccountId=id)["Account"]["State"] in ("PENDING_CLOSURE", "SUSPENDED")


def test_an_account_begins_where_it_is_wanted(org, make_unit, cloud):
    unit = make_unit()
    email = f"{uuid.uuid4().hex}@example.com"
    id = cloud.create(ACCOUNT, AccountName="dev", Email=email, ParentIds=[unit])
    assert org.list_parents(ChildId=id)["Parents"][0]["Id"] == unit


def test_an_account_that_cannot_be_made_fails(org, member, cloud):
    email = org.describe_account(AccountId=member)["Account"]["Email"]
    with pytest.raises(AssertionError, match="EMAIL_ALREADY_EXISTS"):
        cloud.create(ACCOUNT, AccountName="again", Email=email)


def test_a_policy_is_made_attached_elsewhere_and_deleted(root, make_unit, enable, names_of, statement, cloud):
    enable()
    unit = make_unit()
    id = cloud.create(
        POLICY, Name="p", Type="SERVICE_CONTROL_POLICY", Content=statement("Deny", "sqs:*"), TargetIds=[root]
    )
    assert cloud.read(POLICY, id)["Content"] == statement("Deny", "sqs:*")
    assert "p" in names_of(root)
    cloud.update(POLICY, id, {"op": "replace", "path": "/TargetIds", "value": [unit]})
    assert ("p" in names_of(root), "p" in names_of(unit)) == (False, True)
    cloud.delete(POLICY, id)
    assert names_of(unit) == ["FullAWSAccess"]


def test_the_resource_policy_is_made_changed_and_deleted(org, member, statement, cloud, refused):
    reading = statement("Allow", "organizations:List*", Principal={"AWS": member})
    id = cloud.create(RESOURCE_POLICY, Content=reading)
    assert cloud.read(RESOURCE_POLICY, id)["Content"] == reading
    changed = statement("Allow", "organizations:Describe*", Principal={"AWS": member})
    cloud.update(RESOURCE_POLICY, id, {"op": "replace", "path": "/Content", "value": changed})
    assert cloud.read(RESOURCE_POLICY, id)["Content"] == changed
    cloud.delete(RESOURCE_POLICY, id)
    with refused("ResourcePolicyNotFoundException"):
        org.describe_resource_policy()
