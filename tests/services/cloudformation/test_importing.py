"""What is there already becomes a stack's by a change set."""

import pytest

from tests.services.cloudformation.conftest import refused, template

QUEUE = {"Type": "AWS::SQS::Queue"}


def group(name, **attributes):
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": name},
        "DeletionPolicy": "Retain",
        **attributes,
    }


@pytest.fixture
def take(aws, cloudformation, stack):
    """Has a change set made that imports the log group, and the others that the template has."""

    def take(resources, logical="Group", identifier=None, kind="IMPORT", **options):
        if kind == "IMPORT":
            given = {"ResourceType": "AWS::Logs::LogGroup", "LogicalResourceId": logical}
            options["ResourcesToImport"] = [{**given, "ResourceIdentifier": identifier or {"LogGroupName": "there"}}]
        made = cloudformation.create_change_set(
            StackName=stack.name,
            ChangeSetName="import",
            ChangeSetType=kind,
            TemplateBody=template(resources),
            **options,
        )
        stack.id = made["StackId"]
        return cloudformation.describe_change_set(ChangeSetName=made["Id"])

    aws("logs").create_log_group(logGroupName="there")
    return take


@pytest.fixture
def execute(cloudformation, stack):
    def execute():
        cloudformation.execute_change_set(ChangeSetName="import", StackName=stack.name)
        stack.settle()

    return execute


def groups(aws):
    return [each["logGroupName"] for each in aws("logs").describe_log_groups()["logGroups"]]


def test_new_stack_takes_over_what_is_there(aws, stack, take, execute):
    proposed = take({"Group": group("there")})
    (change,) = (each["ResourceChange"] for each in proposed["Changes"])
    assert (change["Action"], change["PhysicalResourceId"]) == ("Import", "there")
    execute()
    assert stack.status == "IMPORT_COMPLETE"
    assert stack.resources["Group"]["ResourceStatus"] == "IMPORT_COMPLETE"
    assert [status for _, status in stack.events if "IMPORT" in status] == [
        "IMPORT_IN_PROGRESS",
        "IMPORT_IN_PROGRESS",
        "IMPORT_COMPLETE",
        "IMPORT_COMPLETE",
    ]
    assert groups(aws) == ["there"]


def test_stack_that_is_there_takes_it_over_and_can_change_it(aws, stack, take, execute):
    stack.create({"Queue": QUEUE})
    take({"Queue": QUEUE, "Group": group("there")})
    execute()
    assert stack.status == "IMPORT_COMPLETE"
    changed = group("there")
    changed["Properties"]["RetentionInDays"] = 7
    stack.update({"Queue": QUEUE, "Group": changed})
    assert stack.status == "UPDATE_COMPLETE"
    assert aws("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 7


def test_what_is_not_there_is_not_imported(stack, take, execute):
    stack.create({"Queue": QUEUE})
    take({"Queue": QUEUE, "Group": group("none")}, identifier={"LogGroupName": "none"})
    execute()
    assert stack.status == "IMPORT_ROLLBACK_COMPLETE"
    assert list(stack.resources) == ["Queue"]
    assert ("Group", "IMPORT_FAILED") in stack.events
    stack.update({"Queue": {**QUEUE, "Properties": {"DelaySeconds": 1}}})
    assert stack.status == "UPDATE_COMPLETE"


def test_imports_change_nothing_else(stack, take):
    stack.create({"Queue": QUEUE})
    changed = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 3}}
    with refused(
        "ValidationError", "You have modified resources [Queue] in your template that are not being imported."
    ):
        take({"Queue": changed, "Group": group("there")})


def test_what_is_imported_says_what_becomes_of_it(stack, take):
    with refused("ValidationError", "must have DeletionPolicy attribute specified in the template."):
        take({"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "there"}}})


def test_identifier_names_what_the_type_is_identified_by(stack, take):
    with refused("ValidationError", "Resource identifiers [LogGroupName] are needed to import Group"):
        take({"Group": group("there")}, identifier={"Arn": "there"})


def test_resource_is_of_one_stack_only(stack, take, execute, new_name):
    take({"Group": group("there")})
    execute()
    stack.name = new_name()
    with refused("ValidationError", "Resource there already exists in stack"):
        take({"Group": group("there")})


def test_existing_resources_are_imported_along_with_changes(aws, stack, take, execute):
    proposed = take({"Group": group("there"), "Queue": QUEUE}, kind="CREATE", ImportExistingResources=True)
    assert {c["ResourceChange"]["LogicalResourceId"]: c["ResourceChange"]["Action"] for c in proposed["Changes"]} == {
        "Group": "Import",
        "Queue": "Add",
    }
    execute()
    assert stack.status == "CREATE_COMPLETE"
    assert stack.resources["Group"]["ResourceStatus"] == "IMPORT_COMPLETE"


def test_rollback_leaves_what_was_imported(aws, stack, take, execute):
    broken = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 999999}, "DependsOn": "Group"}
    take({"Group": group("there", DeletionPolicy="Delete"), "Bad": broken}, kind="CREATE", ImportExistingResources=True)
    execute()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert groups(aws) == ["there"]
