"""The types of states. https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html"""

from __future__ import annotations

import pytest

END = {"End": True}


def test_pass_places_its_result(machines):
    states = {"A": {"Type": "Pass", "Result": {"b": 1}, "ResultPath": "$.x.y", "End": True}}
    assert machines.run(states, {"a": 1})["output"] == {"a": 1, "x": {"y": {"b": 1}}}


def test_pass_fills_parameters(machines):
    parameters = {
        "n.$": "$.a.n",
        "name.$": "$$.Execution.Name",
        "all.$": "$",
        "list": [{"m.$": "$.a.n"}],
        "plain": "$.x",
    }
    states = {"A": {"Type": "Pass", "Parameters": parameters, "End": True}}
    found = machines.run(states, {"a": {"n": 5}})
    assert found["output"] == {
        "n": 5,
        "name": found["name"],
        "all": {"a": {"n": 5}},
        "list": [{"m": 5}],
        "plain": "$.x",
    }


def test_input_and_output_paths_select(machines):
    states = {"A": {"Type": "Pass", "InputPath": "$.a", "ResultPath": "$.r", "OutputPath": "$.r.b", "End": True}}
    assert machines.run(states, {"a": {"b": [1]}})["output"] == [1]


def test_null_paths_discard(machines):
    states = {
        "A": {"Type": "Pass", "Result": 1, "ResultPath": None, "Next": "B"},
        "B": {"Type": "Pass", "InputPath": None, "ResultPath": "$.empty", "End": True},
    }
    assert machines.run(states, {"a": 1})["output"] == {"a": 1, "empty": {}}


def test_history_of_a_pass_and_a_succeed(machines):
    execution = machines.start({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}, {"x": 1})
    machines.ended(execution)
    events = machines.history(execution)
    assert [(event["type"], event["id"], event["previousEventId"]) for event in events] == [
        ("ExecutionStarted", 1, 0),
        ("PassStateEntered", 2, 0),
        ("PassStateExited", 3, 2),
        ("SucceedStateEntered", 4, 3),
        ("SucceedStateExited", 5, 4),
        ("ExecutionSucceeded", 6, 5),
    ]
    assert events[1]["stateEnteredEventDetails"] == {
        "name": "A",
        "input": '{"x":1}',
        "inputDetails": {"truncated": False},
    }
    assert events[5]["executionSucceededEventDetails"]["output"] == '{"x":1}'


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        ({"Variable": "$.s", "StringEquals": "abc"}, {"s": "abc"}),
        ({"Variable": "$.s", "StringLessThan": "b"}, {"s": "abc"}),
        ({"Variable": "$.s", "StringGreaterThanEqualsPath": "$.t"}, {"s": "b", "t": "a"}),
        ({"Variable": "$.s", "StringMatches": "log-*.txt"}, {"s": "log-1.txt"}),
        ({"Variable": "$.s", "StringMatches": "a\\*b"}, {"s": "a*b"}),
        ({"Variable": "$.n", "NumericLessThanEquals": 5}, {"n": 5.0}),
        ({"Variable": "$.n", "NumericEqualsPath": "$.m"}, {"n": 5, "m": 5}),
        ({"Variable": "$.b", "BooleanEquals": False}, {"b": False}),
        ({"Variable": "$.t", "TimestampLessThan": "2024-01-01T00:00:00Z"}, {"t": "2023-12-31T23:59:59+00:00"}),
        ({"Variable": "$.x", "IsPresent": False}, {}),
        ({"Variable": "$.x", "IsNull": True}, {"x": None}),
        ({"Variable": "$.x", "IsNumeric": True}, {"x": 1.5}),
        ({"Variable": "$.x", "IsString": True}, {"x": ""}),
        ({"Variable": "$.x", "IsBoolean": False}, {"x": 1}),
        ({"Variable": "$.x", "IsTimestamp": True}, {"x": "2024-01-01T00:00:00.5Z"}),
        ({"Not": {"Variable": "$.n", "NumericGreaterThan": 5}}, {"n": "text"}),
        ({"And": [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.a", "NumericEquals": 1}]}, {"a": 1}),
        ({"Or": [{"Variable": "$.a", "NumericEquals": 2}, {"Variable": "$.a", "NumericEquals": 1}]}, {"a": 1}),
    ],
)
def test_choice_rule_holds(machines, rule, given):
    states = {
        "C": {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"},
        "Yes": {"Type": "Succeed"},
        "No": {"Type": "Fail"},
    }
    assert machines.quick(states, given)["status"] == "SUCCEEDED"


def test_choice_without_a_way_out_fails_the_execution(machines):
    states = {
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "S"}]},
        "S": {"Type": "Succeed"},
    }
    found = machines.run(states)
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")
    assert found["cause"] == (
        "An error occurred while executing the state 'C' (entered at the event id #2). "
        "Failed to transition out of the state. The state does not point to a next state."
    )


