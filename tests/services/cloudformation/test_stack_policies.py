"""Stack policies keep updates from what they do not allow; tokens keep requests from being carried out twice."""

import json

import pytest

from tests.services.cloudformation.conftest import refused, template


def queue(**properties):
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def policy(*statements):
    return json.dumps({"Statement": [{"Principal": "*", **each} for each in statements]})


ALL = {"Effect": "Allow", "Action": "Update:*", "Resource": "*"}


def deny(action, **more):
    return {"Effect": "Deny", "Action": action, "Resource": "LogicalResourceId/A", **more}


@pytest.fixture
def guarded(stack):
    def guarded(*statements):
        resources = {"A": queue(DelaySeconds=1, QueueName="a"), "B": queue()}
        return stack.create(resources, {"StackPolicyBody": policy(*statements)})

    return guarded


def test_update_of_what_is_denied_fails(guarded):
    stack = guarded(ALL, deny("Update:Modify"))
    stack.update({"A": queue(DelaySeconds=2, QueueName="a"), "B": queue()})
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    told = "Action denied by stack policy: Statement [#2] does not allow [Update:Modify] for resource [LogicalResourceId/A]"
    assert stack.reason("A", "UPDATE_FAILED") == told


def test_what_no_statement_allows_is_denied(guarded):
    stack = guarded({"Effect": "Allow", "Action": "Update:*", "Resource": "LogicalResourceId/B"})
    stack.update({"A": queue(DelaySeconds=2, QueueName="a"), "B": queue()})
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "not allowed by stack policy" in stack.reason("A", "UPDATE_FAILED")


def test_replacing_and_modifying_are_told_apart(guarded):
    stack = guarded(ALL, deny("Update:Replace"))
    assert stack.update({"A": queue(DelaySeconds=2, QueueName="a"), "B": queue()}).status == "UPDATE_COMPLETE"
    assert stack.update({"A": queue(QueueName="other"), "B": queue()}).status == "UPDATE_ROLLBACK_COMPLETE"


def test_removal_that_is_denied_fails(aws, guarded):
    stack = guarded(ALL, deny("Update:Delete"))
    stack.update({"B": queue()})
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert sorted(stack.resources) == ["A", "B"]
    assert len(aws("sqs").list_queues()["QueueUrls"]) == 2


def test_condition_names_types(guarded):
    condition = {"StringEquals": {"ResourceType": ["AWS::SQS::Queue"]}}
    stack = guarded(ALL, {"Effect": "Deny", "Action": "Update:*", "Resource": "*", "Condition": condition})
    topic = {"Type": "AWS::SNS::Topic"}
    both = {"A": queue(DelaySeconds=1, QueueName="a"), "B": queue()}
    assert stack.update({**both, "Topic": topic}).status == "UPDATE_COMPLETE"
    assert stack.update({**both, "B": queue(DelaySeconds=1), "Topic": topic}).status == "UPDATE_ROLLBACK_COMPLETE"


def test_policy_of_an_update_counts_for_it_only(guarded):
    stack = guarded(ALL, deny("Update:*"))
    options = {"StackPolicyDuringUpdateBody": policy(ALL)}
    assert stack.update({"A": queue(DelaySeconds=2, QueueName="a"), "B": queue()}, options).status == "UPDATE_COMPLETE"
    assert stack.update({"A": queue(DelaySeconds=3, QueueName="a"), "B": queue()}).status == "UPDATE_ROLLBACK_COMPLETE"


def test_policy_of_the_change_set_s_stack_counts(cloudformation, guarded):
    stack = guarded(ALL, deny("Update:Modify"))
    changed = template({"A": queue(DelaySeconds=2, QueueName="a"), "B": queue()})
    cloudformation.create_change_set(StackName=stack.name, ChangeSetName="c", TemplateBody=changed)
    cloudformation.execute_change_set(StackName=stack.name, ChangeSetName="c")
    stack.settle()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"


def test_policy_can_be_set_later(cloudformation, stack):
    stack.create({"A": queue()})
    cloudformation.set_stack_policy(StackName=stack.name, StackPolicyBody=policy(ALL))
    assert json.loads(cloudformation.get_stack_policy(StackName=stack.name)["StackPolicyBody"]) == json.loads(
        policy(ALL)
    )


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        policy({"Effect": "Maybe", "Action": "Update:*", "Resource": "*"}),
        policy({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}),
        policy({**ALL, "Principal": "root"}),
        policy({"Effect": "Allow", "Action": "Update:*"}),
    ],
)
def test_what_is_no_policy_is_refused(cloudformation, stack, text):
    with refused("ValidationError", "Error validating stack policy: Invalid stack policy"):
        stack.create({"A": queue()}, {"StackPolicyBody": text})


# -- tokens


def test_request_that_comes_again_is_carried_out_once(stack, cloudformation):
    stack.create({"A": queue()}, {"ClientRequestToken": "create"})
    first = stack.id
    assert stack.create({"A": queue()}, {"ClientRequestToken": "create"}).id == first
    for _ in range(2):
        stack.update({"A": queue(DelaySeconds=1)}, {"ClientRequestToken": "update"})
    assert stack.events.count((stack.name, "UPDATE_COMPLETE")) == 1
    assert cloudformation.describe_stack_events(StackName=stack.id)["StackEvents"][0]["ClientRequestToken"] == "update"


def test_token_of_another_request_is_refused(stack):
    stack.create({"A": queue()}, {"ClientRequestToken": "token"})
    with refused("TokenAlreadyExistsException", "token"):
        stack.update({"A": queue(DelaySeconds=1)}, {"ClientRequestToken": "token"})


# -- what a creation that fails leaves behind

BROKEN = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 999999}, "DependsOn": "A"}


@pytest.mark.parametrize(
    ("deletion", "options", "left"),
    [
        ("Retain", {}, 1),
        ("RetainExceptOnCreate", {}, 0),
        ("Retain", {"RetainExceptOnCreate": True}, 0),
        ("Delete", {}, 0),
    ],
)
def test_retained_resource_outlives_a_creation_that_fails_unless_that_is_excepted(aws, stack, deletion, options, left):
    stack.create({"A": {**queue(), "DeletionPolicy": deletion}, "Bad": BROKEN}, options)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert len(aws("sqs").list_queues().get("QueueUrls", [])) == left


def test_stack_that_is_deleted_as_it_fails_keeps_what_is_retained(aws, stack):
    resources = {"A": {**queue(), "DeletionPolicy": "Retain"}, "Bad": BROKEN}
    resources["B"] = {**queue(), "DeletionPolicy": "RetainExceptOnCreate"}
    stack.create(resources, {"OnFailure": "DELETE"})
    assert stack.status == "DELETE_COMPLETE"
    (left,) = aws("sqs").list_queues()["QueueUrls"]
    assert "-A-" in left


def test_resource_that_is_retained_except_on_creation_outlives_its_stack(aws, stack):
    stack.create({"A": {**queue(), "DeletionPolicy": "RetainExceptOnCreate"}}).delete()
    assert stack.status == "DELETE_COMPLETE"
    assert len(aws("sqs").list_queues()["QueueUrls"]) == 1
