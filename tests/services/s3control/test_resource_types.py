"""What S3 Control has, as CloudFormation and Cloud Control see it."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.cloud_client import Cloud
from tests.services.s3control.conftest import statement

POINT = "AWS::S3::AccessPoint"


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_access_point(cloud, control, aws, bucket):
    tags = [{"Key": "a", "Value": "1"}]
    assert cloud.create(POINT, Name="front", Bucket=bucket, Tags=tags) == "front"
    arn = f"arn:aws:s3:us-east-1:{aws.account}:accesspoint/front"
    found = cloud.read(POINT, "front")
    assert (found["Arn"], found["Bucket"], found["NetworkOrigin"], found["Tags"]) == (arn, bucket, "Internet", tags)
    policy = json.loads(statement(f"{arn}/object/*", principal="arn:aws:iam::111122223333:root"))
    cloud.update(POINT, "front", {"op": "add", "path": "/Policy", "value": policy})
    assert json.loads(control.get_access_point_policy(Name="front")["Policy"]) == policy
    cloud.update(POINT, "front", {"op": "remove", "path": "/Policy"}, {"op": "remove", "path": "/Tags"})
    found = cloud.read(POINT, "front")
    assert "Policy" not in found
    assert "Tags" not in found
    cloud.delete(POINT, "front")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.read(POINT, "front")


def test_multi_region_access_point(cloud, bucket):
    kind = "AWS::S3::MultiRegionAccessPoint"
    name = cloud.create(kind, Regions=[{"Bucket": bucket}])
    found = cloud.read(kind, name)
    assert (found["Regions"][0]["Bucket"], found["Alias"].endswith(".mrap")) == (bucket, True)
    cloud.delete(kind, name)


def test_storage_lens_group(cloud, control):
    kind = "AWS::S3::StorageLensGroup"
    cloud.create(kind, Name="group", Filter={"MatchAnyPrefix": ["a"]})
    cloud.update(kind, "group", {"op": "replace", "path": "/Filter", "value": {"MatchAnySuffix": ["b"]}})
    assert control.get_storage_lens_group(Name="group")["StorageLensGroup"]["Filter"] == {"MatchAnySuffix": ["b"]}
    cloud.delete(kind, "group")


def test_access_grants(cloud, role, bucket, aws):
    allowed = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
    roles = [role("access-grants.s3.amazonaws.com", allowed) for _ in range(2)]
    instance = cloud.create("AWS::S3::AccessGrantsInstance")
    location = cloud.create("AWS::S3::AccessGrantsLocation", LocationScope="s3://", IamRoleArn=roles[0])
    change = {"op": "replace", "path": "/IamRoleArn", "value": roles[1]}
    cloud.update("AWS::S3::AccessGrantsLocation", location, change)
    assert cloud.read("AWS::S3::AccessGrantsLocation", location)["IamRoleArn"] == roles[1]
    grant = cloud.create(
        "AWS::S3::AccessGrant",
        AccessGrantsLocationId=location,
        AccessGrantsLocationConfiguration={"S3SubPrefix": f"{bucket}/*"},
        Grantee={"GranteeType": "IAM", "GranteeIdentifier": f"arn:aws:iam::{aws.account}:user/someone"},
        Permission="READ",
    )
    assert cloud.read("AWS::S3::AccessGrant", grant)["GrantScope"] == f"s3://{bucket}/*"
    cloud.delete("AWS::S3::AccessGrant", grant)
    cloud.delete("AWS::S3::AccessGrantsLocation", location)
    cloud.delete("AWS::S3::AccessGrantsInstance", instance)


def test_policy_of_a_multi_region_access_point(cloud, control, aws, bucket):
    name = cloud.create("AWS::S3::MultiRegionAccessPoint", Regions=[{"Bucket": bucket}])
    alias = cloud.read("AWS::S3::MultiRegionAccessPoint", name)["Alias"]
    resource = f"arn:aws:s3::{aws.account}:accesspoint/{alias}/object/*"
    policy = json.loads(statement(resource, principal="arn:aws:iam::111122223333:root"))
    kind = "AWS::S3::MultiRegionAccessPointPolicy"
    assert cloud.create(kind, MrapName=name, Policy=policy) == name
    found = cloud.read(kind, name)
    assert (found["Policy"], found["PolicyStatus"]) == (policy, {"IsPublic": "false"})
    cloud.delete(kind, name)  # leaves the policy: there is no operation that would take it away
    assert (
        json.loads(control.get_multi_region_access_point_policy(Name=name)["Policy"]["Established"]["Policy"]) == policy
    )


def test_storage_lens(cloud, control):
    kind = "AWS::S3::StorageLens"
    document = {"Id": "lens", "IsEnabled": True, "AccountLevel": {"BucketLevel": {}}}
    tags = [{"Key": "a", "Value": "1"}]
    assert cloud.create(kind, StorageLensConfiguration=document, Tags=tags) == "lens"
    found = cloud.read(kind, "lens")
    assert found["StorageLensConfiguration"]["StorageLensArn"].endswith(":storage-lens/lens")
    assert found["Tags"] == tags
    cloud.update(kind, "lens", {"op": "replace", "path": "/StorageLensConfiguration/IsEnabled", "value": False})
    assert control.get_storage_lens_configuration(ConfigId="lens")["StorageLensConfiguration"]["IsEnabled"] is False
    cloud.delete(kind, "lens")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.read(kind, "lens")


def test_directory_bucket_and_its_access_point(cloud, aws):
    kind = "AWS::S3Express::DirectoryBucket"
    tags = [{"Key": "a", "Value": "1"}]
    name = cloud.create(kind, LocationName="use1-az4", DataRedundancy="SingleAvailabilityZone", Tags=tags)
    assert name.endswith("--use1-az4--x-s3")
    found = cloud.read(kind, name)
    assert (found["LocationName"], found["DataRedundancy"], found["Tags"]) == (
        "use1-az4",
        "SingleAvailabilityZone",
        tags,
    )
    assert found["Arn"] == f"arn:aws:s3express:us-east-1:{aws.account}:bucket/{name}"
    point = cloud.create("AWS::S3Express::AccessPoint", Bucket=name, Scope={"Prefixes": ["a/"]})
    assert cloud.read("AWS::S3Express::AccessPoint", point)["Scope"]["Prefixes"] == ["a/"]
    cloud.delete("AWS::S3Express::AccessPoint", point)
    cloud.delete(kind, name)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.read(kind, name)


def test_policy_of_a_directory_bucket(cloud, aws):
    kind = "AWS::S3Express::BucketPolicy"
    bucket = cloud.create(
        "AWS::S3Express::DirectoryBucket", LocationName="use1-az4", DataRedundancy="SingleAvailabilityZone"
    )
    arn = f"arn:aws:s3express:us-east-1:{aws.account}:bucket/{bucket}"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "s3express:CreateSession",
                "Resource": arn,
            }
        ],
    }
    cloud.create(kind, Bucket=bucket, PolicyDocument=policy)
    assert cloud.read(kind, bucket)["PolicyDocument"] == policy
    cloud.delete(kind, bucket)
