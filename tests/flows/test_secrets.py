"""Secrets that a function rotates, keys around data, configuration by path, access across accounts."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.flows.conftest import policy

# The four steps as AWS's templates have them; each is noted. Where a table says so, the test of the new value fails.
ROTATING = """
import boto3, json, os
manager, sqs = boto3.client("secretsmanager"), boto3.client("sqs")
def handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=json.dumps([step, token]),
                     MessageGroupId="g", MessageDeduplicationId=step + context.aws_request_id)
    if step == "createSecret":
        value = json.loads(manager.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"])
        value["password"] = manager.get_random_password(PasswordLength=20)["RandomPassword"]
        manager.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(value),
                                 VersionStages=["AWSPENDING"])
    elif step == "testSecret":
        pending = manager.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        if len(json.loads(pending["SecretString"])["password"]) != int(os.environ["LENGTH"]):
            raise ValueError("the database refuses the password")
    elif step == "finishSecret":
        stages = manager.describe_secret(SecretId=arn)["VersionIdsToStages"]
        old = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        manager.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token,
                                            RemoveFromVersionId=old)
"""
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
RULES = {"AutomaticallyAfterDays": 30}


@pytest.fixture
def steps(cloud):
    """The queue that has the steps in their order."""
    return cloud.queue("steps.fifo")


@pytest.fixture
def secret(aws):
    value = json.dumps({"username": "admin", "password": "first"})
    return aws("secretsmanager").create_secret(Name="db", SecretString=value)["ARN"]


def taken(steps, count=4):
    """(the next so many steps, their tokens)"""
    found = []
    while len(found) < count:
        found += steps.next()
    return [step for step, _ in found], {token for _, token in found}


def password(manager, **which):
    return json.loads(manager.get_secret_value(SecretId="db", **which)["SecretString"])["password"]


def test_a_function_rotates_a_secret_in_four_steps(aws, cloud, steps, secret, clock):
    manager = aws("secretsmanager")
    function = cloud.function(ROTATING, callers=("secretsmanager",), NOTES=steps.url, LENGTH="20")
    asked = manager.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)
    assert taken(steps) == (STEPS, {asked["VersionId"]})
    clock.advance(seconds=1)
    assert len(password(manager)) == 20 and password(manager, VersionStage="AWSPREVIOUS") == "first"
    found = manager.describe_secret(SecretId=secret)
    assert found["RotationEnabled"] and "LastRotatedDate" in found
    assert "AWSCURRENT" in found["VersionIdsToStages"][asked["VersionId"]]


def test_the_schedule_rotates_it_again(aws, cloud, steps, secret, clock):
    manager = aws("secretsmanager")
    function = cloud.function(ROTATING, callers=("secretsmanager",), NOTES=steps.url, LENGTH="20")
    manager.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)
    taken(steps)
    clock.advance(seconds=1)
    first = password(manager)
    clock.advance(days=31)
    assert taken(steps)[0] == STEPS
    clock.advance(seconds=1)
    assert password(manager) != first and password(manager, VersionStage="AWSPREVIOUS") == first


def test_a_rotation_whose_test_fails_leaves_the_old_value_and_starts_again(aws, cloud, steps, secret, clock):
    manager = aws("secretsmanager")
    function = cloud.function(ROTATING, callers=("secretsmanager",), NOTES=steps.url, LENGTH="99")
    manager.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)
    names, first = taken(steps, 3)
    assert names == STEPS[:3] and password(manager) == "first"
    clock.advance(minutes=2)
    names, again = taken(steps, 1)
    assert (names[0], again) == ("createSecret", first)  # a busy machine may see a second try already
    manager.cancel_rotate_secret(SecretId=secret)


def test_a_function_that_does_not_let_secrets_manager_in_is_refused(aws, cloud, steps, secret):
    function = cloud.function(ROTATING, NOTES=steps.url, LENGTH="20")
    with pytest.raises(ClientError, match="Secrets Manager cannot invoke the specified Lambda function") as error:
        aws("secretsmanager").rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"


def test_data_is_read_with_its_data_key_after_the_key_was_rotated(aws):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    kms.rotate_key_on_demand(KeyId=key)
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]


def test_a_function_reads_the_configuration_of_its_stage(aws, cloud):
    ssm = aws("ssm")
    for name, kind, value in (
        ("/shop/prod/host", "String", "db.prod"),
        ("/shop/prod/password", "SecureString", "secret"),
        ("/shop/dev/host", "String", "db.dev"),
    ):
        ssm.put_parameter(Name=name, Type=kind, Value=value)
    reading = """
import boto3
def handler(event, context):
    found = boto3.client("ssm").get_parameters_by_path(Path=event["path"], Recursive=True, WithDecryption=True)
    return {each["Name"].rpartition("/")[2]: each["Value"] for each in found["Parameters"]}
"""
    cloud.function(reading)
    answer = aws("lambda").invoke(FunctionName="function", Payload=json.dumps({"path": "/shop/prod/"}))
    assert json.loads(answer["Payload"].read()) == {"host": "db.prod", "password": "secret"}


def test_a_role_of_another_account_reads_what_its_policy_and_the_buckets_allow(aws, cloud):
    """The role lets the other account take it, and may read the one bucket; the owner of a bucket lets the role in."""
    stranger, owner = "210987654321", aws.account
    bucket, s3 = cloud.bucket(), aws("s3")
    s3.put_object(Bucket=bucket, Key="report", Body=b"42")
    iam = aws("iam")
    trust = policy(Principal={"AWS": f"arn:aws:iam::{stranger}:root"}, Action="sts:AssumeRole")
    role = iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    reading = policy(Action="s3:GetObject", Resource=f"arn:aws:s3:::{bucket}/*")
    iam.put_role_policy(RoleName="auditor", PolicyName="reading", PolicyDocument=reading)
    sts = aws("sts", account=stranger)
    keys = sts.assume_role(RoleArn=role, RoleSessionName="audit")["Credentials"]
    auditor = aws("s3", credentials=keys)
    assert auditor.get_object(Bucket=bucket, Key="report")["Body"].read() == b"42"
    with pytest.raises(ClientError, match="AccessDenied"):
        auditor.put_object(Bucket=bucket, Key="report", Body=b"43")
    with pytest.raises(ClientError, match="AccessDenied"):
        aws("s3", account=stranger).get_object(Bucket=bucket, Key="report")
    assert owner != stranger
