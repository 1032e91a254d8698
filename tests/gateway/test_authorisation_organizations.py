"""What an organization's policies do to its members, with an organization that the tests make up."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from fogbank.identity.directory import Document, Guardrails, organizations_changed
from fogbank.kernel.service import Service
from fogbank.testing.clients import Clients
from fogbank.testing.in_process import server

MANAGEMENT, MEMBER, STRANGER = "111111111111", "222222222222", "333333333333"
PATH = "o-exampleorgid/r-ab12/ou-ab12-11111111/"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action="*", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return allow(action, resource, **more) | {"Effect": "Deny"}


class Organization:
    """One unit with the member in it; `service_control` and `resource_control` are the policies of that unit."""

    def __init__(self):
        self.service_control = self.resource_control = ()

    async def guardrails(self, ctx, account):
        if account == STRANGER:
            return None
        scps = [[allow()], [*self.service_control], [allow()]]
        rcps = [[allow(Principal="*")], [allow(Principal="*"), *self.resource_control]]
        return Guardrails(
            "o-exampleorgid",
            PATH,
            account == MANAGEMENT,
            tuple((Document(document(*level)),) for level in scps),
            tuple((Document(document(*level)),) for level in rcps),
        )


class World:
    def __init__(self, running):
        self.running = running
        self.organization = Organization()
        service = Service("organizations")
        service.provide("directory", self.organization)
        running.app.services._loaded["organizations"] = service
        self.set()

    def set(self, service_control=(allow(),), resource_control=()):
        self.organization.service_control = service_control
        self.organization.resource_control = resource_control
        self.running.call(self._mark())

    async def _mark(self):
        ctx = self.running.app.system_context()

        async def mark():
            organizations_changed(ctx)

        await ctx.transact(mark)

    def __call__(self, account):
        return Clients(self.running.endpoint, account)


@pytest.fixture(scope="module")
def running():
    with server() as running:
        yield running


@pytest.fixture
def world(running):
    running.reset()
    return World(running)


def refused(call, *args, **kwargs):
    with pytest.raises(ClientError) as raised:
        call(*args, **kwargs)
    assert raised.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return raised.value.response["Error"]["Message"]


def test_a_service_control_policy_binds_even_the_root_of_a_member(world):
    world.set([allow(), deny("sqs:CreateQueue")])
    message = refused(world(MEMBER)("sqs").create_queue, QueueName="q")
    assert message.endswith("with an explicit deny in a service control policy")
    world(MEMBER)("sqs").list_queues()
    world(MANAGEMENT)("sqs").create_queue(QueueName="q")
    world(STRANGER)("sqs").create_queue(QueueName="q")


def test_every_level_has_to_allow(world):
    world.set([allow("s3:*")])
    message = refused(world(MEMBER)("sqs").list_queues)
    assert message.endswith("because no service control policy allows the sqs:ListQueues action")
    world(MEMBER)("s3").list_buckets()


def test_a_change_counts_at_once(world):
    sqs = world(MEMBER)("sqs")
    sqs.list_queues()
    world.set([deny("sqs:*"), allow()])
    refused(sqs.list_queues)
    world.set()
    sqs.list_queues()


def test_conditions_hold_for_service_control_policies(world):
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
    world.set([allow(), deny("sqs:*", Condition=elsewhere)])
    refused(world(MEMBER)("sqs").list_queues)
    world(MEMBER)("sqs", region="eu-west-1").list_queues()


def test_a_service_control_policy_does_not_bind_strangers_who_come(world):
    world.set([allow(), deny("sqs:SendMessage")])
    policy = document(allow("sqs:SendMessage", Principal={"AWS": STRANGER}))
    url = world(MEMBER)("sqs").create_queue(QueueName="q", Attributes={"Policy": policy})["QueueUrl"]
    world(STRANGER)("sqs").send_message(QueueUrl=url, MessageBody="x")
    refused(world(MEMBER)("sqs").send_message, QueueUrl=url, MessageBody="x")


def test_a_resource_control_policy_binds_everyone_who_comes(world):
    policy = document(allow("sqs:SendMessage", Principal="*"))
    url = world(MEMBER)("sqs").create_queue(QueueName="q", Attributes={"Policy": policy})["QueueUrl"]
    ours = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    world.set(resource_control=[deny("sqs:*", Principal="*", Condition=ours)])
    world(MANAGEMENT)("sqs").send_message(QueueUrl=url, MessageBody="x")
    message = refused(world(STRANGER)("sqs").send_message, QueueUrl=url, MessageBody="x")
    assert message.endswith("with an explicit deny in a resource control policy")


def test_resource_control_policies_are_for_some_services_only(world):
    world.set(resource_control=[deny("*", Principal="*")])
    refused(world(MEMBER)("sqs").list_queues)
    world(MEMBER)("iam").list_users()


def test_a_resource_policy_can_let_in_an_organization(world):
    organization = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-exampleorgid/r-ab12/*"}}
    policy = document(allow("sqs:SendMessage", Principal="*", Condition=organization))
    url = world(MEMBER)("sqs").create_queue(QueueName="q", Attributes={"Policy": policy})["QueueUrl"]
    world(MANAGEMENT)("sqs").send_message(QueueUrl=url, MessageBody="x")
    refused(world(STRANGER)("sqs").send_message, QueueUrl=url, MessageBody="x")


def test_s3_tells_members_of_the_organization_why(world):
    world(MEMBER)("s3").create_bucket(Bucket="ours")
    assert "is not authorized to perform: s3:ListBucket" in refused(
        world(MANAGEMENT)("s3").list_objects_v2, Bucket="ours"
    )
    assert refused(world(STRANGER)("s3").list_objects_v2, Bucket="ours") == "Access Denied"
