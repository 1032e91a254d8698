"""Aliases: names of keys that can be given to other keys."""

import pytest


def named(kms, **which):
    return {alias["AliasName"]: alias.get("TargetKeyId") for alias in kms.list_aliases(**which)["Aliases"]}


def test_an_alias_stands_for_its_key_until_it_is_deleted(aws, kms, make_key, refused):
    key = make_key()
    kms.create_alias(AliasName="alias/app", TargetKeyId=key["KeyId"])
    assert kms.encrypt(KeyId="alias/app", Plaintext=b"x")["KeyId"] == key["Arn"]
    (alias,) = kms.list_aliases(KeyId=key["KeyId"])["Aliases"]
    assert alias.pop("CreationDate") == alias.pop("LastUpdatedDate")
    arn = f"arn:aws:kms:us-east-1:{aws.account}:alias/app"
    assert alias == {"AliasName": "alias/app", "AliasArn": arn, "TargetKeyId": key["KeyId"]}
    kms.delete_alias(AliasName="alias/app")
    with refused("NotFoundException", f"Alias {arn} is not found."):
        kms.encrypt(KeyId="alias/app", Plaintext=b"x")
    assert kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_an_alias_moves_to_another_key_of_its_kind(kms, make_key, refused, clock):
    old, new, signing = make_key()["KeyId"], make_key()["KeyId"], make_key("ECC_NIST_P256", "SIGN_VERIFY")["KeyId"]
    kms.create_alias(AliasName="alias/app", TargetKeyId=old)
    clock.advance(seconds=10)
    kms.update_alias(AliasName="alias/app", TargetKeyId=new)
    assert named(kms, KeyId=new) == {"alias/app": new}
    assert named(kms, KeyId=old) == {}
    (alias,) = kms.list_aliases(KeyId=new)["Aliases"]
    assert alias["LastUpdatedDate"] > alias["CreationDate"]
    with refused("ValidationException", "must be the same type"):
        kms.update_alias(AliasName="alias/app", TargetKeyId=signing)


def test_a_name_is_given_once(aws, kms, key, refused):
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    expected = f"An alias with the name arn:aws:kms:us-east-1:{aws.account}:alias/app already exists"
    with refused("AlreadyExistsException", expected):
        kms.create_alias(AliasName="alias/app", TargetKeyId=key)


@pytest.mark.parametrize("operation", ["create_alias", "update_alias", "delete_alias"])
def test_the_names_of_aws_are_reserved_and_all_have_the_prefix(kms, key, refused, operation):
    target = {} if operation == "delete_alias" else {"TargetKeyId": key}
    with refused("NotAuthorizedException"):
        getattr(kms, operation)(AliasName="alias/aws/s3", **target)
    with refused("ValidationException", 'Alias must start with the prefix "alias/"'):
        getattr(kms, operation)(AliasName="app", **target)


def test_an_alias_that_is_not_there_is_not_changed(kms, key, refused):
    with refused("NotFoundException"):
        kms.update_alias(AliasName="alias/none", TargetKeyId=key)
    with refused("NotFoundException"):
        kms.delete_alias(AliasName="alias/none")


def test_a_key_has_up_to_fifty_aliases(kms, key, refused):
    for number in range(50):
        kms.create_alias(AliasName=f"alias/{number}", TargetKeyId=key)
    with refused("LimitExceededException"):
        kms.create_alias(AliasName="alias/50", TargetKeyId=key)


def test_aliases_are_listed_page_by_page_with_those_of_aws(kms, key):
    kms.create_alias(AliasName="alias/zebra", TargetKeyId=key)
    pages = list(kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 5}))
    names = [alias["AliasName"] for page in pages for alias in page["Aliases"]]
    assert names == sorted(set(names))
    assert {"alias/aws/s3", "alias/aws/ebs", "alias/zebra"} <= set(names)
    assert named(kms)["alias/aws/s3"] is None


def test_a_page_of_aliases_has_up_to_a_hundred(kms, refused):
    with refused("ValidationException", "less than or equal to 100"):
        kms.list_aliases(Limit=101)


def test_aliases_of_a_key_that_is_not_there_are_not_listed(kms, refused):
    with refused("NotFoundException"):
        kms.list_aliases(KeyId="12345678-1234-1234-1234-123456789012")
