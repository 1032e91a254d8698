"""The decision point: calls from service to service, roles that services act as, what is written down, and the modes."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from fogbank.identity import sessions
from fogbank.identity.principals import root, service_principal
from fogbank.kernel.errors import AWSError
from fogbank.testing.clients import Clients
from fogbank.testing.in_process import server


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action="*", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.fixture
def queue(aws):
    """A queue with a policy of these statements: its URL."""

    def make(*statements, name="q"):
        attributes = {"Policy": document(*statements)} if statements else {}
        return aws("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    return make


@pytest.fixture
def acting(fogbank_server, aws):
    """acting(work, principal) runs `work(ctx)` in a transaction of DynamoDB's, in the account of the test."""

    def run(work, principal=None):
        app = fogbank_server.app

        async def enter():
            ctx = app.system_context("dynamodb", aws.account, "us-east-1", "put_item")
            ctx.principal = principal or service_principal("dynamodb", aws.account)
            return await ctx.transact(work, ctx)

        return fogbank_server.call(enter())

    return run


def sending(url, **how):
    async def work(ctx):
        return await ctx.call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": "x"}, **how)

    return work


def refusal(run, *args):
    with pytest.raises(AWSError) as raised:
        run(*args)
    return raised.value


# -- as the service


def test_a_service_needs_a_resource_policy(acting, queue):
    error = refusal(acting, sending(queue()))
    assert error.code == "AccessDenied"
    assert error.message.startswith("User: dynamodb.amazonaws.com is not authorized to perform: sqs:SendMessage")
    assert error.message.endswith("because no resource-based policy allows the sqs:SendMessage action")


def test_a_queue_can_let_in_a_service_for_one_source_only(aws, acting, queue):
    ours = f"arn:aws:dynamodb:us-east-1:{aws.account}:table/ours"
    service = {"Service": "dynamodb.amazonaws.com"}
    url = queue(allow("sqs:SendMessage", Principal=service, Condition={"ArnEquals": {"aws:SourceArn": ours}}))
    acting(sending(url, source_arn=ours))
    for how in ({}, {"source_arn": ours + "x"}):
        assert refusal(acting, sending(url, **how)).code == "AccessDenied"


def test_a_queue_can_let_in_a_service_for_one_account_only(aws, acting, queue):
    ours = {"StringEquals": {"aws:SourceAccount": aws.account}}
    service = {"Service": "dynamodb.amazonaws.com"}
    acting(sending(queue(allow("sqs:SendMessage", Principal=service, Condition=ours))))
    theirs = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    closed = queue(allow("sqs:SendMessage", Principal=service, Condition=theirs), name="closed")
    assert refusal(acting, sending(closed)).code == "AccessDenied"


# -- with the caller's permissions


def test_a_service_can_act_with_its_callers_permissions(aws, acting, queue):
    acting(sending(queue(), as_caller=True), root(aws.account))
    assert refusal(acting, sending(queue(), as_caller=True), root("111122223333")).code == "AccessDenied"


def test_forward_access_is_seen_by_policies(aws, acting, queue):
    via = {
        "ForAnyValue:StringEquals": {"aws:CalledVia": "dynamodb.amazonaws.com"},
        "Bool": {"aws:ViaAWSService": "true"},
    }
    url = queue({**allow("sqs:SendMessage", Principal="*", Condition=via), "Effect": "Deny"})
    assert "explicit deny" in refusal(acting, sending(url, as_caller=True), root(aws.account)).message
    aws("sqs").send_message(QueueUrl=url, MessageBody="directly")


# -- as a role


@pytest.fixture
def role(aws):
    def make(service="dynamodb.amazonaws.com", *permissions, **more):
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **more}
        iam = aws("iam")
        arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        if permissions:
            iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(*permissions))
        return arn

    return make


def test_a_service_can_act_as_a_role_that_trusts_it(acting, queue, role):
    acting(sending(queue(), role=role("dynamodb.amazonaws.com", allow("sqs:SendMessage"))))


def test_the_roles_permissions_count(acting, queue, role):
    error = refusal(acting, sending(queue(), role=role()))
    assert ":assumed-role/r/dynamodb is not authorized to perform: sqs:SendMessage" in error.message


def test_a_role_that_does_not_trust_the_service_is_refused(acting, queue, role):
    error = refusal(acting, sending(queue(), role=role("sns.amazonaws.com", allow())))
    assert "dynamodb.amazonaws.com is not authorized to perform: sts:AssumeRole" in error.message
    assert "because no role trust policy allows" in error.message


def test_a_role_that_is_not_there_is_refused(aws, acting, queue):
    error = refusal(acting, sending(queue(), role=f"arn:aws:iam::{aws.account}:role/nobody"))
    assert "no role trust policy allows" in error.message


