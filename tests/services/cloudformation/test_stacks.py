"""Stacks are made, changed and deleted, and lead back to what they were when that fails."""

import json

import pytest

from tests.services.cloudformation.conftest import refused

QUEUE = {"Type": "AWS::SQS::Queue"}
BROKEN = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 999999}}


def queue(**properties):
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def needing(name):
    return queue(RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": [name, "Arn"]}, "maxReceiveCount": 3})


def queues(aws):
    return aws("sqs").list_queues().get("QueueUrls", [])


# -- creating


def test_stack_makes_what_its_template_says(aws, stack):
    stack.create({"Queue": queue(QueueName="orders")})
    assert stack.status == "CREATE_COMPLETE"
    assert queues(aws) == [stack.resources["Queue"]["PhysicalResourceId"]]


def test_resource_without_a_name_is_named_after_stack_and_logical_id(stack):
    stack.create({"Queue": QUEUE})
    name = stack.resources["Queue"]["PhysicalResourceId"].rpartition("/")[2]
    assert name.startswith(f"{stack.name}-Queue-")


def test_fifo_queue_without_a_name_gets_one_that_ends_so(stack):
    stack.create({"Queue": queue(FifoQueue=True)})
    assert stack.resources["Queue"]["PhysicalResourceId"].endswith(".fifo")


def test_resource_waits_for_what_it_needs(stack):
    stack.create({"Main": needing("Dead"), "Dead": QUEUE})
    assert stack.events.index(("Dead", "CREATE_COMPLETE")) < stack.events.index(("Main", "CREATE_IN_PROGRESS"))


def test_resource_waits_for_what_it_depends_on(stack):
    stack.create({"A": {**QUEUE, "DependsOn": "B"}, "B": QUEUE})
    assert stack.events.index(("B", "CREATE_COMPLETE")) < stack.events.index(("A", "CREATE_IN_PROGRESS"))


def test_events_tell_the_whole_story(stack):
    stack.create({"Queue": QUEUE})
    assert stack.events == [
        (stack.name, "CREATE_IN_PROGRESS"),
        ("Queue", "CREATE_IN_PROGRESS"),
        ("Queue", "CREATE_IN_PROGRESS"),
        ("Queue", "CREATE_COMPLETE"),
        (stack.name, "CREATE_COMPLETE"),
    ]


def test_failure_takes_back_what_was_made(aws, stack):
    stack.create({"Good": QUEUE, "Bad": {**BROKEN, "DependsOn": "Good"}})
    assert stack.status == "ROLLBACK_COMPLETE"
    assert queues(aws) == []
    assert "DelaySeconds" in stack.reason("Bad", "CREATE_FAILED")
    told = stack.reason(stack.name, "ROLLBACK_IN_PROGRESS")
    assert told == "The following resource(s) failed to create: [Bad]. Rollback requested by user."


def test_failure_leaves_what_was_made_when_that_is_asked_for(aws, stack):
    stack.create({"Good": QUEUE, "Bad": {**BROKEN, "DependsOn": "Good"}}, {"OnFailure": "DO_NOTHING"})
    assert stack.status == "CREATE_FAILED"
    assert len(queues(aws)) == 1


def test_failure_deletes_the_stack_when_that_is_asked_for(aws, stack):
    stack.create({"Good": QUEUE, "Bad": {**BROKEN, "DependsOn": "Good"}}, {"OnFailure": "DELETE"})
    assert stack.status == "DELETE_COMPLETE"
    assert queues(aws) == []


def test_name_that_is_taken_is_refused(cloudformation, stack):
    stack.create({"Queue": QUEUE})
    with refused("AlreadyExistsException", f"Stack [{stack.name}] already exists"):
        stack.create({"Queue": QUEUE})


def test_type_that_is_not_there_is_refused_before_anything_is_made(aws, stack):
    with refused("ValidationError", "Template format error: Unrecognized resource types: [AWS::No::Thing]"):
        stack.create({"Queue": QUEUE, "Other": {"Type": "AWS::No::Thing"}})
    assert queues(aws) == []


def test_stack_that_makes_roles_takes_a_capability(stack):
    trust = {"Version": "2012-10-17", "Statement": []}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    with refused("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]"):
        stack.create({"Role": role})
    role["Properties"]["RoleName"] = "named"
    with refused("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]"):
        stack.create({"Role": role}, {"Capabilities": ["CAPABILITY_IAM"]})


def test_resources_are_made_with_the_permissions_of_the_caller(aws, settle, new_name):
    user = aws("iam").create_user(UserName="limited")["User"]["UserName"]
    key = aws("iam").create_access_key(UserName=user)["AccessKey"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}],
    }
    aws("iam").put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(policy))
    limited = aws("cloudformation", credentials=key)
    name = new_name()
    limited.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Queue": QUEUE}}))
    settle()
    (found,) = aws("cloudformation").describe_stacks(StackName=name)["Stacks"]
    assert found["StackStatus"] == "ROLLBACK_COMPLETE"


