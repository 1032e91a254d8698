"""MFA delete: versions go for good only with a code."""

import base64

import pytest

from fogbank.services.iam import totp


@pytest.fixture
def phone(aws, fogbank_server, clock):
    """A user of the account who has an MFA device: a client, and what gives the next value of x-amz-mfa."""
    iam = aws("iam")
    iam.create_user(UserName="u")
    policy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed = base64.b32decode(device["Base32StringSeed"])

    def code(step=0):
        return totp.code(seed, totp.counter(fogbank_server.app.clock.now()) + step)

    iam.enable_mfa_device(
        UserName="u", SerialNumber=device["SerialNumber"], AuthenticationCode1=code(-1), AuthenticationCode2=code()
    )

    def header():
        clock.advance(seconds=31)  # a code is good once
        return f"{device['SerialNumber']} {code()}"

    return aws("s3", credentials=iam.create_access_key(UserName="u")["AccessKey"]), header


def enable(client, bucket, header, state="Enabled"):
    client.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled", "MFADelete": state}, MFA=header
    )


def test_a_version_goes_only_with_a_code(refused, bucket, phone):
    s3, header = phone
    enable(s3, bucket, header())
    assert s3.get_bucket_versioning(Bucket=bucket)["MFADelete"] == "Enabled"
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    with refused("AccessDenied", 403, Message="Mfa Authentication must be used for this request"):
        s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    with refused("AccessDenied", 403):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": version}]})
    assert s3.delete_object(Bucket=bucket, Key="k")["DeleteMarker"] is True
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version, MFA=header())
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=bucket, Key="k", VersionId=version)


def test_one_code_does_for_many_versions(bucket, phone):
    s3, header = phone
    enable(s3, bucket, header())
    versions = [s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"] for _ in range(3)]
    wanted = {"Objects": [{"Key": "k", "VersionId": version} for version in versions]}
    assert len(s3.delete_objects(Bucket=bucket, Delete=wanted, MFA=header())["Deleted"]) == 3


def test_a_wrong_code_is_refused(refused, bucket, phone):
    s3, header = phone
    with refused("AccessDenied", 403):
        enable(s3, bucket, header()[:-6] + "abcdef")
    assert "MFADelete" not in s3.get_bucket_versioning(Bucket=bucket)


def test_it_takes_a_code_to_switch_it_on_and_off(refused, s3, bucket, phone):
    with refused("AccessDenied", 403):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"})
    client, header = phone
    enable(client, bucket, header())
    with refused("AccessDenied", 403):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    enable(client, bucket, header(), "Disabled")
    assert client.get_bucket_versioning(Bucket=bucket)["MFADelete"] == "Disabled"