def test_a_role_can_be_kept_for_one_source(aws, acting, queue, role):
    ours = f"arn:aws:dynamodb:us-east-1:{aws.account}:table/ours"
    arn = role("dynamodb.amazonaws.com", allow(), Condition={"ArnLike": {"aws:SourceArn": ours}})
    acting(sending(queue(), role=arn, source_arn=ours))
    assert refusal(acting, sending(queue(), role=arn, source_arn=ours + "x")).code == "AccessDenied"


def test_a_service_can_hand_out_keys_of_a_role(aws, acting, role):
    arn = role("ecs-tasks.amazonaws.com", allow("sqs:ListQueues"))

    async def issue(ctx):
        principal = await ctx.assume(arn, session_name="task-1", service="ecs-tasks")
        return await sessions.issue(ctx, principal, 3600)

    issued = acting(issue)
    keys = {"AccessKeyId": issued.access_key, "SecretAccessKey": issued.secret, "SessionToken": issued.session_token}
    assert aws("sts", credentials=keys).get_caller_identity()["Arn"].endswith(":assumed-role/r/task-1")
    aws("sqs", credentials=keys).list_queues()


# -- decisions inside of operations


@pytest.fixture
def ada(aws, fogbank_server):
    """Makes a user with these permissions: the principal."""

    def make(*statements):
        iam = aws("iam")
        iam.create_user(UserName="ada")
        iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"]
        return fogbank_server.call(fogbank_server.app.gateway.authorisation.credential(key)).principal

    return make


def passing(role):
    async def work(ctx):
        await ctx.pass_role(role)

    return work


def test_passing_a_role_takes_permission_for_the_service(aws, acting, ada):
    role = f"arn:aws:iam::{aws.account}:role/r"
    only_here = {"StringEquals": {"iam:PassedToService": "dynamodb.amazonaws.com"}}
    principal = ada(allow("iam:PassRole", role, Condition=only_here))
    acting(passing(role), principal)
    error = refusal(acting, passing(role + "x"), principal)
    assert f"is not authorized to perform: iam:PassRole on resource: {role}x" in error.message


def test_a_role_may_not_be_passed_to_another_service(aws, acting, ada):
    other = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    principal = ada(allow("iam:PassRole", Condition=other))
    assert "iam:PassRole" in refusal(acting, passing(f"arn:aws:iam::{aws.account}:role/r"), principal).message


def test_a_service_can_ask_without_leaving_a_trace(acting, ada, fogbank_server, aws):
    principal = ada(allow("sqs:ListQueues"))

    async def work(ctx):
        return [await ctx.may(action, "*") for action in ("sqs:ListQueues", "sqs:DeleteQueue")]

    assert acting(work, principal) == [True, False]
    assert denials(fogbank_server, aws.account) == []


# -- what is written down


def denials(running, account):
    app = running.app

    async def read():
        ctx = app.system_context(account=account)
        return await ctx.transact(app.gateway.authorisation.journal.denials, ctx, 10)

    return running.call(read())


def uses(running, account, arn):
    app = running.app

    async def read():
        ctx = app.system_context(account=account)
        return await ctx.transact(app.gateway.authorisation.journal.uses, ctx, arn)

    return running.call(read())


@pytest.fixture
def bob(aws):
    iam = aws("iam")
    arn = iam.create_user(UserName="bob")["User"]["Arn"]
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document(allow("sqs:List*")))
    return arn, iam.create_access_key(UserName="bob")["AccessKey"]


def flush(running):
    running.call(running.app.gateway.authorisation.journal.flush())


def test_denials_are_kept_the_newest_first(aws, bob, fogbank_server):
    arn, key = bob
    sqs = aws("sqs", credentials=key)
    for name in ("one", "two"):
        with pytest.raises(ClientError):
            sqs.create_queue(QueueName=name)
        flush(fogbank_server)
    found = denials(fogbank_server, aws.account)
    assert [denial.resource.rpartition(":")[2] for denial in found] == ["two", "one"]
    assert (found[0].principal, found[0].action, found[0].mode) == (arn, "sqs:CreateQueue", "enforce")
    assert found[0].message.endswith("because no identity-based policy allows the sqs:CreateQueue action")


def test_uses_are_kept_with_their_resources_and_the_last_time(aws, bob, fogbank_server, clock):
    arn, key = bob
    sqs = aws("sqs", credentials=key)
    sqs.list_queues()
    flush(fogbank_server)
    clock.advance(seconds=100)
    before = clock.now()
    sqs.list_queues()
    with pytest.raises(ClientError):
        sqs.create_queue(QueueName="q")
    found = uses(fogbank_server, aws.account, arn)
    assert before <= found["sqs:ListQueues"].last <= clock.now()
    assert found["sqs:ListQueues"].region == "us-east-1"
    assert found["sqs:CreateQueue"].resources == (f"arn:aws:sqs:us-east-1:{aws.account}:q",)


