"""State machines, their versions, aliases and tags, and what is refused of a definition."""

from __future__ import annotations

import json

import pytest

SCHEMA, TARGET = "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET"
PASS = {"A": {"Type": "Pass", "End": True}}


def definition(states=PASS, **about):
    return json.dumps({"StartAt": next(iter(states)), "States": states, **about})


def test_machine_is_described_with_its_defaults(machines, sfn, role):
    arn = machines.make(PASS, "m")
    found = sfn.describe_state_machine(stateMachineArn=arn)
    assert arn.endswith(":stateMachine:m")
    shown = {key: found[key] for key in ("name", "status", "type", "roleArn")}
    assert shown == {"name": "m", "status": "ACTIVE", "type": "STANDARD", "roleArn": role}
    assert found["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
    assert found["tracingConfiguration"] == {"enabled": False}
    assert found["encryptionConfiguration"] == {"type": "AWS_OWNED_KEY"}
    assert "revisionId" not in found


def test_creating_again_is_answered_again_unless_it_differs(sfn, role, refused):
    made = sfn.create_state_machine(name="m", definition=definition(), roleArn=role)
    assert (
        sfn.create_state_machine(name="m", definition=definition(), roleArn=role)["creationDate"]
        == made["creationDate"]
    )
    with refused("StateMachineAlreadyExists", f"State Machine Already Exists: '{made['stateMachineArn']}'"):
        sfn.create_state_machine(name="m", definition=definition(Comment="x"), roleArn=role)


def test_role_that_does_not_trust_step_functions_is_refused(sfn, aws, refused):
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    with refused("AccessDeniedException", "Neither the global service principal states.amazonaws.com"):
        sfn.create_state_machine(name="m", definition=definition(), roleArn=arn)


def test_update_makes_a_revision_and_leaves_executions_alone(machines, sfn, refused, clock):
    arn = machines.make(
        {"W": {"Type": "Wait", "Seconds": 60, "Next": "A"}, "A": {"Type": "Pass", "Result": 1, "End": True}}
    )
    execution = machines.start(arn)
    machines.until(execution, "WaitStateEntered")
    revision = sfn.update_state_machine(stateMachineArn=arn, definition=definition())["revisionId"]
    assert sfn.describe_state_machine(stateMachineArn=arn)["revisionId"] == revision
    assert "Wait" in sfn.describe_state_machine_for_execution(executionArn=execution)["definition"]
    clock.advance(seconds=61)
    assert machines.ended(execution)["output"] == 1
    with refused("MissingRequiredParameter"):
        sfn.update_state_machine(stateMachineArn=arn)


def test_deleting_a_machine_stops_its_executions(machines, sfn, refused):
    arn = machines.make({"W": {"Type": "Wait", "Seconds": 60, "End": True}})
    execution = machines.start(arn)
    sfn.delete_state_machine(stateMachineArn=arn)
    assert machines.ended(execution)["status"] == "ABORTED"
    with refused("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'"):
        sfn.describe_state_machine(stateMachineArn=arn)


def test_machines_are_listed_page_by_page(machines, sfn, refused):
    made = sorted(machines.make(PASS) for _ in range(3))
    pages = list(sfn.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2}))
    assert [each["stateMachineArn"] for page in pages for each in page["stateMachines"]] == made
    assert len(pages) == 2
    with refused("InvalidToken", "Invalid Token: 'Invalid token'"):
        sfn.list_state_machines(nextToken="x")
    with refused("InvalidToken"):
        sfn.list_executions(stateMachineArn=made[0], nextToken=pages[0]["nextToken"])


def test_tags_come_and_go(machines, sfn, refused):
    arn = machines.make(PASS, tags=[{"key": "a", "value": "1"}])
    sfn.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}])
    sfn.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]
    with refused("ResourceNotFound"):
        sfn.list_tags_for_resource(resourceArn=f"{arn}x")


def test_names_and_arns_are_checked(sfn, role, refused):
    with refused("InvalidName", "Invalid Name: 'a b'"):
        sfn.create_state_machine(name="a b", definition=definition(), roleArn=role)
    with refused("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: nonsense'"):
        sfn.describe_state_machine(stateMachineArn="nonsense")
    with refused("InvalidArn"):
        sfn.describe_execution(executionArn="arn:aws:states:us-east-1:123456789012:express:m:e:i")


# -- versions and aliases


def test_version_keeps_what_was_published(machines, sfn, refused):
    arn = machines.make({"A": {"Type": "Pass", "Result": 1, "End": True}})
    first = sfn.publish_state_machine_version(stateMachineArn=arn, description="one")["stateMachineVersionArn"]
    assert first == f"{arn}:1" == sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    changed = definition({"A": {"Type": "Pass", "Result": 2, "End": True}})
    second = sfn.update_state_machine(stateMachineArn=arn, definition=changed, publish=True)["stateMachineVersionArn"]
    assert [machines.run(each)["output"] for each in (first, second, arn)] == [1, 2, 2]
    assert sfn.describe_state_machine(stateMachineArn=first)["description"] == "one"
    listed = sfn.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert [each["stateMachineVersionArn"] for each in listed] == [second, first]
    assert [each["stateMachineVersionArn"] for each in sfn.list_executions(stateMachineArn=first)["executions"]] == [
        first
    ]
    sfn.delete_state_machine_version(stateMachineVersionArn=first)
    with refused("StateMachineDoesNotExist"):
        sfn.start_execution(stateMachineArn=first)


