"""SecureString parameters, and secrets of Secrets Manager as parameters."""

from __future__ import annotations

import base64
import json

import pytest


@pytest.mark.parametrize("tier", ["Standard", "Advanced"])
def test_a_secure_string_is_shown_encrypted_unless_decryption_is_asked_for(put, get, tier):
    put(value="s3cret", Type="SecureString", Tier=tier)
    found = get()
    assert found["Type"] == "SecureString"
    assert b"s3cret" not in base64.b64decode(found["Value"])
    assert get(WithDecryption=True)["Value"] == "s3cret"


def test_the_longest_values_are_encrypted_too(put, get):
    put(value="x" * 4096, Type="SecureString")
    put("/big", "x" * 8192, Type="SecureString", Tier="Advanced")
    assert get(WithDecryption=True)["Value"] == "x" * 4096
    assert get("/big", WithDecryption=True)["Value"] == "x" * 8192


def test_every_reading_decrypts_when_asked_to(ssm, put):
    put("/s/a", "one", Type="SecureString")
    put("/s/a", "two", Type="SecureString")
    values = [
        [found["Value"] for found in answer["Parameters"]]
        for answer in (
            ssm.get_parameters(Names=["/s/a", "/s/a:1"], WithDecryption=True),
            ssm.get_parameters_by_path(Path="/s", WithDecryption=True),
            ssm.get_parameter_history(Name="/s/a", WithDecryption=True),
        )
    ]
    assert values == [["two", "one"], ["two"], ["one", "two"]]


def test_the_key_is_that_of_the_account_unless_another_is_given(aws, put, described):
    put(Type="SecureString")
    assert described()["KeyId"] == "alias/aws/ssm"
    key = aws("kms").create_key()["KeyMetadata"]["KeyId"]
    put("/own", Type="SecureString", KeyId=key)
    put("/own", Type="SecureString")
    assert described("/own")["KeyId"] == key


def test_a_key_that_is_not_there_is_refused(put, refused):
    with refused("InvalidKeyId"):
        put(Type="SecureString", KeyId="alias/missing")


def test_a_key_is_for_secure_strings_only(put, refused):
    with refused("ValidationException", "SecureString"):
        put(KeyId="alias/aws/ssm")


# -- secrets as parameters


@pytest.fixture
def secret(aws):
    return aws("secretsmanager").create_secret(Name="db", SecretString="s3cret")


def test_a_secret_is_read_as_a_parameter(secret, get):
    found = get("/aws/reference/secretsmanager/db", WithDecryption=True)
    assert (found["Name"], found["Value"], found["Type"]) == (
        "/aws/reference/secretsmanager/db",
        "s3cret",
        "SecureString",
    )
    assert found["ARN"] == secret["ARN"]
    source = json.loads(found["SourceResult"])
    assert (source["name"], source["secretString"], source["versionStages"]) == ("db", "s3cret", ["AWSCURRENT"])


def test_a_version_of_a_secret_is_read_by_label_or_id(aws, secret, get, refused):
    aws("secretsmanager").put_secret_value(SecretId="db", SecretString="newer")
    reference = "/aws/reference/secretsmanager/db"
    assert get(f"{reference}:AWSPREVIOUS", WithDecryption=True)["Value"] == "s3cret"
    assert get(f"{reference}:{secret['VersionId']}", WithDecryption=True)["Value"] == "s3cret"
    with refused("ParameterNotFound", "not found"):
        get(f"{reference}:AWSPENDING", WithDecryption=True)


def test_a_secret_is_read_decrypted_only(secret, get, refused):
    with refused("ValidationException", "WithDecryption flag must be True for retrieving a Secret Manager secret."):
        get("/aws/reference/secretsmanager/db")


def test_a_secret_that_is_not_there_is_no_parameter(ssm, get, refused):
    with refused("ParameterNotFound"):
        get("/aws/reference/secretsmanager/nothing", WithDecryption=True)
    names = ["/aws/reference/secretsmanager/nothing"]
    assert ssm.get_parameters(Names=names, WithDecryption=True)["InvalidParameters"] == names
