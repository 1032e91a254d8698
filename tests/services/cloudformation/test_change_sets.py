"""Change sets tell what would change, and do it when they are executed."""

import json

import pytest

from tests.services.cloudformation.conftest import refused, template

QUEUE = {"Type": "AWS::SQS::Queue"}


def queue(**properties):
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


@pytest.fixture
def propose(cloudformation, stack):
    def propose(resources, kind="UPDATE", name="changes", **options):
        made = cloudformation.create_change_set(
            StackName=stack.name,
            ChangeSetName=name,
            ChangeSetType=kind,
            TemplateBody=template(resources),
            **options,
        )
        stack.id = made["StackId"]
        return cloudformation.describe_change_set(ChangeSetName=made["Id"])

    return propose


def told(proposed):
    return {
        each["ResourceChange"]["LogicalResourceId"]: (
            each["ResourceChange"]["Action"],
            each["ResourceChange"].get("Replacement"),
        )
        for each in proposed["Changes"]
    }


def test_change_set_tells_what_is_added_modified_and_removed(stack, propose):
    stack.create({"Same": QUEUE, "Changed": queue(DelaySeconds=1), "Renamed": queue(QueueName="a"), "Gone": QUEUE})
    proposed = propose({"Same": QUEUE, "Changed": queue(DelaySeconds=2), "Renamed": queue(QueueName="b"), "New": QUEUE})
    assert told(proposed) == {
        "Changed": ("Modify", "False"),
        "Renamed": ("Modify", "True"),
        "New": ("Add", None),
        "Gone": ("Remove", None),
    }


def test_what_a_replaced_resource_decides_changes_conditionally(stack, propose):
    def both(name):
        other = {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 1}
        return {"Dead": queue(QueueName=name), "Main": queue(RedrivePolicy=other)}

    stack.create(both("a"))
    proposed = propose(both("b"))
    assert told(proposed) == {"Dead": ("Modify", "True"), "Main": ("Modify", "False")}
    main = next(
        each["ResourceChange"] for each in proposed["Changes"] if each["ResourceChange"]["LogicalResourceId"] == "Main"
    )
    (detail,) = main["Details"]
    assert (detail["Evaluation"], detail["ChangeSource"], detail["CausingEntity"]) == (
        "Dynamic",
        "ResourceAttribute",
        "Dead.Arn",
    )


def test_change_set_changes_nothing_until_it_is_executed(cloudformation, stack, propose):
    stack.create({"A": QUEUE})
    proposed = propose({"A": QUEUE, "B": QUEUE})
    assert list(stack.resources) == ["A"]
    cloudformation.execute_change_set(ChangeSetName=proposed["ChangeSetId"])
    stack.settle()
    assert stack.status == "UPDATE_COMPLETE"
    assert sorted(stack.resources) == ["A", "B"]
    assert stack.found["ChangeSetId"] == proposed["ChangeSetId"]


def test_new_stack_waits_for_its_review(cloudformation, stack, propose):
    proposed = propose({"A": QUEUE}, "CREATE")
    assert stack.status == "REVIEW_IN_PROGRESS"
    assert "TemplateBody" not in cloudformation.get_template(StackName=stack.name)
    cloudformation.execute_change_set(ChangeSetName="changes", StackName=stack.name)
    stack.settle()
    assert stack.status == "CREATE_COMPLETE"
    executed = cloudformation.describe_change_set(ChangeSetName=proposed["ChangeSetId"])
    assert executed["ExecutionStatus"] == "EXECUTE_COMPLETE"


def test_failed_creation_by_change_set_is_rolled_back(cloudformation, stack, propose):
    propose({"A": queue(DelaySeconds=999999)}, "CREATE")
    cloudformation.execute_change_set(ChangeSetName="changes", StackName=stack.name)
    stack.settle()
    assert stack.status == "ROLLBACK_COMPLETE"


def test_change_set_without_changes_has_failed(cloudformation, stack, propose):
    stack.create({"A": QUEUE})
    proposed = propose({"A": QUEUE})
    assert (proposed["Status"], proposed["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert proposed["StatusReason"].startswith("The submitted information didn't contain changes.")
    with refused("InvalidChangeSetStatus", "cannot be executed in its current status of [FAILED]"):
        cloudformation.execute_change_set(ChangeSetName=proposed["ChangeSetId"])


def test_other_change_sets_are_obsolete_after_one_was_executed(cloudformation, stack, propose):
    stack.create({"A": QUEUE})
    propose({"A": QUEUE, "B": QUEUE}, name="first")
    propose({"A": QUEUE, "C": QUEUE}, name="second")
    cloudformation.execute_change_set(ChangeSetName="first", StackName=stack.name)
    stack.settle()
    listed = cloudformation.list_change_sets(StackName=stack.name)["Summaries"]
    assert {each["ChangeSetName"]: each["ExecutionStatus"] for each in listed} == {
        "first": "EXECUTE_COMPLETE",
        "second": "OBSOLETE",
    }


def test_deleted_change_set_is_gone(cloudformation, stack, propose):
    stack.create({"A": QUEUE})
    propose({"A": QUEUE, "B": QUEUE})
    cloudformation.delete_change_set(ChangeSetName="changes", StackName=stack.name)
    with refused("ChangeSetNotFound", "ChangeSet [changes] does not exist"):
        cloudformation.describe_change_set(ChangeSetName="changes", StackName=stack.name)


def test_values_are_told_when_they_are_asked_for(cloudformation, stack, propose):
    stack.create({"A": queue(DelaySeconds=1)})
    proposed = propose({"A": queue(DelaySeconds=2)})
    found = cloudformation.describe_change_set(ChangeSetName=proposed["ChangeSetId"], IncludePropertyValues=True)
    change = found["Changes"][0]["ResourceChange"]
    assert json.loads(change["BeforeContext"]) == {"Properties": {"DelaySeconds": 1}}
    assert json.loads(change["AfterContext"]) == {"Properties": {"DelaySeconds": 2}}


def test_stack_that_is_there_is_not_created_by_a_change_set(stack, propose):
    stack.create({"A": QUEUE})
    with refused("ValidationError", "already exists and cannot be created again with the changeSet [changes]."):
        propose({"A": QUEUE}, "CREATE")


def test_name_of_a_change_set_is_taken_once(stack, propose):
    stack.create({"A": QUEUE})
    propose({"A": QUEUE, "B": QUEUE})
    with refused("AlreadyExistsException", "ChangeSet changes already exists"):
        propose({"A": QUEUE, "B": QUEUE})


def test_stack_under_review_can_be_deleted(stack, propose):
    propose({"A": QUEUE}, "CREATE")
    assert stack.delete().status == "DELETE_COMPLETE"
