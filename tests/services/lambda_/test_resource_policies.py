"""The resource policy of a function as one document."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.functions import code


@pytest.fixture
def arn(functions):
    return functions.make()["FunctionArn"]


def _policy(arn, principal="*"):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "lambda:InvokeFunction", "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def test_a_policy_takes_the_place_of_what_was_added(functions, arn):
    functions.client.add_permission(
        FunctionName="f", StatementId="old", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    put = functions.client.put_resource_policy(ResourceArn=arn, Policy=_policy(arn))
    found = functions.client.get_resource_policy(ResourceArn=arn)
    assert found["RevisionId"] == put["RevisionId"]
    (statement,) = json.loads(found["Policy"])["Statement"]
    assert (statement["Principal"], statement["Resource"]) == ("*", arn)
    assert json.loads(functions.client.get_policy(FunctionName="f")["Policy"])["Statement"] == [statement]


def test_it_decides_who_may_invoke(functions, aws, arn):
    stranger = aws("lambda", account="222233334444")
    with pytest.raises(ClientError) as error:
        stranger.invoke(FunctionName=arn)
    assert code(error) == "AccessDeniedException"
    functions.client.put_resource_policy(ResourceArn=arn, Policy=_policy(arn))
    assert stranger.invoke(FunctionName=arn)["StatusCode"] == 200
    functions.client.delete_resource_policy(ResourceArn=arn)
    with pytest.raises(ClientError) as error:
        stranger.invoke(FunctionName=arn)
    assert code(error) == "AccessDeniedException"


def test_another_revision_is_refused(functions, arn):
    revision = functions.client.put_resource_policy(ResourceArn=arn, Policy=_policy(arn))["RevisionId"]
    functions.client.put_resource_policy(ResourceArn=arn, Policy=_policy(arn), RevisionId=revision)
    with pytest.raises(ClientError) as error:
        functions.client.delete_resource_policy(ResourceArn=arn, RevisionId=revision)
    assert code(error) == "PreconditionFailedException"


@pytest.mark.parametrize("text", ["{nothing", "[]", '{"Statement": [{"Effect": "Allow"}]}'])
def test_what_is_no_policy_is_refused(functions, arn, text):
    with pytest.raises(ClientError) as error:
        functions.client.put_resource_policy(ResourceArn=arn, Policy=text)
    assert code(error) == "InvalidParameterValueException"


def test_a_function_without_a_policy_says_so(functions, arn):
    with pytest.raises(ClientError) as error:
        functions.client.get_resource_policy(ResourceArn=arn)
    assert code(error) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "statement, message",
    [
        ({"Principal": "nobody.example.com"}, "The provided principal was invalid"),
        ({"Principal": "arn:aws:iam::{account}:role/nobody"}, "The provided principal was invalid"),
        ({"Principal": "*", "FunctionUrlAuthType": "NONE"}, "only supported for lambda:InvokeFunctionUrl action"),
    ],
)
def test_a_permission_is_for_somebody_and_fits_its_action(functions, arn, statement, message):
    statement["Principal"] = statement["Principal"].format(account=arn.split(":")[4])
    with pytest.raises(ClientError, match=message):
        functions.client.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", **statement)
