"""Access keys."""

import pytest
from botocore.exceptions import ClientError

from fogbank.identity.credentials import account_of


def test_a_key_names_its_account_and_has_a_secret(iam, make_user, aws):
    make_user()
    key = iam.create_access_key(UserName="user")["AccessKey"]
    assert key["AccessKeyId"].startswith("AKIA")
    assert len(key["AccessKeyId"]) == 20
    assert len(key["SecretAccessKey"]) == 40
    assert account_of(key["AccessKeyId"]) == aws.account
    assert aws("sts").get_access_key_info(AccessKeyId=key["AccessKeyId"])["Account"] == aws.account


def test_a_key_is_its_user(make_user, as_user):
    user = make_user(Path="/team/")
    caller = as_user("user")("sts").get_caller_identity()
    assert (caller["Arn"], caller["UserId"]) == (user["Arn"], user["UserId"])


def test_a_key_of_the_root_is_the_root(iam, aws):
    key = iam.create_access_key()["AccessKey"]
    assert "UserName" not in key
    assert aws("sts", credentials=key).get_caller_identity()["Arn"] == f"arn:aws:iam::{aws.account}:root"
    iam.delete_access_key(AccessKeyId=key["AccessKeyId"])


@pytest.mark.parametrize("change", ["inactive", "deleted"])
def test_a_key_that_is_inactive_or_deleted_is_refused(iam, make_user, aws, change):
    make_user()
    key = iam.create_access_key(UserName="user")["AccessKey"]
    if change == "inactive":
        iam.update_access_key(UserName="user", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    else:
        iam.delete_access_key(UserName="user", AccessKeyId=key["AccessKeyId"])
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        aws("sts", credentials=key).get_caller_identity()


def test_keys_are_listed_without_their_secrets(iam, make_user):
    make_user()
    made = iam.create_access_key(UserName="user")["AccessKey"]
    iam.update_access_key(UserName="user", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    (key,) = iam.list_access_keys(UserName="user")["AccessKeyMetadata"]
    assert key == {
        "UserName": "user",
        "AccessKeyId": made["AccessKeyId"],
        "Status": "Inactive",
        "CreateDate": made["CreateDate"],
    }


def test_a_user_has_two_keys_at_most(iam, make_user, refused):
    make_user()
    for _ in range(2):
        iam.create_access_key(UserName="user")
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"):
        iam.create_access_key(UserName="user")


def test_a_user_with_a_key_is_not_deleted(iam, make_user, refused):
    make_user()
    iam.create_access_key(UserName="user")
    with refused("DeleteConflict", "Cannot delete entity, must delete access keys first."):
        iam.delete_user(UserName="user")


def test_the_key_of_another_user_is_not_found(iam, make_user, refused):
    make_user("a")
    make_user("b")
    key = iam.create_access_key(UserName="a")["AccessKey"]["AccessKeyId"]
    with refused("NoSuchEntity", f"The Access Key with id {key} cannot be found."):
        iam.delete_access_key(UserName="b", AccessKeyId=key)


def test_a_user_manages_its_own_keys(make_user, as_user):
    make_user()
    own = as_user("user", "iam:*AccessKey*")("iam")
    assert own.create_access_key()["AccessKey"]["UserName"] == "user"
    assert len(own.list_access_keys()["AccessKeyMetadata"]) == 2


def test_a_key_that_was_never_used_says_so(iam, make_user):
    make_user()
    key = iam.create_access_key(UserName="user")["AccessKey"]["AccessKeyId"]
    found = iam.get_access_key_last_used(AccessKeyId=key)
    assert found["UserName"] == "user"
    assert found["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}


def test_the_last_use_of_a_key_of_another_account_is_not_told(iam, aws, refused):
    other = aws("iam", account="444455556666")
    key = other.create_access_key()["AccessKey"]["AccessKeyId"]
    try:
        with refused("AccessDenied", f"iam:GetAccessKeyLastUsed on resource: access key {key}"):
            iam.get_access_key_last_used(AccessKeyId=key)
    finally:
        other.delete_access_key(AccessKeyId=key)
