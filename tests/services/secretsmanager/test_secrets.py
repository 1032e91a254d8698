"""Creating, finding, describing, updating secrets."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest


def test_a_secret_has_six_random_characters_at_the_end_of_its_arn(aws, sm):
    arn = sm.create_secret(Name="prod/db")["ARN"]
    assert re.fullmatch(rf"arn:aws:secretsmanager:us-east-1:{aws.account}:secret:prod/db-[A-Za-z0-9]{{6}}", arn)


def test_creating_with_a_value_makes_a_current_version_named_by_the_request_token(sm, version):
    created = sm.create_secret(Name="db", SecretString="s3cret", ClientRequestToken=version(1))
    assert created["VersionId"] == version(1)
    value = sm.get_secret_value(SecretId="db")
    assert (value["SecretString"], value["VersionId"], value["VersionStages"]) == ("s3cret", version(1), ["AWSCURRENT"])
    assert (value["ARN"], value["Name"]) == (created["ARN"], "db")


def test_creating_without_a_value_makes_no_version(sm, refused):
    assert "VersionId" not in sm.create_secret(Name="db")
    assert sm.list_secret_version_ids(SecretId="db")["Versions"] == []
    with refused("ResourceNotFoundException", "can't find the specified secret value for staging label: AWSCURRENT"):
        sm.get_secret_value(SecretId="db")


@pytest.mark.parametrize("name", ["with space", "semi;colon", "umläut", "a" * 513])
def test_a_name_of_other_characters_is_refused(sm, refused, name):
    with refused("ValidationException"):
        sm.create_secret(Name=name)


def test_a_name_may_have_all_allowed_characters(sm):
    assert sm.create_secret(Name="/a_b+c=d.e@f-g")["Name"] == "/a_b+c=d.e@f-g"


def test_creating_a_secret_twice_is_refused(sm, make, refused):
    make(SecretString="x")
    with refused("ResourceExistsException", "The operation failed because the secret db already exists."):
        sm.create_secret(Name="db", SecretString="x")


def test_creating_again_with_the_same_token_and_value_gives_the_same_secret(sm, version):
    params = {"Name": "db", "SecretString": "x", "ClientRequestToken": version(1)}
    assert sm.create_secret(**params)["ARN"] == sm.create_secret(**params)["ARN"]


def test_creating_again_with_the_same_token_and_another_value_is_refused(sm, version, refused):
    sm.create_secret(Name="db", SecretString="x", ClientRequestToken=version(1))
    with refused("ResourceExistsException", "You can't use ClientRequestToken"):
        sm.create_secret(Name="db", SecretString="y", ClientRequestToken=version(1))


def test_a_secret_has_a_text_or_bytes_but_not_both(sm, refused):
    with refused("InvalidParameterException", "You can't specify both a binary secret value and a string secret value"):
        sm.create_secret(Name="db", SecretString="x", SecretBinary=b"x")


def test_bytes_come_back_as_bytes(sm, make):
    make(SecretBinary=bytes(range(256)))
    value = sm.get_secret_value(SecretId="db")
    assert value["SecretBinary"] == bytes(range(256))
    assert "SecretString" not in value


def test_a_value_of_64_kib_is_the_longest(sm, make, refused):
    make(SecretString="x" * 65536)
    assert len(sm.get_secret_value(SecretId="db")["SecretString"]) == 65536
    with refused("ValidationException"):
        sm.create_secret(Name="longer", SecretString="x" * 65537)


def test_the_length_of_a_value_is_counted_in_bytes(sm, refused):
    with refused("ValidationException", "length less than or equal to 65536"):
        sm.create_secret(Name="db", SecretString="ü" * 40000)


# -- finding


def test_a_secret_is_found_by_name_by_arn_and_by_arn_without_suffix(sm, make):
    arn = make(SecretString="x")
    for secret_id in ("db", arn, arn[:-7]):
        assert sm.get_secret_value(SecretId=secret_id)["ARN"] == arn


def test_an_arn_with_another_suffix_finds_nothing(sm, make, refused):
    arn = make(SecretString="x")
    with refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret."):
        sm.get_secret_value(SecretId=arn[:-6] + "000000")


def test_a_name_that_looks_like_it_had_a_suffix_is_found_by_its_whole_arn(sm):
    arn = sm.create_secret(Name="db-abcdef", SecretString="x")["ARN"]
    assert sm.get_secret_value(SecretId=arn)["Name"] == "db-abcdef"
    assert sm.get_secret_value(SecretId="db-abcdef")["ARN"] == arn


def test_an_arn_of_another_region_finds_nothing(aws, sm, make, refused):
    arn = make(SecretString="x")
    with pytest.raises(sm.exceptions.ClientError, match="can't find the specified secret"):
        aws("secretsmanager", region="eu-west-1").describe_secret(SecretId=arn)


def test_secrets_of_the_same_name_in_two_regions_and_accounts_are_different(aws, sm, make):
    from fogbank.testing.clients import fresh_account

    make(SecretString="here")
    for other in (aws("secretsmanager", region="eu-west-1"), aws("secretsmanager", account=fresh_account())):
        other.create_secret(Name="db", SecretString="there")
        assert other.get_secret_value(SecretId="db")["SecretString"] == "there"
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "here"


# -- describing


def test_a_description_has_only_what_has_a_value(sm, make):
    arn = make()
    found = sm.describe_secret(SecretId="db")
    found.pop("ResponseMetadata")
    assert found.keys() == {"ARN", "Name", "CreatedDate", "LastChangedDate"}
    assert (found["ARN"], found["Name"]) == (arn, "db")


def test_a_description_tells_description_key_tags_and_versions(sm, make, version):
    make(
        Description="The database",
        KmsKeyId="alias/aws/secretsmanager",
        SecretString="x",
        ClientRequestToken=version(1),
        Tags=[{"Key": "team", "Value": "red"}],
    )
    found = sm.describe_secret(SecretId="db")
    assert found["Description"] == "The database"
    assert found["KmsKeyId"] == "alias/aws/secretsmanager"
    assert found["Tags"] == [{"Key": "team", "Value": "red"}]
    assert found["VersionIdsToStages"] == {version(1): ["AWSCURRENT"]}


def test_the_last_access_is_told_to_the_day(sm, make):
    make(SecretString="x")
    assert "LastAccessedDate" not in sm.describe_secret(SecretId="db")
    sm.get_secret_value(SecretId="db")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert sm.describe_secret(SecretId="db")["LastAccessedDate"] == today
    assert sm.list_secret_version_ids(SecretId="db")["Versions"][0]["LastAccessedDate"] == today


# -- updating


def test_an_update_changes_the_description_and_leaves_the_value(sm, make):
    make(SecretString="x", Description="old")
    assert "VersionId" not in sm.update_secret(SecretId="db", Description="new")
    assert sm.describe_secret(SecretId="db")["Description"] == "new"
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "x"


def test_an_update_of_the_value_makes_a_new_current_version(sm, make, version, stages):
    make(SecretString="x", ClientRequestToken=version(1))
    updated = sm.update_secret(SecretId="db", SecretString="y", ClientRequestToken=version(2))
    assert updated["VersionId"] == version(2)
    assert stages() == {version(1): ["AWSPREVIOUS"], version(2): ["AWSCURRENT"]}


def test_an_update_with_the_token_of_a_version_is_refused_though_the_value_is_the_same(sm, make, version, refused):
    make(SecretString="x", ClientRequestToken=version(1))
    with refused("ResourceExistsException", "already in use for a version of secret"):
        sm.update_secret(SecretId="db", SecretString="x", ClientRequestToken=version(1))


def test_an_update_notes_when_it_was(sm, make, clock):
    make()
    before = sm.describe_secret(SecretId="db")
    clock.advance(hours=1)
    sm.update_secret(SecretId="db", Description="new")
    after = sm.describe_secret(SecretId="db")
    assert (after["LastChangedDate"] - before["LastChangedDate"]).total_seconds() >= 3600
    assert after["CreatedDate"] == before["CreatedDate"]


# -- tags


def test_tags_are_added_replaced_and_removed(sm, make):
    make(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sm.tag_resource(SecretId="db", Tags=[{"Key": "b", "Value": "3"}, {"Key": "c", "Value": "4"}])
    sm.untag_resource(SecretId="db", TagKeys=["a", "absent"])
    assert sm.describe_secret(SecretId="db")["Tags"] == [{"Key": "b", "Value": "3"}, {"Key": "c", "Value": "4"}]


@pytest.mark.parametrize(
    "tags",
    [
        [{"Key": f"k{number}", "Value": ""} for number in range(51)],
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
        [{"Key": "aws:own", "Value": "1"}],
    ],
    ids=["51", "twice the same key", "reserved"],
)
def test_tags_that_aws_does_not_take_are_refused(sm, make, refused, tags):
    make()
    with refused("InvalidParameterException"):
        sm.tag_resource(SecretId="db", Tags=tags)
    assert "Tags" not in sm.describe_secret(SecretId="db")


# -- encryption


def test_a_secret_under_a_key_of_ones_own_is_lost_when_the_key_is_disabled(aws, sm, make, refused):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    make(SecretString="x", KmsKeyId=key)
    assert sm.list_secret_version_ids(SecretId="db")["Versions"][0]["KmsKeyIds"] == [key]
    kms.disable_key(KeyId=key)
    with refused("DecryptionFailure"):
        sm.get_secret_value(SecretId="db")
    with refused("EncryptionFailure"):
        sm.put_secret_value(SecretId="db", SecretString="y")
    kms.enable_key(KeyId=key)
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "x"


def test_a_secret_moves_to_another_key_with_the_versions_in_use(aws, sm, make, put, version):
    make(SecretString="v1", ClientRequestToken=version(1))
    put(2)
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    sm.update_secret(SecretId="db", KmsKeyId=key)
    listed = sm.list_secret_version_ids(SecretId="db")["Versions"]
    assert [entry["KmsKeyIds"] for entry in listed] == [[key], [key]]
    kms.disable_key(KeyId=key)
    with pytest.raises(sm.exceptions.DecryptionFailure):
        sm.get_secret_value(SecretId="db", VersionStage="AWSPREVIOUS")


def test_a_key_that_is_not_there_encrypts_nothing(sm, refused):
    with refused("EncryptionFailure"):
        sm.create_secret(Name="db", SecretString="x", KmsKeyId="alias/missing")
    with refused("ResourceNotFoundException"):
        sm.describe_secret(SecretId="db")
