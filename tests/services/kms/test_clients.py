"""KMS as clients see it that were not written for Fogbank: the AWS CLI and the AWS Encryption SDK."""

import base64
import json
import os
import subprocess
import sys

import aws_encryption_sdk
import botocore.session
import pytest
from aws_encryption_sdk.exceptions import GenerateKeyError
from aws_encryption_sdk.key_providers.kms import StrictAwsKmsMasterKeyProvider


@pytest.fixture
def environment(aws):
    """What tells a client where the server is and who calls."""
    return {
        "AWS_ACCESS_KEY_ID": aws.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws.endpoint,
    }


@pytest.fixture
def cli(environment, tmp_path):
    """Runs `aws kms ...` in a directory of its own and gives its answer."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment}

    def run(*arguments):
        command = [os.path.join(os.path.dirname(sys.executable), "aws"), "kms", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    return run


def test_the_cli_encrypts_and_decrypts_files(cli, tmp_path):
    (tmp_path / "data.json").write_text('{"a": 1}')
    key = cli("create-key", "--description", "for the CLI")["KeyMetadata"]["KeyId"]
    cli("create-alias", "--alias-name", "alias/cli", "--target-key-id", key)
    encrypted = cli("encrypt", "--key-id", "alias/cli", "--plaintext", "fileb://data.json")
    (tmp_path / "data.encrypted").write_bytes(base64.b64decode(encrypted["CiphertextBlob"]))
    decrypted = cli("decrypt", "--ciphertext-blob", "fileb://data.encrypted")
    assert base64.b64decode(decrypted["Plaintext"]) == b'{"a": 1}'


# -- the AWS Encryption SDK

CONTEXT = {"purpose": "test"}


@pytest.fixture
def sdk():
    return aws_encryption_sdk.EncryptionSDKClient()


@pytest.fixture
def provider(environment, monkeypatch):
    """Makes master key providers for these keys."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def make(*arns):
        return StrictAwsKmsMasterKeyProvider(key_ids=list(arns), botocore_session=botocore.session.Session())

    return make


def test_the_encryption_sdk_encrypts_under_several_keys(sdk, provider, make_key):
    one, other = make_key()["Arn"], make_key()["Arn"]
    sealed, header = sdk.encrypt(source=b"x" * 100_000, key_provider=provider(one, other), encryption_context=CONTEXT)
    assert len(header.encrypted_data_keys) == 2
    for arn in (one, other):
        opened, header = sdk.decrypt(source=sealed, key_provider=provider(arn))
        assert opened == b"x" * 100_000
        assert header.encryption_context["purpose"] == "test"


def test_the_encryption_sdk_cannot_decrypt_without_a_key_of_the_message(sdk, provider, make_key):
    sealed, _ = sdk.encrypt(source=b"x", key_provider=provider(make_key()["Arn"]))
    with pytest.raises(Exception, match="Unable to decrypt any data key"):
        sdk.decrypt(source=sealed, key_provider=provider(make_key()["Arn"]))


def test_the_encryption_sdk_says_when_a_key_is_disabled(kms, sdk, provider, make_key):
    key = make_key()
    kms.disable_key(KeyId=key["KeyId"])
    with pytest.raises(GenerateKeyError):
        sdk.encrypt(source=b"x", key_provider=provider(key["Arn"]))
