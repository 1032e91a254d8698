"""What users may do with secrets and parameters, by the policies that they have."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def as_user(aws):
    """Clients of a user who has these statements: `as_user(allow(...))("ssm")`."""

    def as_user(*statements):
        iam = aws("iam")
        iam.create_user(UserName="u")
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName="u")["AccessKey"]
        return lambda service: aws(service, credentials=key)

    return as_user


def allow(actions, resource="*", **condition):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **condition}


def denied(client, message):
    return pytest.raises(client.exceptions.ClientError, match=message)


def test_a_user_reads_the_secrets_that_a_pattern_of_arns_names(aws, as_user, make):
    make("prod/db", SecretString="x")
    make("dev/db", SecretString="y")
    pattern = f"arn:aws:secretsmanager:us-east-1:{aws.account}:secret:prod/db-??????"
    sm = as_user(allow("secretsmanager:GetSecretValue", pattern))("secretsmanager")
    assert sm.get_secret_value(SecretId="prod/db")["SecretString"] == "x"
    with denied(sm, r"not authorized to perform: secretsmanager:GetSecretValue on resource: arn:.*:secret:dev/db-"):
        sm.get_secret_value(SecretId="dev/db")
    with denied(sm, "not authorized to perform: secretsmanager:PutSecretValue"):
        sm.put_secret_value(SecretId="prod/db", SecretString="z")


def test_a_user_creates_secrets_of_a_name(aws, as_user):
    arns = f"arn:aws:secretsmanager:us-east-1:{aws.account}:secret:team/*"
    sm = as_user(allow("secretsmanager:CreateSecret", arns))("secretsmanager")
    sm.create_secret(Name="team/one", SecretString="x")
    with denied(sm, "secretsmanager:CreateSecret"):
        sm.create_secret(Name="other", SecretString="x")


def test_a_user_reads_secrets_with_a_tag(as_user, make):
    make("red", SecretString="x", Tags=[{"Key": "team", "Value": "red"}])
    make("blue", SecretString="y", Tags=[{"Key": "team", "Value": "blue"}])
    condition = {"Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}}}
    sm = as_user(allow("secretsmanager:GetSecretValue", **condition))("secretsmanager")
    assert sm.get_secret_value(SecretId="red")["SecretString"] == "x"
    with denied(sm, "AccessDenied"):
        sm.get_secret_value(SecretId="blue")


def test_a_secret_under_a_key_of_ones_own_needs_the_key_too(aws, as_user, make):
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    make(SecretString="x", KmsKeyId=key)
    sm = as_user(allow("secretsmanager:*"))("secretsmanager")
    with denied(sm, "Access to KMS is not allowed"):
        sm.get_secret_value(SecretId="db")


def test_a_user_reads_parameters_under_a_path(aws, as_user):
    for name in ("/prod/host", "/dev/host"):
        aws("ssm").put_parameter(Name=name, Value=name, Type="String")
    arns = f"arn:aws:ssm:us-east-1:{aws.account}:parameter/prod*"
    ssm = as_user(allow(["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"], arns))("ssm")
    assert ssm.get_parameter(Name="/prod/host")["Parameter"]["Value"] == "/prod/host"
    assert len(ssm.get_parameters_by_path(Path="/prod")["Parameters"]) == 1
    for refused in (
        lambda: ssm.get_parameter(Name="/dev/host"),
        lambda: ssm.get_parameters(Names=["/prod/host", "/dev/host"]),
        lambda: ssm.get_parameters_by_path(Path="/dev"),
        lambda: ssm.put_parameter(Name="/prod/new", Value="x", Type="String"),
    ):
        with denied(ssm, "is not authorized to perform: ssm:"):
            refused()


def test_a_secret_read_as_a_parameter_needs_both_permissions(as_user, make):
    make(SecretString="x")
    ssm = as_user(allow("ssm:GetParameter"))("ssm")
    with denied(ssm, "secretsmanager:GetSecretValue"):
        ssm.get_parameter(Name="/aws/reference/secretsmanager/db", WithDecryption=True)
