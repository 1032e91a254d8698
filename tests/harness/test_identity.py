"""Trap 5, over every service: nobody is somebody by a wrong secret, an old token, a skewed clock, or without permission.

And every operation has its IAM actions, by the names that AWS's authorization reference has for them.
"""

from __future__ import annotations

import datetime
import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from fogbank import protocols
from fogbank.identity import reference
from fogbank.kernel.registry import Registry
from fogbank.kernel.service import Operation, Service
from fogbank.protocols import OperationModel
from tests.protocols import wire_samples as wire

REGISTRY = Registry()
SERVICES = REGISTRY.names

WRONG_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"}
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
SKEWED = WRONG_SIGNATURE | {"RequestTimeTooSkewed"}
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}

# Where others want one of several parameters, of which none is required, or texts of a form that samples do not have.
FIRST = {"cognito-idp": "ListUserPools", "kinesis": "DescribeLimits"}


def loaded(name: str) -> Service:
    service = REGISTRY.get(name)
    assert service is not None
    return service


def signed_operations(name: str) -> list[OperationModel]:
    """The operations that need a signature and a permission, those without required parameters first."""
    model = protocols.load(name)
    found = [
        model.operation_by_snake(operation.name) for operation in loaded(name).operations.values() if not operation.open
    ]
    signed = [operation for operation in found if operation.traits.get("authtype") != "none"]
    return sorted(
        signed, key=lambda operation: (operation.name != FIRST.get(name), len(required(operation)), operation.name)
    )


def required(operation: OperationModel) -> list[str]:
    return list(operation.input_shape.required) if operation.input_shape is not None else []


@pytest.fixture(params=[name for name in SERVICES if signed_operations(name)])
def call(request, fogbank_server, aws):
    """call(credentials) calls one operation of the service, and gives the error's code, message and status."""
    operation = signed_operations(request.param)[0]
    generator = wire.Generator("identity", request.param, operation.name)
    sample = generator.structure(operation.input_shape) if operation.input_shape else {}
    params = {member: sample[member] for member in required(operation)} | account_of(operation, aws.account)

    def call(keys: dict[str, str]) -> tuple[str, str, int]:
        client = boto3.client(
            request.param,
            region_name="us-east-1",
            endpoint_url=fogbank_server.endpoint,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False, inject_host_prefix=False),
        )
        client.meta.events.register("before-send.*", to_server)
        with pytest.raises(ClientError) as caught:
            getattr(client, xform_name(operation.name))(**params)
        answer = caught.value.response
        return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]

    def to_server(request, **_):
        """Some SDKs put the account before the host: such a name need not resolve."""
        host, own = request.url.split("/")[2], fogbank_server.endpoint.split("/")[2]
        request.url = request.url.replace(host, own, 1)
        request.headers["Host"] = host

    return call


def account_of(operation: OperationModel, account: str) -> dict[str, str]:
    """The account that a request is about, where S3 Control wants it told: the caller's own."""
    members = operation.input_shape.members if operation.input_shape is not None else {}
    return {name: account for name, shape in members.items() if shape.wire_name == "x-amz-account-id"}


@pytest.fixture
def user(aws):
    iam = aws("iam")
    iam.create_user(UserName="nobody")
    return iam.create_access_key(UserName="nobody")["AccessKey"]


def test_a_wrong_secret_is_refused(call, user):
    code, _, status = call(user | {"SecretAccessKey": user["SecretAccessKey"][::-1]})
    assert code in WRONG_SIGNATURE
    assert status in (400, 401, 403)


def test_an_expired_token_is_refused(call, aws, clock):
    credentials = aws("sts").get_session_token(DurationSeconds=900)["Credentials"]
    clock.advance(seconds=901)
    assert call(credentials)[0] in EXPIRED


def test_a_skewed_clock_is_refused(call, user, monkeypatch):
    wrong = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_: wrong)
    assert call(user)[0] in SKEWED


def test_a_principal_without_permission_is_refused_with_the_reason(call, user, aws):
    code, message, status = call(user)
    assert code in DENIED
    assert status in (400, 403)
    assert f"User: arn:aws:iam::{aws.account}:user/nobody is not authorized to perform: " in message
    assert "because no identity-based policy allows the " in message


def test_a_principal_with_permission_gets_further(call, user, aws):
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": everything})
    aws("iam").put_user_policy(UserName="nobody", PolicyName="all", PolicyDocument=document)
    try:
        code, _, _ = call(user)
    except pytest.fail.Exception:  # it worked
        return
    assert code not in DENIED