# -- updating


def test_update_changes_in_place_what_can_be_changed(aws, stack):
    before = stack.create({"Queue": queue(DelaySeconds=1)}).resources["Queue"]["PhysicalResourceId"]
    stack.update({"Queue": queue(DelaySeconds=2)})
    assert stack.status == "UPDATE_COMPLETE"
    assert stack.resources["Queue"]["PhysicalResourceId"] == before
    attributes = aws("sqs").get_queue_attributes(QueueUrl=before, AttributeNames=["DelaySeconds"])["Attributes"]
    assert attributes == {"DelaySeconds": "2"}


def test_property_that_leaves_the_template_has_its_default_again(aws, stack):
    changed = {"DelaySeconds": 1, "VisibilityTimeout": 5, "MaximumMessageSize": 2048, "MessageRetentionPeriod": 60}
    url = stack.create({"Queue": queue(**changed)}).resources["Queue"]["PhysicalResourceId"]
    stack.update({"Queue": QUEUE})
    assert stack.status == "UPDATE_COMPLETE"
    fresh = aws("sqs").create_queue(QueueName="fresh")["QueueUrl"]
    mine, other = (
        aws("sqs").get_queue_attributes(QueueUrl=each, AttributeNames=list(changed))["Attributes"]
        for each in (url, fresh)
    )
    assert mine == other


def test_update_replaces_what_cannot_be_changed(aws, stack):
    before = stack.create({"Queue": queue(QueueName="first")}).resources["Queue"]["PhysicalResourceId"]
    stack.update({"Queue": queue(QueueName="second")})
    after = stack.resources["Queue"]["PhysicalResourceId"]
    assert after != before
    assert queues(aws) == [after]


def test_update_replaces_before_what_needs_it_is_changed(aws, stack):
    stack.create({"Main": needing("Dead"), "Dead": queue(QueueName="first")})
    stack.update({"Main": needing("Dead"), "Dead": queue(QueueName="second")})
    main = stack.resources["Main"]["PhysicalResourceId"]
    policy = aws("sqs").get_queue_attributes(QueueUrl=main, AttributeNames=["RedrivePolicy"])["Attributes"]
    assert json.loads(policy["RedrivePolicy"])["deadLetterTargetArn"].endswith(":second")


def test_update_removes_what_the_template_has_no_more(aws, stack):
    stack.create({"A": QUEUE, "B": QUEUE})
    stack.update({"A": QUEUE})
    assert list(stack.resources) == ["A"]
    assert len(queues(aws)) == 1


def test_removed_resource_stays_when_its_policy_says_so(aws, stack):
    stack.create({"A": QUEUE, "B": {**QUEUE, "DeletionPolicy": "Retain"}})
    stack.update({"A": QUEUE})
    assert list(stack.resources) == ["A"]
    assert len(queues(aws)) == 2
    assert ("B", "DELETE_SKIPPED") in stack.events


def test_failed_update_leads_back(aws, stack):
    stack.create({"A": queue(DelaySeconds=1), "B": queue(QueueName="b")})
    before = {name: each["PhysicalResourceId"] for name, each in stack.resources.items()}
    changed = {"A": queue(DelaySeconds=2), "B": queue(QueueName="c"), "New": QUEUE}
    stack.update({**changed, "Bad": {**BROKEN, "DependsOn": ["A", "B", "New"]}})
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert {name: each["PhysicalResourceId"] for name, each in stack.resources.items()} == before
    assert sorted(queues(aws)) == sorted(before.values())
    attributes = aws("sqs").get_queue_attributes(QueueUrl=before["A"], AttributeNames=["DelaySeconds"])["Attributes"]
    assert attributes == {"DelaySeconds": "1"}
    assert "Bad" in stack.reason(stack.name, "UPDATE_ROLLBACK_IN_PROGRESS")


