"""The language by itself: whatever stands in a definition, it is checked or read, and nothing falls over."""

from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from fogbank.services.stepfunctions.language import paths, validation

_HANDLERS = {
    "Retry": [{"ErrorEquals": ["A"], "MaxAttempts": 1}],
    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "End"}],
}
_RULES = [
    {"And": [{"Variable": "$.a", "IsNull": True}], "Next": "Both"},
    {"Variable": "$.b", "StringEquals": "x", "Next": "End"},
]
_INNER = {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}
_BRANCH = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}}
DEFINITION = {
    "StartAt": "Pick",
    "TimeoutSeconds": 10,
    "States": {
        "Pick": {"Type": "Choice", "Choices": _RULES, "Default": "Work"},
        "Work": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"a.$": "$.a"}, **_HANDLERS, "Next": "Each"},
        "Each": {"Type": "Map", "ItemsPath": "$.l", "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **_INNER}, "Next": "Both"},
        "Both": {"Type": "Parallel", "Branches": [_BRANCH], "ResultPath": "$.r", "Next": "Also"},
        "Also": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input %}", "Assign": {"x": 1}, "Next": "End"},
        "End": {"Type": "Fail", "ErrorPath": "$.e"},
    },
}  # fmt: skip


def places(value, place=()):
    """Where something stands in a document."""
    yield place
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*place, key))


def put(document, place, value):
    if not place:
        return value
    document = copy.deepcopy(document)
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    return document


def test_the_definition_is_right():
    assert validation.check(json.dumps(DEFINITION)) == []


_ODD = st.sampled_from([None, 0, -1, True, "", "x", "$.a[", "{% 1 + %}", [], [1], {}, {"a": 1}, {"a.$": 1}])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(places(DEFINITION))), _ODD)
def test_whatever_stands_in_a_definition_is_checked(place, value):
    for diagnostic in validation.check(json.dumps(put(DEFINITION, place, value))):
        assert diagnostic.message


_NAMES = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=5)


@given(st.lists(_NAMES, min_size=1, max_size=4), st.integers())
def test_what_is_placed_at_a_path_is_found_there(names, value):
    path = "$" + "".join(f"['{name}']" for name in names)
    document = paths.placed(path, {"other": 1}, value)
    assert paths.find(path, paths.Scope(document, dict, {})) == value
    assert paths.normal(path) == path
