"""Environment variables under a customer's key."""

import json

import pytest
from botocore.exceptions import ClientError

from fogbank.services.lambda_ import records
from tests.services.lambda_.functions import RUNTIME, code, package

SHOWS = "import os\ndef handler(event, context):\n    return os.environ.get('SECRET')\n"
SECRET = {"Variables": {"SECRET": "sesame"}}


@pytest.fixture
def kms(functions):
    return functions.aws("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def stranger(functions):
    """A Lambda client of a user who may do everything with functions, and nothing with keys."""
    iam = functions.aws("iam")
    iam.create_user(UserName="stranger")
    statement = {"Effect": "Allow", "Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="stranger", PolicyName="p", PolicyDocument=document)
    keys = iam.create_access_key(UserName="stranger")["AccessKey"]
    return functions.aws("lambda", credentials=keys)


def test_a_function_sees_its_variables_and_who_may_decrypt_them_too(functions, key):
    functions.make(SHOWS, Environment=SECRET, KMSKeyArn=key)
    assert functions.call() == ("sesame", None)
    found = functions.client.get_function_configuration(FunctionName="f")
    assert (found["Environment"], found["KMSKeyArn"]) == (SECRET, key)


def test_the_execution_role_gets_a_grant_for_this_function_only(functions, kms, key):
    functions.make(SHOWS, Environment=SECRET, KMSKeyArn=key)
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    arn = functions.client.get_function_configuration(FunctionName="f")["FunctionArn"]
    assert (grant["GranteePrincipal"], grant["Operations"]) == (functions.role, ["Decrypt", "RetireGrant"])
    assert grant["Constraints"] == {"EncryptionContextEquals": {"aws:lambda:FunctionArn": arn}}
    functions.client.delete_function(FunctionName="f")
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_the_variables_do_not_lie_in_the_store(functions, key, fogbank_server):
    functions.make(SHOWS, Environment={"Variables": {"SECRET": "open-sesame-47"}}, KMSKeyArn=key)
    ctx = fogbank_server.app.system_context("lambda", functions.aws.account, "us-east-1")
    (kept,) = fogbank_server.call(ctx.transact(records.functions.scan, ctx))
    assert kept.sealed is not None
    assert "open-sesame-47" not in repr(kept)


def test_who_may_not_decrypt_sees_why(functions, key, stranger):
    functions.make(SHOWS, Environment=SECRET, KMSKeyArn=key)
    found = stranger.get_function_configuration(FunctionName="f")["Environment"]
    assert found["Error"]["ErrorCode"] == "AccessDeniedException"
    assert "KMS access was denied" in found["Error"]["Message"]
    assert "Variables" not in found


def test_who_may_not_use_the_key_cannot_configure_it(functions, key, stranger):
    with pytest.raises(ClientError, match="KMS Exception: AccessDeniedException") as refused:
        stranger.create_function(
            FunctionName="f",
            Role=functions.role,
            Runtime=RUNTIME,
            Handler="index.handler",
            Code={"ZipFile": package(SHOWS)},
            Environment=SECRET,
            KMSKeyArn=key,
        )
    assert code(refused) == "InvalidParameterValueException"


def test_a_key_that_is_not_there_is_refused(functions):
    arn = f"arn:aws:kms:us-east-1:{functions.aws.account}:key/00000000-0000-0000-0000-000000000000"
    with pytest.raises(ClientError, match="KMS Exception: NotFoundException"):
        functions.make(SHOWS, Environment=SECRET, KMSKeyArn=arn)


def test_a_disabled_key_keeps_environments_from_starting(functions, kms, key):
    functions.make(SHOWS, Environment=SECRET, KMSKeyArn=key)
    kms.disable_key(KeyId=key)
    with pytest.raises(functions.client.exceptions.KMSDisabledException, match="key used is disabled"):
        functions.call()
    kms.enable_key(KeyId=key)
    assert functions.call() == ("sesame", None)


def test_a_key_that_waits_for_its_end_keeps_environments_from_starting(functions, kms, key):
    functions.make(SHOWS, Environment=SECRET, KMSKeyArn=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with pytest.raises(functions.client.exceptions.KMSInvalidStateException):
        functions.call()


def test_a_revoked_grant_keeps_environments_from_starting(functions, kms, key):
    functions.make(SHOWS, Environment=SECRET, KMSKeyArn=key)
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    with pytest.raises(functions.client.exceptions.KMSAccessDeniedException):
        functions.call()


def test_the_key_is_changed_and_taken_away(functions, kms, key):
    functions.make(SHOWS, Environment=SECRET, KMSKeyArn=key)
    other = kms.create_key()["KeyMetadata"]["Arn"]
    functions.client.update_function_configuration(FunctionName="f", KMSKeyArn=other)
    functions.settle()
    assert functions.call() == ("sesame", None)
    assert [len(kms.list_grants(KeyId=each)["Grants"]) for each in (key, other)] == [0, 1]
    functions.client.update_function_configuration(FunctionName="f", KMSKeyArn="")
    functions.settle()
    assert functions.call() == ("sesame", None)
    assert kms.list_grants(KeyId=other)["Grants"] == []


def test_other_changes_leave_the_variables_alone(functions, key, stranger):
    functions.make(SHOWS, Environment=SECRET, KMSKeyArn=key)
    stranger.update_function_configuration(FunctionName="f", MemorySize=256)
    functions.settle()
    assert functions.call() == ("sesame", None)


def test_a_published_version_keeps_its_variables(functions, key, kms):
    functions.make(SHOWS, Environment=SECRET, KMSKeyArn=key)
    functions.client.publish_version(FunctionName="f")
    functions.client.update_function_configuration(FunctionName="f", Environment={"Variables": {"SECRET": "other"}})
    functions.settle()
    assert functions.call() == ("other", None)
    assert functions.call(Qualifier="1") == ("sesame", None)
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 2


def test_a_key_without_variables_is_only_kept(functions, key, kms):
    functions.make(SHOWS, KMSKeyArn=key)
    assert functions.client.get_function_configuration(FunctionName="f")["KMSKeyArn"] == key
    assert kms.list_grants(KeyId=key)["Grants"] == []
