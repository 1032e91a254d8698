"""Deployment packages under a customer's key."""

import io
import json
import zipfile
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from fogbank.services.lambda_ import records
from tests.services.cloud_client import Cloud
from tests.services.lambda_.functions import ECHO, RUNTIME, code, package

SECRET = "def handler(event, context):\n    return 'open-sesame-48'\n"


@pytest.fixture
def kms(functions):
    return functions.aws("kms")


@pytest.fixture
def key(functions, kms):
    """A key that Lambda may use for the functions of the account, and its root for all else."""
    account = functions.aws.account
    root = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "kms:*", "Resource": "*"}
    condition = {
        "StringLike": {"kms:EncryptionContext:aws:lambda:FunctionArn": f"arn:aws:lambda:us-east-1:{account}:function:*"}
    }
    lambda_ = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
        "Resource": "*",
        "Condition": condition,
    }
    policy = {"Version": "2012-10-17", "Statement": [root, lambda_]}
    return kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"]


@pytest.fixture
def make(functions, key):
    def create(source=SECRET, **options):
        functions.client.create_function(
            FunctionName="f",
            Role=functions.role,
            Runtime=RUNTIME,
            Handler="index.handler",
            Code={"ZipFile": package(source), "SourceKMSKeyArn": key},
            **options,
        )
        functions.settle()

    return create


def kept(functions, server):
    """The function's record, and the bytes of its package as they lie."""
    ctx = server.app.system_context("lambda", functions.aws.account, "us-east-1")
    (function,) = server.call(ctx.transact(records.functions.scan, ctx))
    return function, b"".join(server.app.blobs.chunks(function.code.blob))


def fetched(functions):
    where = functions.client.get_function(FunctionName="f")["Code"]
    with urlopen(where["Location"]) as answer:
        return zipfile.ZipFile(io.BytesIO(answer.read())).read("index.py").decode()


def test_a_package_is_encrypted_and_runs(functions, make, key, fogbank_server):
    make()
    assert functions.call() == ("open-sesame-48", None)
    function, blob = kept(functions, fogbank_server)
    assert function.code.key == key
    assert not zipfile.is_zipfile(io.BytesIO(blob))


def test_who_may_decrypt_can_fetch_it(functions, make, key):
    make()
    assert functions.client.get_function(FunctionName="f")["Code"]["SourceKMSKeyArn"] == key
    assert fetched(functions) == SECRET


def test_who_may_not_decrypt_is_told_why(functions, make):
    make()
    iam = functions.aws("iam")
    iam.create_user(UserName="stranger")
    statement = {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="stranger", PolicyName="p", PolicyDocument=document)
    keys = iam.create_access_key(UserName="stranger")["AccessKey"]
    where = functions.aws("lambda", credentials=keys).get_function(FunctionName="f")["Code"]
    assert where["Error"]["ErrorCode"] == "AccessDeniedException"
    assert "Location" not in where


def test_a_key_that_lambda_may_not_use_is_refused(functions, kms, make, key):
    root = {"Effect": "Allow", "Principal": {"AWS": functions.aws.account}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [root]})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    with pytest.raises(ClientError, match="KMS Exception: AccessDeniedException") as refused:
        make()
    assert code(refused) == "InvalidParameterValueException"


def test_a_disabled_key_keeps_environments_from_starting(functions, make, kms, key):
    make()
    kms.disable_key(KeyId=key)
    with pytest.raises(functions.client.exceptions.KMSDisabledException, match="deployment package"):
        functions.call()


def test_a_version_has_the_same_package(functions, make):
    make()
    functions.client.publish_version(FunctionName="f")
    assert functions.call(Qualifier="1") == ("open-sesame-48", None)


def test_new_code_has_the_key_that_it_comes_with(functions, make, fogbank_server):
    make()
    functions.client.update_function_code(FunctionName="f", ZipFile=package(ECHO))
    functions.settle()
    assert functions.call({"n": 1})[0]["event"] == {"n": 1}
    assert kept(functions, fogbank_server)[0].code.key == ""


def test_a_template_may_name_the_key(functions, key, clock, fogbank_server):
    cloud = Cloud(functions.aws("cloudcontrol"), clock)
    properties = {"Runtime": RUNTIME, "Handler": "index.handler", "Role": functions.role}
    name = cloud.create("AWS::Lambda::Function", Code={"ZipFile": SECRET, "SourceKMSKeyArn": key}, **properties)
    assert functions.call(name=name) == ("open-sesame-48", None)
    assert kept(functions, fogbank_server)[0].code.key == key