def test_fail_tells_error_and_cause(machines):
    found = machines.run(
        {"F": {"Type": "Fail", "Error": "Mine", "CausePath": "States.Format('no {}', $.what)"}}, {"what": "x"}
    )
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "Mine", "no x")


def test_wait_ends_on_the_virtual_clock(machines, clock):
    execution = machines.start({"W": {"Type": "Wait", "SecondsPath": "$.n", "End": True}}, {"n": 3600})
    machines.until(execution, "WaitStateEntered")
    clock.advance(seconds=3590)
    assert machines.sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    clock.advance(seconds=11)
    assert machines.ended(execution)["status"] == "SUCCEEDED"


def test_wait_for_a_timestamp_that_is_past_goes_on(machines):
    assert (
        machines.run({"W": {"Type": "Wait", "Timestamp": "2020-01-01T00:00:00Z", "End": True}})["status"] == "SUCCEEDED"
    )


def test_path_that_leads_nowhere_fails_the_execution(machines):
    found = machines.run({"A": {"Type": "Pass", "Parameters": {"m.$": "$.nope"}, "End": True}}, {"x": "a"})
    assert (found["error"], found["cause"]) == (
        "States.Runtime",
        "An error occurred while executing the state 'A' (entered at the event id #2). The JSONPath '$.nope' "
        "specified for the field 'm.$' could not be found in the input '{\"x\":\"a\"}'",
    )


def test_parallel_gathers_in_order(machines):
    def branch(number):
        return {"StartAt": f"P{number}", "States": {f"P{number}": {"Type": "Pass", "Result": number, "End": True}}}

    execution = machines.start(
        {"P": {"Type": "Parallel", "Branches": [branch(1), branch(2)], "ResultPath": "$.r", "End": True}}
    )
    assert machines.ended(execution)["output"] == {"r": [1, 2]}
    assert sorted(machines.types(execution))[:3] == ["ExecutionStarted", "ExecutionSucceeded", "ParallelStateEntered"]


def test_map_gathers_in_order_with_its_selector(machines):
    states = {
        "M": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 2,
            "ItemSelector": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "t.$": "$.tax"},
            "ItemProcessor": {
                "StartAt": "P",
                "States": {
                    "P": {
                        "Type": "Pass",
                        "Parameters": {"r.$": "States.MathAdd($.v, $.t)"},
                        "OutputPath": "$.r",
                        "End": True,
                    }
                },
            },
            "End": True,
        }
    }
    execution = machines.start(states, {"items": [1, 2, 3], "tax": 2})
    assert machines.ended(execution)["output"] == [3, 4, 5]
    events = {event["id"]: event for event in machines.history(execution)}
    kinds = [event["type"] for event in events.values()]
    assert kinds.count("MapIterationStarted") == kinds.count("MapIterationSucceeded") == 3
    started = next(event for event in events.values() if event["type"] == "MapStateStarted")
    assert started["mapStateStartedEventDetails"] == {"length": 3}


def test_map_of_nothing_is_an_empty_list(machines):
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    assert machines.run({"M": {"Type": "Map", "Iterator": inner, "End": True}}, [])["output"] == []


def test_branch_that_fails_is_caught_with_its_error(machines):
    branches = [
        {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Mine", "Cause": "why"}}},
        {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1000, "End": True}}},
    ]
    states = {
        "P": {
            "Type": "Parallel",
            "Branches": branches,
            "Catch": [{"ErrorEquals": ["Mine"], "ResultPath": "$.e", "Next": "Done"}],
            "End": True,
        },
        "Done": {"Type": "Succeed"},
    }
    execution = machines.start(states, {"a": 1})
    assert machines.ended(execution)["output"] == {"a": 1, "e": {"Error": "Mine", "Cause": "why"}}
    assert "ParallelStateFailed" in machines.types(execution)


def test_variables_are_seen_in_later_states_and_inside(machines):
    states = {
        "A": {"Type": "Pass", "Assign": {"x.$": "$.n", "y": 2}, "Next": "M"},
        "M": {
            "Type": "Map",
            "ItemsPath": "$.l",
            "ItemProcessor": {
                "StartAt": "P",
                "States": {"P": {"Type": "Pass", "Parameters": {"s.$": "States.MathAdd($x, $)"}, "End": True}},
            },
            "ResultPath": "$.m",
            "Next": "B",
        },
        "B": {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "$y", "m.$": "$.m"}, "End": True},
    }
    assert machines.run(states, {"n": 10, "l": [1, 2]})["output"] == {"x": 10, "y": 2, "m": [{"s": 11}, {"s": 12}]}
