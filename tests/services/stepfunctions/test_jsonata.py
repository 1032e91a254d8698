"""States in JSONata, and intrinsic functions of JSONPath's. https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html"""

from __future__ import annotations

from datetime import datetime

import pytest

from fogbank.services.stepfunctions.language import choices, expressions
from fogbank.services.stepfunctions.language.failure import Unresolved


def jsonata(machines, states, given=None):
    return machines.quick(states, given, QueryLanguage="JSONata")


def test_output_is_an_expression_or_has_some(machines):
    output = {"total": "{% $sum($states.input.items.n) %}", "plain": "x", "name": "{% $states.context.State.Name %}"}
    found = jsonata(machines, {"A": {"Type": "Pass", "Output": output, "End": True}}, {"items": [{"n": 3}, {"n": 9}]})
    assert found["output"] == {"total": 12, "plain": "x", "name": "A"}


def test_task_has_arguments_result_and_variables(machines, queue):
    states = {
        "T": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Arguments": {"QueueUrl": queue.url, "MessageBody": "{% $states.input.text %}"},
            "Assign": {"id": "{% $states.result.MessageId %}"},
            "Output": "{% $states.input %}",
            "Next": "B",
        },
        "B": {
            "Type": "Pass",
            "Output": {"known": "{% $exists($id) %}", "text": "{% $states.input.text %}"},
            "End": True,
        },
    }
    assert jsonata(machines, states, {"text": "hi"})["output"] == {"known": True, "text": "hi"}
    assert queue.take() == "hi"


def test_choice_has_conditions(machines):
    states = {
        "C": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.n > 5 %}", "Output": "{% 'big' %}", "Next": "S"}],
            "Default": "S",
            "Output": "small",
        },
        "S": {"Type": "Succeed"},
    }
    assert [jsonata(machines, states, {"n": n})["output"] for n in (6, 5)] == ["big", "small"]


def test_map_has_items_and_a_selector(machines):
    states = {
        "M": {
            "Type": "Map",
            "Items": "{% $states.input.list %}",
            "ItemSelector": {"v": "{% $states.context.Map.Item.Value * 2 %}"},
            "ItemProcessor": {
                "StartAt": "P",
                "States": {"P": {"Type": "Pass", "Output": "{% $states.input.v %}", "End": True}},
            },
            "End": True,
        }
    }
    assert jsonata(machines, states, {"list": [1, 2]})["output"] == [2, 4]


def test_expression_without_a_value_fails_the_state(machines):
    found = jsonata(machines, {"E": {"Type": "Pass", "Output": {"v": "{% $states.input.missing %}"}, "End": True}})
    assert (found["error"], found["cause"]) == (
        "States.QueryEvaluationError",
        "An error occurred while executing the state 'E' (entered at the event id #2). The JSONata expression "
        "'$states.input.missing' specified for the field 'Output/v' returned nothing (undefined).",
    )


def test_expression_that_fails_is_caught(machines):
    states = {
        "T": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sqs:listQueues",
            "Arguments": {"QueueNamePrefix": "{% $abs('x') %}"},
            "Catch": [
                {
                    "ErrorEquals": ["States.QueryEvaluationError"],
                    "Output": "{% $states.errorOutput.Error %}",
                    "Assign": {"cause": "{% $states.errorOutput.Cause %}"},
                    "Next": "S",
                }
            ],
            "End": True,
        },
        "S": {
            "Type": "Pass",
            "Output": ["{% $states.input %}", "{% $contains($cause, 'Arguments/QueueNamePrefix') %}"],
            "End": True,
        },
    }
    execution = machines.start(states, QueryLanguage="JSONata")
    assert machines.ended(execution)["output"] == ["States.QueryEvaluationError", True]
    assert "EvaluationFailed" in machines.types(execution)


def test_null_is_a_value(machines):
    found = jsonata(
        machines, {"A": {"Type": "Pass", "Output": {"n": "{% $states.input.n %}"}, "End": True}}, {"n": None}
    )
    assert found["output"] == {"n": None}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$partition([1,2,3], 2)", [[1, 2], [3]]),
        ("$range(0, 6, 3)", [0, 3, 6]),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("$parse('[1]')", [1]),
        ("$length($uuid())", 36),
        ("$random(7) = $random(7)", True),
    ],
)
def test_functions_that_step_functions_adds(machines, expression, value):
    found = jsonata(machines, {"A": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}})
    assert found["output"] == value


