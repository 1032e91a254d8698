"""Resource policies of secrets, and what they decide."""

from __future__ import annotations

import json

import pytest

from fogbank.testing.clients import fresh_account


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(principal, effect="Allow", action="secretsmanager:GetSecretValue", **more):
    principal = {"AWS": principal} if isinstance(principal, list) else principal
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **more}


def of_account(account):
    return {"AWS": f"arn:aws:iam::{account}:root"}


@pytest.fixture
def other(aws):
    """Secrets Manager as the root of another account, and that account's id."""
    account = fresh_account()
    return aws("secretsmanager", account=account), account


@pytest.fixture
def shared_key(aws, other):
    """A KMS key that the other account may use, too: the key aws/secretsmanager is for the own account only."""
    document = policy(statement([of_account(aws.account)["AWS"], of_account(other[1])["AWS"]], action="kms:*"))
    return aws("kms").create_key(Policy=document)["KeyMetadata"]["Arn"]


def test_a_policy_is_put_got_and_deleted(sm, make):
    arn = make()
    text = policy(statement(of_account("111122223333")))
    put = sm.put_resource_policy(SecretId="db", ResourcePolicy=text)
    assert (put["ARN"], put["Name"], put["PolicyName"]) == (arn, "db", "default")
    assert sm.get_resource_policy(SecretId="db")["ResourcePolicy"] == text
    assert sm.list_resource_policies(SecretId="db")["ResourcePolicies"] == [{"PolicyName": "default"}]
    sm.delete_resource_policy(SecretId="db")
    assert "ResourcePolicy" not in sm.get_resource_policy(SecretId="db")
    assert sm.list_resource_policies(SecretId="db")["ResourcePolicies"] == []


def test_only_the_default_policy_is_changed(sm, make, refused):
    make()
    with refused("InvalidParameterException"):
        sm.put_resource_policy(SecretId="db", PolicyName="mine", ResourcePolicy=policy(statement("*")))
    with refused("InvalidParameterException"):
        sm.delete_resource_policy(SecretId="db", PolicyName="mine")
    with refused("ResourceNotFoundException"):
        sm.get_resource_policy(SecretId="db", PolicyName="mine")


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        policy({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}),
        policy(statement("*", effect="Perhaps")),
        policy(statement("*", action="s3:GetObject")),
    ],
    ids=["no json", "no principal", "no effect", "an action of another service"],
)
def test_a_malformed_policy_is_refused(sm, make, refused, text):
    make()
    with refused("MalformedPolicyDocumentException"):
        sm.put_resource_policy(SecretId="db", ResourcePolicy=text)


def test_a_policy_for_everyone_is_blocked_when_asked_to(sm, make, refused):
    make()
    with refused("PublicPolicyException"):
        sm.put_resource_policy(SecretId="db", ResourcePolicy=policy(statement("*")), BlockPublicPolicy=True)
    narrow = statement("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})
    sm.put_resource_policy(SecretId="db", ResourcePolicy=policy(narrow), BlockPublicPolicy=True)
    sm.put_resource_policy(SecretId="db", ResourcePolicy=policy(statement("*")))


def test_another_account_reads_a_secret_that_a_policy_opens_to_it(sm, make, other, shared_key):
    stranger, account = other
    arn = make(SecretString="x", KmsKeyId=shared_key)
    sm.put_resource_policy(SecretId="db", ResourcePolicy=policy(statement(of_account(account))))
    assert stranger.get_secret_value(SecretId=arn)["SecretString"] == "x"


def test_another_account_does_not_read_a_secret_whose_key_it_may_not_use(sm, make, other):
    stranger, account = other
    arn = make(SecretString="x")
    sm.put_resource_policy(SecretId="db", ResourcePolicy=policy(statement(of_account(account))))
    with pytest.raises(stranger.exceptions.ClientError, match="Access to KMS is not allowed"):
        stranger.get_secret_value(SecretId=arn)


def test_another_account_does_not_read_a_secret_without_such_a_policy(make, other):
    stranger, _ = other
    arn = make(SecretString="x")
    with pytest.raises(stranger.exceptions.ClientError) as raised:
        stranger.get_secret_value(SecretId=arn)
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
    assert f"is not authorized to perform: secretsmanager:GetSecretValue on resource: {arn}" in str(raised.value)


def test_a_deny_holds_for_the_owner_too_and_the_owner_can_lift_it(sm, make, refused):
    make(SecretString="x")
    sm.put_resource_policy(SecretId="db", ResourcePolicy=policy(statement("*", "Deny", "secretsmanager:*")))
    with refused("AccessDeniedException", "with an explicit deny in a resource-based policy"):
        sm.get_secret_value(SecretId="db")
    sm.delete_resource_policy(SecretId="db")
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "x"


def test_a_policy_may_open_one_label_only(sm, make, put, other, shared_key):
    stranger, account = other
    arn = make(SecretString="v1", KmsKeyId=shared_key)
    put(2)
    current = statement(of_account(account), Condition={"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}})
    sm.put_resource_policy(SecretId="db", ResourcePolicy=policy(current))
    assert stranger.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"] == "v2"
    with pytest.raises(stranger.exceptions.ClientError, match="AccessDenied"):
        stranger.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")


def test_a_batch_tells_which_secrets_it_may_not_read(sm, make, other, shared_key):
    stranger, account = other
    opened, closed = make("opened", SecretString="x", KmsKeyId=shared_key), make("closed", SecretString="y")
    sm.put_resource_policy(SecretId="opened", ResourcePolicy=policy(statement(of_account(account))))
    answer = stranger.batch_get_secret_value(SecretIdList=[opened, closed])
    assert [value["ARN"] for value in answer["SecretValues"]] == [opened]
    assert [(error["SecretId"], error["ErrorCode"]) for error in answer["Errors"]] == [
        (closed, "AccessDeniedException")
    ]


# -- validating


@pytest.fixture
def checks(sm):
    def checks(text, **params):
        answer = sm.validate_resource_policy(ResourcePolicy=text, **params)
        found = [entry["CheckName"] for entry in answer["ValidationErrors"]]
        assert answer["PolicyValidationPassed"] == (not found)
        return found

    return checks


def test_a_policy_for_one_account_passes_validation(make, checks):
    make()
    assert checks(policy(statement(of_account("111122223333"))), SecretId="db") == []


def test_validation_finds_syntax_breadth_and_lockout(checks):
    assert checks("no json") == ["SYNTAX_CHECK"]
    assert checks(policy(statement("*"))) == ["BROAD_ACCESS_CHECK"]
    assert checks(policy(statement("*", "Deny", "secretsmanager:*"))) == ["LOCKOUT_CHECK"]
