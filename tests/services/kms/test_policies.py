"""Key policies: the root of all authority over a key."""

import json

import pytest

from tests.services.kms.conftest import allow, document

USE = ["kms:Encrypt", "kms:Decrypt"]


def test_a_key_without_a_policy_leaves_the_decision_to_its_account(aws, kms, key):
    answer = kms.get_key_policy(KeyId=key)
    assert answer["PolicyName"] == "default"
    assert json.loads(answer["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]


def test_iam_policies_count_when_the_key_leaves_it_to_the_account(make_key, make_user, refused):
    key = make_key()
    arn, allowed = make_user("kms:Encrypt", name="allowed")
    assert allowed.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    expected = f"User: {arn} is not authorized to perform: kms:Decrypt on resource: {key['Arn']}"
    with refused("AccessDeniedException", expected):
        allowed.decrypt(
            KeyId=key["KeyId"], CiphertextBlob=allowed.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
        )


def test_iam_policies_do_not_count_when_the_key_does_not_say_so(make_key, make_user, key_policy, refused):
    key = make_key(Policy=key_policy())["KeyId"]
    _, user = make_user("kms:*")
    with refused("AccessDeniedException", "because no resource-based policy allows the kms:Encrypt action"):
        user.encrypt(KeyId=key, Plaintext=b"x")


def test_a_key_policy_alone_is_enough(make_key, make_user, key_policy, refused):
    arn, user = make_user()
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": USE, "Resource": "*"}
    key = make_key(Policy=key_policy(statement))["KeyId"]
    assert user.decrypt(CiphertextBlob=user.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"])["Plaintext"] == b"x"
    with refused("AccessDeniedException"):
        user.describe_key(KeyId=key)


def test_a_denial_is_final_even_for_root(kms, key, key_policy, refused):
    denied = {"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key, Policy=key_policy(denied))
    with refused("AccessDeniedException", "with an explicit deny in a resource-based policy"):
        kms.encrypt(KeyId=key, Plaintext=b"x")


def test_a_statement_that_lacks_its_action_has_no_effect(kms, key, key_policy, make_user, refused):
    arn, user = make_user()
    policy = key_policy({"Effect": "Allow", "Principal": {"AWS": arn}, "Resource": "*"})
    kms.put_key_policy(KeyId=key, Policy=policy)
    assert kms.get_key_policy(KeyId=key)["Policy"] == policy
    with refused("AccessDeniedException"):
        user.encrypt(KeyId=key, Plaintext=b"x")


# -- between accounts


def test_another_account_needs_both_the_key_and_its_own_consent(aws, kms, make_key, make_user, key_policy, refused):
    other = "222222222222"
    key = make_key(Policy=key_policy({"Effect": "Allow", "Principal": {"AWS": other}, "Action": USE, "Resource": "*"}))
    _, allowed = make_user("kms:*", name="allowed", account=other)
    _, not_allowed = make_user(name="not-allowed", account=other)
    blob = allowed.encrypt(KeyId=key["Arn"], Plaintext=b"x")["CiphertextBlob"]
    assert allowed.decrypt(CiphertextBlob=blob)["KeyId"] == key["Arn"]
    with refused("AccessDeniedException", "because no identity-based policy allows the kms:Decrypt action"):
        not_allowed.decrypt(CiphertextBlob=blob)


def test_strangers_are_not_told_whether_a_key_is_there(aws, make_key, refused):
    stranger = aws("kms", account="333333333333")
    there = make_key()["Arn"]
    missing = there[:-12] + "000000000000"
    for arn in (there, missing):
        with refused("AccessDeniedException", "because the resource does not exist in this Region"):
            stranger.encrypt(KeyId=arn, Plaintext=b"x")


def test_nobody_manages_keys_of_another_account(aws, make_key, key_policy, refused):
    other = "444444444444"
    key = make_key(
        Policy=key_policy({"Effect": "Allow", "Principal": {"AWS": other}, "Action": "kms:*", "Resource": "*"})
    )
    stranger = aws("kms", account=other)
    assert stranger.describe_key(KeyId=key["Arn"])["KeyMetadata"]["Arn"] == key["Arn"]
    with refused("AccessDeniedException"):
        stranger.disable_key(KeyId=key["Arn"])


def test_who_may_not_ask_is_not_told_that_a_key_is_missing(make_user, refused):
    _, user = make_user()
    with refused("AccessDeniedException"):
        user.describe_key(KeyId="12345678-1234-1234-1234-123456789012")


# -- condition keys


def conditional(key_policy, condition, action="kms:*"):
    """A key policy that lets everyone of the account in on a condition."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*", "Condition": condition}
    return key_policy(statement)


@pytest.mark.parametrize(
    ("condition", "fits", "does_not"),
    [
        ({"kms:EncryptionContext:team": "red"}, {"team": "red", "x": "y"}, {"team": "blue"}),
        ({"kms:CallerAccount": "000000000000"}, None, {}),
        ({"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}, {}, None),
        ({"kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:KeyUsage": "ENCRYPT_DECRYPT", "kms:KeyOrigin": "AWS_KMS"}, {}, None),
        ({"kms:ViaService": "s3.us-east-1.amazonaws.com"}, None, {}),
        ({"kms:MultiRegion": "true"}, None, {}),
    ],
)
def test_a_condition_on_the_request_or_the_key_decides(
    make_key, make_user, key_policy, refused, condition, fits, does_not
):
    _, user = make_user()
    key = make_key(Policy=conditional(key_policy, {"StringEquals": condition}))["KeyId"]
    if fits is not None:
        assert user.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=fits)
    if does_not is not None:
        with refused("AccessDeniedException"):
            user.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=does_not)


def test_a_condition_on_the_names_of_the_context(make_key, make_user, key_policy, refused):
    _, user = make_user()
    condition = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["a", "b"]}}
    key = make_key(Policy=conditional(key_policy, condition))["KeyId"]
    assert user.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})
    with refused("AccessDeniedException"):
        user.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1", "c": "1"})


def test_conditions_on_aliases(kms, make_key, make_user, key_policy, refused):
    _, user = make_user()
    by_request = make_key(Policy=conditional(key_policy, {"StringEquals": {"kms:RequestAlias": "alias/one"}}))["KeyId"]
    kms.create_alias(AliasName="alias/one", TargetKeyId=by_request)
    assert user.encrypt(KeyId="alias/one", Plaintext=b"x")
    with refused("AccessDeniedException"):
        user.encrypt(KeyId=by_request, Plaintext=b"x")
    condition = {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/team-*"}}
    by_resource = make_key(Policy=conditional(key_policy, condition))["KeyId"]
    with refused("AccessDeniedException"):
        user.encrypt(KeyId=by_resource, Plaintext=b"x")
    kms.create_alias(AliasName="alias/team-key", TargetKeyId=by_resource)
    assert user.encrypt(KeyId=by_resource, Plaintext=b"x")


def test_a_condition_on_the_tags_of_the_key(kms, make_key, make_user, key_policy, refused):
    _, user = make_user()
    policy = conditional(key_policy, {"StringEquals": {"aws:ResourceTag/team": "red"}})
    red, blue = (
        make_key(Policy=policy, Tags=[{"TagKey": "team", "TagValue": team}])["KeyId"] for team in ("red", "blue")
    )
    assert user.encrypt(KeyId=red, Plaintext=b"x")
    with refused("AccessDeniedException"):
        user.encrypt(KeyId=blue, Plaintext=b"x")


def test_a_condition_on_the_deletion_window(make_key, make_user, key_policy, refused):
    _, user = make_user()
    condition = {"NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "20"}}
    key = make_key(Policy=conditional(key_policy, condition))["KeyId"]
    with refused("AccessDeniedException"):
        user.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert user.schedule_key_deletion(KeyId=key, PendingWindowInDays=21)


def test_keys_are_created_by_permission_with_tags_by_another(make_user, refused):
    _, user = make_user("kms:CreateKey", name="creator")
    assert user.create_key()["KeyMetadata"]
    with refused("AccessDeniedException", "kms:TagResource"):
        user.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])


def test_an_alias_takes_permission_for_itself_and_for_the_key(aws, kms, key, make_user, refused):
    alias = f"arn:aws:kms:us-east-1:{aws.account}:alias/*"
    key_arn = f"arn:aws:kms:us-east-1:{aws.account}:key/*"
    for name, resource, refusal in (("one", alias, key_arn[:-1]), ("two", key_arn, alias[:-1])):
        _, user = make_user("kms:CreateAlias", name=name, resource=resource)
        with refused("AccessDeniedException", f"on resource: {refusal}"):
            user.create_alias(AliasName="alias/app", TargetKeyId=key)
    _, user = make_user("kms:CreateAlias", name="both")
    user.create_alias(AliasName="alias/app", TargetKeyId=key)


def test_reencryption_takes_permission_for_both_keys(kms, make_key, make_user, key_policy, refused):
    arn, user = make_user()
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:ReEncryptFrom", "Resource": "*"}
    source = make_key(Policy=key_policy(statement))["KeyId"]
    target = make_key(Policy=key_policy({**statement, "Action": "kms:ReEncryptTo"}))["KeyId"]
    blob = kms.encrypt(KeyId=source, Plaintext=b"x")["CiphertextBlob"]
    assert user.re_encrypt(CiphertextBlob=blob, DestinationKeyId=target)
    with refused("AccessDeniedException", "kms:ReEncryptTo"):
        user.re_encrypt(CiphertextBlob=blob, DestinationKeyId=source)


def test_reencryption_on_the_same_key_can_be_told(kms, make_key, make_user, key_policy, refused):
    _, user = make_user()
    policy = conditional(key_policy, {"Bool": {"kms:ReEncryptOnSameKey": "true"}})
    one, other = (make_key(Policy=policy)["KeyId"] for _ in range(2))
    blob = kms.encrypt(KeyId=one, Plaintext=b"x")["CiphertextBlob"]
    assert user.re_encrypt(CiphertextBlob=blob, DestinationKeyId=one)
    assert user.re_encrypt(CiphertextBlob=blob, SourceKeyId=one, DestinationKeyId=one)
    with refused("AccessDeniedException", "kms:ReEncryptFrom"):
        user.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)


# -- what is checked of a policy


def test_a_policy_that_locks_its_author_out_is_refused(kms, key, make_user, refused):
    arn, _ = make_user()
    policy = document({"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:*", "Resource": "*"})
    with refused("MalformedPolicyDocumentException", "will not allow you to update the key policy in the future"):
        kms.put_key_policy(KeyId=key, Policy=policy)
    with refused("MalformedPolicyDocumentException"):
        kms.create_key(Policy=policy)
    kms.put_key_policy(KeyId=key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    with refused("AccessDeniedException"):
        kms.put_key_policy(KeyId=key, Policy=policy)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:role/nobody"}}, "one or more invalid principals"),
        ({}, "no principal"),
        ({"Principal": {"Nobody": "x"}}, ""),
        ({"Principal": "*", "Effect": "Perhaps"}, ""),
    ],
)
def test_a_malformed_policy_is_refused(kms, key, key_policy, refused, statement, reason):
    whole = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", **statement}
    with refused("MalformedPolicyDocumentException", reason):
        kms.put_key_policy(KeyId=key, Policy=key_policy(whole))


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"Version": "2012-10-17"}', '{"Statement": "x"}'])
def test_what_is_no_policy_is_refused(kms, key, refused, text):
    with refused("MalformedPolicyDocumentException"):
        kms.put_key_policy(KeyId=key, Policy=text)


def test_a_policy_has_up_to_32_kilobytes(kms, key, key_policy, refused):
    statement = allow(["kms:Encrypt"], Principal="*", Sid="x" * 33_000)
    with refused("LimitExceededException"):
        kms.put_key_policy(KeyId=key, Policy=key_policy(statement))


def test_there_is_one_policy_and_ram_keeps_the_other(kms, key, key_policy, refused):
    with refused("ValidationException", "The AWS_RAM policy can only be managed by the RAM service."):
        kms.put_key_policy(KeyId=key, PolicyName="AWS_RAM", Policy=key_policy())
    with refused("NotFoundException", "No such policy exists"):
        kms.get_key_policy(KeyId=key, PolicyName="other")