def test_alias_leads_to_versions_by_weight(machines, sfn, refused):
    arn = machines.make({"A": {"Type": "Pass", "Result": 1, "End": True}}, publish=True)
    changed = definition({"A": {"Type": "Pass", "Result": 2, "End": True}})
    sfn.update_state_machine(stateMachineArn=arn, definition=changed, publish=True)

    def routing(one, two):
        return [
            {"stateMachineVersionArn": f"{arn}:1", "weight": one},
            {"stateMachineVersionArn": f"{arn}:2", "weight": two},
        ]

    alias = sfn.create_state_machine_alias(name="live", routingConfiguration=routing(0, 100))["stateMachineAliasArn"]
    found = machines.run(alias)
    assert (found["output"], found["stateMachineAliasArn"], found["stateMachineVersionArn"]) == (2, alias, f"{arn}:2")
    sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routing(100, 0))
    assert machines.run(alias)["output"] == 1
    assert sfn.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"] == routing(100, 0)
    with refused("ConflictException", "Current list of aliases referencing this version: [live]"):
        sfn.delete_state_machine_version(stateMachineVersionArn=f"{arn}:1")
    with refused("ValidationException", "Sum of routing configuration weights must equal 100"):
        sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routing(1, 2))
    sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
    assert sfn.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"] == []


# -- definitions


def state(**about):
    return {"A": {"Type": "Pass", "End": True, **about}}


JSONATA = "is only supported for the 'JSONata' QueryLanguage"
PATH = "must be a valid JSONPath or a valid intrinsic function call"


@pytest.mark.parametrize(
    ("states", "code", "message", "location"),
    [
        ({"A": {"Type": "Pass", "Next": "B"}, "Z": {"Type": "Succeed"}}, TARGET, "Missing 'Next' target: B", "/States/A/Next"),
        ({**state(), "Z": {"Type": "Succeed"}}, TARGET, 'State "Z" is not reachable.', "/States/Z"),
        ({"A": {"Type": "Pass", "Next": "A"}}, "MISSING_END_STATE", "Workflow has no terminal state", None),
        (state(TimeoutSeconds=5), SCHEMA, "Field 'TimeoutSeconds' is not supported", "/States/A"),
        ({"A": {"Type": "Task", "End": True}}, SCHEMA, "These fields are required: [Resource]", "/States/A"),
        ({"A": {"Type": "Task", "Resource": "x", "End": True}}, SCHEMA, "Value is not a valid resource ARN", "/States/A/Resource"),
        (state(ResultPath="$.a[*]"), SCHEMA, "Value is not a Reference Path", "/States/A/ResultPath"),
        (state(Output="x"), SCHEMA, f"The QueryLanguage is set to 'JSONPath', but field 'Output' {JSONATA}", "/States/A"),
        (state(Parameters={"a.$": "x"}), SCHEMA, f"The value for the field 'a.$' {PATH}", "/States/A/Parameters"),
        (state(QueryLanguage="JSONata", Output="{% 1 + %}"), SCHEMA, "Unexpected end of expression", "/States/A/Output"),
    ],
)  # fmt: skip
def test_diagnostic_of_a_definition(sfn, states, code, message, location):
    found = sfn.validate_state_machine_definition(definition=definition(states))
    expected = {"severity": "ERROR", "code": code, "message": message}
    assert found["result"] == "FAIL"
    assert (expected if location is None else {**expected, "location": location}) in found["diagnostics"]


def test_definition_is_refused_with_its_diagnostics(sfn, role, refused):
    with refused(
        "InvalidDefinition",
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next",
    ):
        sfn.create_state_machine(name="m", definition=definition({"A": {"Type": "Pass", "Next": "B"}}), roleArn=role)
    with refused("InvalidDefinition", "INVALID_JSON_DESCRIPTION"):
        sfn.create_state_machine(name="m", definition="{", roleArn=role)


def test_express_machine_cannot_wait_for_tokens(sfn, role, refused):
    states = {"A": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True}}
    with refused("InvalidDefinition", "Express state machine does not support '.waitForTaskToken' service integration"):
        sfn.create_state_machine(name="m", definition=definition(states), roleArn=role, type="EXPRESS")


def test_definition_that_is_right_is_ok(sfn):
    found = sfn.validate_state_machine_definition(definition=definition(), type="EXPRESS")
    assert (found["result"], found["diagnostics"], found["truncated"]) == ("OK", [], False)