def test_update_after_a_failed_one_succeeds(stack):
    stack.create({"A": queue(DelaySeconds=1)})
    stack.update({"A": BROKEN})
    stack.update({"A": queue(DelaySeconds=3)})
    assert stack.status == "UPDATE_COMPLETE"


def test_failed_update_that_is_not_rolled_back_can_be_later(aws, stack):
    stack.create({"A": queue(DelaySeconds=1)})
    stack.update({"A": queue(DelaySeconds=2), "B": {**BROKEN, "DependsOn": "A"}}, {"DisableRollback": True})
    assert stack.status == "UPDATE_FAILED"
    stack.client.rollback_stack(StackName=stack.name)
    stack.settle()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    url = stack.resources["A"]["PhysicalResourceId"]
    attributes = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
    assert attributes == {"DelaySeconds": "1"}


def test_update_that_changes_nothing_is_refused(stack):
    stack.create({"A": QUEUE})
    with refused("ValidationError", "No updates are to be performed."):
        stack.update({"A": QUEUE})


def test_update_of_a_stack_that_was_rolled_back_is_refused(stack):
    stack.create({"A": BROKEN})
    with refused("ValidationError", f"Stack:{stack.id} is in ROLLBACK_COMPLETE state and can not be updated."):
        stack.update({"A": QUEUE})


def test_update_of_no_stack_is_refused(stack):
    with refused("ValidationError", f"Stack [{stack.name}] does not exist"):
        stack.update({"A": QUEUE})


def test_type_of_a_resource_cannot_be_changed(stack):
    stack.create({"A": QUEUE})
    with refused("ValidationError", "Update of resource type is not permitted."):
        stack.update({"A": {"Type": "AWS::SNS::Topic"}})


# -- deleting


def test_deleted_stack_takes_its_resources_along(aws, stack):
    stack.create({"Main": needing("Dead"), "Dead": QUEUE})
    stack.delete()
    assert stack.status == "DELETE_COMPLETE"
    assert queues(aws) == []
    assert stack.events.index(("Main", "DELETE_COMPLETE")) < stack.events.index(("Dead", "DELETE_IN_PROGRESS"))


def test_deleted_stack_is_found_by_its_id_only(cloudformation, stack):
    stack.create({"A": QUEUE}).delete()
    with refused("ValidationError", f"Stack with id {stack.name} does not exist"):
        cloudformation.describe_stacks(StackName=stack.name)
    assert cloudformation.describe_stacks(StackName=stack.id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    listed = cloudformation.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert [each["StackId"] for each in listed] == [stack.id]


def test_deleting_no_stack_is_no_error(cloudformation):
    assert cloudformation.delete_stack(StackName="nothing")["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_bucket_that_is_not_empty_keeps_its_stack(aws, stack):
    stack.create({"Bucket": {"Type": "AWS::S3::Bucket"}, "Queue": QUEUE})
    bucket = stack.resources["Bucket"]["PhysicalResourceId"]
    aws("s3").put_object(Bucket=bucket, Key="k")
    stack.delete()
    assert stack.status == "DELETE_FAILED"
    assert stack.found["StackStatusReason"] == "The following resource(s) failed to delete: [Bucket]. "
    stack.delete(RetainResources=["Bucket"])
    assert stack.status == "DELETE_COMPLETE"
    assert aws("s3").list_buckets()["Buckets"][0]["Name"] == bucket


def test_retained_resource_stays(aws, stack):
    stack.create({"A": {**QUEUE, "DeletionPolicy": "Retain"}}).delete()
    assert stack.status == "DELETE_COMPLETE"
    assert len(queues(aws)) == 1


def test_protected_stack_is_not_deleted(cloudformation, stack):
    stack.create({"A": QUEUE}, {"EnableTerminationProtection": True})
    with refused("ValidationError", f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"):
        stack.delete()
    cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
    assert stack.delete().status == "DELETE_COMPLETE"


@pytest.mark.parametrize("name", ["1st", "a_b", "a" * 129])
def test_name_that_is_none_is_refused(cloudformation, name):
    with refused("ValidationError"):
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"A": QUEUE}}))