def test_what_a_policy_forbids_is_no_need(aws, bob, fogbank_server):
    arn, key = bob
    forbidden = document({**allow("sqs:CreateQueue"), "Effect": "Deny"})
    aws("iam").put_user_policy(UserName="bob", PolicyName="no", PolicyDocument=forbidden)
    with pytest.raises(ClientError, match="explicit deny in an identity-based policy"):
        aws("sqs", credentials=key).create_queue(QueueName="q")
    assert "sqs:CreateQueue" not in uses(fogbank_server, aws.account, arn)


def test_denials_survive_a_restart(tmp_path):
    with server(data_dir=tmp_path) as running:
        aws = Clients(running.endpoint, "111122223333")
        aws("iam").create_user(UserName="bob")
        key = aws("iam").create_access_key(UserName="bob")["AccessKey"]
        with pytest.raises(ClientError):
            aws("sqs", credentials=key).list_queues()
        aws.close()
    with server(data_dir=tmp_path) as running:
        assert [denial.action for denial in denials(running, "111122223333")] == ["sqs:ListQueues"]


# -- modes


@pytest.mark.parametrize("mode", ["audit", "off"])
def test_without_enforcement_everybody_may(mode):
    with server(iam=mode) as running:
        aws = Clients(running.endpoint)
        aws("iam").create_user(UserName="bob")
        key = aws("iam").create_access_key(UserName="bob")["AccessKey"]
        aws("sqs", credentials=key).create_queue(QueueName="q")
        found = denials(running, aws.account)
        assert [(denial.action, denial.mode) for denial in found] == (
            [("sqs:CreateQueue", "audit")] if mode == "audit" else []
        )
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            aws("sts", credentials=key | {"SecretAccessKey": "wrong"}).get_caller_identity()
        aws.close()


# -- tags of resources


@pytest.mark.parametrize("team", ["blue", "red"])
def test_the_tags_of_a_queue_can_decide(aws, team):
    iam, sqs = aws("iam"), aws("sqs")
    url = sqs.create_queue(QueueName="q", tags={"team": team})["QueueUrl"]
    iam.create_user(UserName="carl", Tags=[{"Key": "team", "Value": "blue"}])
    own = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    iam.put_user_policy(UserName="carl", PolicyName="p", PolicyDocument=document(allow("sqs:*", Condition=own)))
    carl = aws("sqs", credentials=iam.create_access_key(UserName="carl")["AccessKey"])
    if team == "blue":
        carl.send_message(QueueUrl=url, MessageBody="x")
    else:
        with pytest.raises(ClientError, match="because no identity-based policy allows"):
            carl.send_message(QueueUrl=url, MessageBody="x")


def test_the_tags_of_a_table_can_decide(aws):
    iam, dynamodb = aws("iam"), aws("dynamodb")
    key = [{"AttributeName": "k", "KeyType": "HASH"}]
    for name in ("blue", "red"):
        dynamodb.create_table(
            TableName=name,
            KeySchema=key,
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            Tags=[{"Key": "team", "Value": name}],
        )
    iam.create_user(UserName="carl")
    blue = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    iam.put_user_policy(UserName="carl", PolicyName="p", PolicyDocument=document(allow("dynamodb:*", Condition=blue)))
    carl = aws("dynamodb", credentials=iam.create_access_key(UserName="carl")["AccessKey"])
    carl.describe_table(TableName="blue")
    carl.put_item(TableName="blue", Item={"k": {"S": "x"}})
    for call in (
        lambda: carl.describe_table(TableName="red"),
        lambda: carl.put_item(TableName="red", Item={"k": {"S": "x"}}),
    ):
        with pytest.raises(ClientError, match="because no identity-based policy allows"):
            call()


def test_tags_that_a_request_brings_can_decide(aws):
    iam = aws("iam")
    iam.create_user(UserName="carl")
    tagged = {"StringEquals": {"aws:RequestTag/team": "blue"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
    iam.put_user_policy(UserName="carl", PolicyName="p", PolicyDocument=document(allow("sqs:*", Condition=tagged)))
    carl = aws("sqs", credentials=iam.create_access_key(UserName="carl")["AccessKey"])
    carl.create_queue(QueueName="q1", tags={"team": "blue"})
    for tags in ({"team": "red"}, {"team": "blue", "stage": "x"}, {}):
        with pytest.raises(ClientError, match="because no identity-based policy allows"):
            carl.create_queue(QueueName="q2", tags=tags)