CALLS = {
    "States.Format('{} is \\'{}\\' \\{\\}', $.a, $.l)": "x is '[1,2,2]' {}",
    "States.StringToJson($.j)": {"k": 1},
    "States.JsonToString($.l)": "[1,2,2]",
    "States.Array($.a, 1, null, true)": ["x", 1, None, True],
    "States.ArrayPartition($.l, 2)": [[1, 2], [2]],
    "States.ArrayContains($.l, 2)": True,
    "States.ArrayRange(1, 9, 4)": [1, 5, 9],
    "States.ArrayGetItem($.l, 0)": 1,
    "States.ArrayLength($.l)": 3,
    "States.ArrayUnique($.l)": [1, 2],
    "States.Base64Encode('Data')": "RGF0YQ==",
    "States.Base64Decode('RGF0YQ==')": "Data",
    "States.Hash('a', 'SHA-1')": "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8",
    "States.JsonMerge($.o, States.StringToJson($.j), false)": {"k": 1, "o": 1},
    "States.MathAdd(1, -2)": -1,
    "States.StringSplit('a.b,c', '.,')": ["a", "b", "c"],
    "$.things[?(@.n > 1)].id": ["b"],
    "$..id": ["a", "b"],
    "$.l[0:2]": [1, 2],
    "$.l[-1]": 2,
}


def test_intrinsic_functions_and_paths(machines):
    given = {"a": "x", "l": [1, 2, 2], "j": '{"k": 1}', "o": {"k": 0, "o": 1}}
    given["things"] = [{"n": 1, "id": "a"}, {"n": 2, "id": "b"}]
    parameters = {f"{number}.$": call for number, call in enumerate(CALLS)}
    found = machines.quick({"A": {"Type": "Pass", "Parameters": parameters, "End": True}}, given)
    assert found["status"] == "SUCCEEDED", found["cause"]
    assert {call: found["output"][str(number)] for number, call in enumerate(CALLS)} == CALLS


def test_intrinsic_function_that_refuses_fails_the_state(machines):
    found = machines.quick(
        {"A": {"Type": "Pass", "Parameters": {"a.$": "States.ArrayPartition($.l, 0)"}, "End": True}}, {"l": []}
    )
    assert (found["error"], "States.ArrayPartition($.l, 0)" in found["cause"]) == ("States.IntrinsicFailure", True)


def test_expressions_know_the_moment_of_the_virtual_clock(machines, clock):
    clock.advance(days=40)
    output = {"now": "{% $now() %}", "millis": "{% $millis() %}", "entered": "{% $states.context.State.EnteredTime %}"}
    found = jsonata(machines, {"A": {"Type": "Pass", "Output": output, "End": True}})["output"]
    now, entered = (round(datetime.fromisoformat(found[name]).timestamp() * 1000) for name in ("now", "entered"))
    assert entered <= now <= found["millis"]  # expressions are evaluated one after the other


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("($f := function($n) { $f($n + 1) }; $f(0))", "Expression evaluation timeout: Check for infinite loop"),
        ("$range(1, 0, 0)", "The increment must not be zero"),
        ("$range(0, 1e12, 1)", "must not contain more than 100000 items"),
        ("$eval('1 + 1')", "T1006: Attempted to invoke a non-function"),
    ],
)
def test_no_expression_keeps_the_server_or_evaluates_texts(expression, said, monkeypatch):
    monkeypatch.setattr(expressions, "_MOST_STEPS", 1000)
    with pytest.raises(Unresolved, match=said):
        expressions.evaluate(expression, {}, "Output")


def test_any_number_of_wildcards_is_matched_at_once():
    rule = {"Variable": "$", "StringMatches": "*a*a*a*a*a*a*a*a*b"}
    scope = choices.Scope("a" * 30_000, dict, {})
    assert not choices.holds(rule, scope)
    assert choices.holds(rule, scope._replace(document="a" * 30_000 + "b"))