# -- actions

# Newer than the authorization reference, or missing there.
UNKNOWN = {
    "cloudwatch:DeleteMetricDataQueryDefinition",
    "cloudwatch:DescribeAlarmContributors",
    "cloudwatch:DisassociateDatasetKmsKey",
    "cloudwatch:GetMetricDataQueryDefinition",
    "cloudwatch:ListMetricDataQueryDefinitions",
    "cloudwatch:PutMetricDataQueryDefinition",
    "dynamodb:CancelBulkOperation",
    "dynamodb:DescribeBulkOperation",
    "dynamodb:ListBulkOperations",
    "dynamodb:StartBulkPutItems",
    "iam:AcquireRole",
    "iam:UpdateDelegationRequest",
    "kinesis:AcknowledgeDeadLetterQueueRecords",
    "kinesis:AcknowledgeQueueRecords",
    "kinesis:CreateQueue",
    "kinesis:DeleteQueue",
    "kinesis:DescribeQueue",
    "kinesis:ListQueues",
    "kinesis:ReceiveDeadLetterQueueRecords",
    "kinesis:ReceiveQueueRecords",
    "kinesis:RestoreDeadLetterQueueRecords",
    "kinesis:UpdateDeadLetterQueueRecordsVisibility",
    "kinesis:UpdateQueue",
    "kinesis:UpdateQueueRecordsVisibility",
    "lambda:DeleteDurableExecution",
    "lambda:PauseDurableExecution",
    "lambda:ResumeDurableExecution",
    "logs:GetLogObject",
    "logs:PutMetricExtractionPolicy",
    "s3:GetBucketABAC",
    "s3:PutBucketABAC",
    "s3vectors:UpdateMetadataConfiguration",
    "secretsmanager:AssociateCrossAccountReplica",
    "secretsmanager:DisassociateCrossAccountReplica",
    "secretsmanager:ListResourcePolicies",
}


@pytest.mark.parametrize("name", SERVICES)
def test_every_operation_asks_for_actions_that_there_are(name):
    service = loaded(name)
    wrong = {
        f"{operation.name}: {action}"
        for operation in service.operations.values()
        if not operation.open
        for action in actions_of(service, operation)
        if action not in UNKNOWN and not exists(action)
    }
    assert wrong == set()


def actions_of(service: Service, operation: Operation) -> set[str]:
    """The IAM actions that an operation may ask for, found out with sample requests where they depend on them."""
    model = protocols.load(service.name).operation_by_snake(operation.name)
    action = operation.action
    if action is None:
        return {f"{service.iam_prefix}:{model.name}"}
    if not callable(action):
        return {action} if isinstance(action, str) else set(action)
    generator = wire.Generator("actions", service.name, model.name)
    full = generator.structure(model.input_shape) if model.input_shape else {}
    bare = {member: full[member] for member in required(model)}
    anybody: Any = SimpleNamespace(account="111122223333", region="us-east-1", partition="aws", service=service)
    found: set[str] = set()
    for params in (full, bare):
        given = action(anybody, params)
        found |= {given} if isinstance(given, str) else set(given)
    return found


def exists(action: str) -> bool:
    """Is there such an action, spelt like this?"""
    prefix, _, name = action.partition(":")
    service = reference.service(prefix)
    known = service.actions.get(name.lower()) if service is not None else None
    return known is not None and known.name == name


@pytest.mark.parametrize("name", SERVICES)
def test_operations_on_resources_name_them(name):
    """Where AWS says that an action is always about a resource of some kind, the decision is about that resource."""
    service = loaded(name)
    unnamed = {
        f"{operation.name}: {action}"
        for operation in service.operations.values()
        if not operation.open and operation.resource is None
        for action in actions_of(service, operation)
        if action not in UNKNOWN and exists(action) and always_about_a_resource(action)
    }
    assert unnamed - CREATED == set()


# What these make has no name yet when they are asked for.
CREATED = {
    "create_delegation_request: iam:CreateDelegationRequest",
    "create_key: kms:TagResource",
    "create_service_linked_analyzer: access-analyzer:CreateServiceLinkedAnalyzer",
}


def always_about_a_resource(action: str) -> bool:
    prefix, _, name = action.partition(":")
    service = reference.service(prefix)
    assert service is not None
    return any(used.required for used in service.actions[name.lower()].resource_types)
