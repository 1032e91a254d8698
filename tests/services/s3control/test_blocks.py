"""The account's block on public access, and that it is in force for the account's buckets."""

import pytest

from tests.services.s3control.conftest import statement

ALL = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
STRANGER = "111122223333"


def test_block_is_read_as_it_was_put(control):
    control.put_public_access_block(PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert control.get_public_access_block()["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }


def test_account_without_a_block_has_none(control, refused):
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        control.get_public_access_block()
    control.put_public_access_block(PublicAccessBlockConfiguration=ALL)
    control.delete_public_access_block()
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        control.get_public_access_block()


def test_another_account_has_no_say(client, aws, refused):
    with refused("AccessDenied", 403):
        client("s3control").get_public_access_block(AccountId=STRANGER)


@pytest.fixture
def opened(s3, make_bucket):
    """A bucket that has ACLs and blocks nothing by itself."""
    bucket = make_bucket(ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    return bucket


def block(control, part):
    control.put_public_access_block(PublicAccessBlockConfiguration={part: True})


def test_public_policies_are_refused(control, s3, opened, refused):
    block(control, "BlockPublicPolicy")
    with refused("AccessDenied", 403):
        s3.put_bucket_policy(Bucket=opened, Policy=statement(f"arn:aws:s3:::{opened}/*"))
    to_somebody = statement(f"arn:aws:s3:::{opened}/*", principal=f"arn:aws:iam::{STRANGER}:root")
    s3.put_bucket_policy(Bucket=opened, Policy=to_somebody)


def test_public_policies_let_nobody_in(control, client, s3, opened, refused):
    s3.put_bucket_policy(Bucket=opened, Policy=statement(f"arn:aws:s3:::{opened}/*"))
    stranger = client("s3", account=STRANGER)
    assert stranger.get_object(Bucket=opened, Key="k")["Body"].read() == b"x"
    block(control, "RestrictPublicBuckets")
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=opened, Key="k")


def test_public_acls_are_refused(control, s3, opened, refused):
    block(control, "BlockPublicAcls")
    for write in (
        lambda: s3.put_bucket_acl(Bucket=opened, ACL="public-read"),
        lambda: s3.put_object_acl(Bucket=opened, Key="k", ACL="public-read"),
        lambda: s3.put_object(Bucket=opened, Key="k", Body=b"y", ACL="public-read"),
    ):
        with refused("AccessDenied", 403):
            write()
    s3.put_object(Bucket=opened, Key="k", Body=b"y", ACL="private")


def test_public_acls_are_ignored(control, client, s3, opened, refused):
    s3.put_object_acl(Bucket=opened, Key="k", ACL="public-read")
    stranger = client("s3", account=STRANGER)
    assert stranger.get_object(Bucket=opened, Key="k")["Body"].read() == b"x"
    block(control, "IgnorePublicAcls")
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=opened, Key="k")
