"""Checks what stands in the fields of a state: paths, templates, expressions, rules, resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fogbank.services.stepfunctions.integrations import resources
from fogbank.services.stepfunctions.integrations.resources import ACTIVITY
from fogbank.services.stepfunctions.language import choices, expressions, fields, intrinsics, paths
from fogbank.services.stepfunctions.language.diagnostics import Diagnostics

Document = dict[str, Any]

_TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials")
_EXPRESSIONS = (
    *("Arguments", "Assign", "Output", "Items", "ItemSelector", "Credentials", "Condition", "Seconds", "Timestamp"),
    *("Error", "Cause", "TimeoutSeconds", "HeartbeatSeconds", "MaxConcurrency"),
    *("ToleratedFailureCount", "ToleratedFailurePercentage", "ItemReader", "ItemBatcher", "ResultWriter"),
)
_LOGIC = ("And", "Or", "Not")


def check(found: Diagnostics, state: Document, place: str, is_jsonata: bool) -> None:
    if is_jsonata:
        _check_expressions(found, state, place)
    else:
        _check_paths(found, state, place)
    if state["Type"] == "Choice" and "Choices" in state:
        _check_choices(found, state["Choices"], place, is_jsonata)
    if state["Type"] == "Task" and "Resource" in state:
        _check_resource(found, state["Resource"], place)


# -- JSONPath


def _check_paths(found: Diagnostics, state: Document, place: str) -> None:
    for name in ("InputPath", "OutputPath", "ItemsPath"):
        value = state.get(name)
        if value is not None and not _is_path(value):
            found.refuse("Value is not a valid JSONPath", f"{place}/{name}")
    for name in ("ErrorPath", "CausePath"):
        if name in state and not _is_path(state[name]):
            found.refuse("Value is not a valid JSONPath or intrinsic function", f"{place}/{name}")
    _check_reference(found, state, "ResultPath", place)
    for name in fields.REFERENCES:
        value = state.get(name)
        if name in state and (not isinstance(value, str) or not _is_lookup(value)):
            found.refuse("Value is not a Reference Path", f"{place}/{name}")
    for name in _TEMPLATES:
        _check_template(found, state.get(name), f"{place}/{name}")
    for number, catcher in enumerate(state.get("Catch") or ()):
        if isinstance(catcher, dict):
            _check_reference(found, catcher, "ResultPath", f"{place}/Catch[{number}]")
            _check_template(found, catcher.get("Assign"), f"{place}/Catch[{number}]/Assign")


def _check_reference(found: Diagnostics, document: Document, name: str, place: str) -> None:
    value = document.get(name)
    if value is not None and not (isinstance(value, str) and paths.is_reference(value)):
        found.refuse("Value is not a Reference Path", f"{place}/{name}")


def _is_lookup(text: str) -> bool:
    """A reference path into the input, or into a variable."""
    try:
        path = paths.read(text)
    except ValueError:
        return False
    return path.steps is not None and path.root != "$"


def _is_path(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        if intrinsics.is_call(value):
            intrinsics.read(value)
        else:
            paths.read(value)
    except ValueError:
        return False
    return True


def _check_template(found: Diagnostics, template: Any, place: str) -> None:
    if isinstance(template, dict):
        for key, value in template.items():
            if key.endswith(".$") and not _is_path(value):
                said = f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
                found.refuse(said, place)
            elif not key.endswith(".$"):
                _check_template(found, value, f"{place}/{key}")
    elif isinstance(template, list):
        for number, item in enumerate(template):
            _check_template(found, item, f"{place}[{number}]")


# -- JSONata


def _check_expressions(found: Diagnostics, state: Document, place: str) -> None:
    for name in _EXPRESSIONS:
        for expression, where in _expressions(state.get(name), f"{place}/{name}"):
            _check_expression(found, expression, where)


def _expressions(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _expressions(item, f"{place}/{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _expressions(item, f"{place}[{number}]")
    else:
        expression = expressions.expression_in(value)
        if expression is not None:
            yield expression, place


def _check_expression(found: Diagnostics, expression: str, place: str) -> None:
    try:
        expressions.compiled(expression)
    except ValueError as error:
        found.refuse(str(error), place)


# -- Choice


def _check_choices(found: Diagnostics, rules: list[Any], place: str, is_jsonata: bool) -> None:
    if not rules:
        found.refuse("Value must be a non-empty Array", f"{place}/Choices")
    for number, rule in enumerate(rules):
        where = f"{place}/Choices[{number}]"
        if not isinstance(rule, dict):
            found.refuse("Value is not an OBJECT", where)
            continue
        if not isinstance(rule.get("Next", ""), str):
            found.refuse("Expected value of type String", f"{where}/Next")
        missing = [name for name in (("Condition", "Next") if is_jsonata else ("Next",)) if name not in rule]
        if missing:
            found.refuse(f"These fields are required: [{', '.join(missing)}]", where)
        if is_jsonata:
            _check_expressions(found, rule, where)
        else:
            _check_rule(found, rule, where)


def _check_rule(found: Diagnostics, rule: Any, place: str) -> None:
    if not isinstance(rule, dict):
        found.refuse("Value is not an OBJECT", place)
        return
    logic = next((name for name in _LOGIC if name in rule), None)
    if logic is not None:
        inner = rule[logic] if isinstance(rule[logic], list) else [rule[logic]]
        for number, each in enumerate(inner):
            _check_rule(found, each, f"{place}/{logic}[{number}]" if logic != "Not" else f"{place}/Not")
        return
    operators = [name for name in rule if name in choices.OPERATORS]
    if "Variable" not in rule or len(operators) != 1:
        found.refuse("A Choice rule needs a Variable and exactly one comparison", place)
        return
    for name in ("Variable", *(name for name in operators if name.endswith("Path"))):
        if not _is_path(rule[name]):
            found.refuse("Value is not a valid JSONPath", f"{place}/{name}")


# -- Task


def _check_resource(found: Diagnostics, arn: Any, place: str) -> None:
    try:
        resources.read(str(arn))
    except ValueError:
        found.refuse("Value is not a valid resource ARN", f"{place}/Resource")


def check_express(found: Diagnostics, state: Document, place: str) -> None:
    """What Task states of Express workflows cannot ask for."""
    try:
        resource = resources.read(str(state.get("Resource")))
    except ValueError:
        return
    if resource.pattern:
        found.refuse(
            f"Express state machine does not support '.{resource.pattern}' service integration", f"{place}/Resource"
        )
    if resource.kind == ACTIVITY:
        found.refuse("Activities are not supported in an EXPRESS state machine", f"{place}/Resource")
