"""Pass, Choice, Wait, Succeed and Fail. https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html"""

from __future__ import annotations

from typing import Any

from fogbank.services.stepfunctions.interpreter import flow
from fogbank.services.stepfunctions.interpreter.frame import ABSENT, Frame, Kind, kinds
from fogbank.services.stepfunctions.interpreter.strand import WAITING
from fogbank.services.stepfunctions.language import choices
from fogbank.services.stepfunctions.language.failure import Failure, runtime
from fogbank.services.stepfunctions.language.paths import text_of


async def _pass(frame: Frame) -> None:
    if frame.is_jsonata:
        await _plain(frame)
        return
    result = frame.state.get("Result", ABSENT)
    if result is ABSENT:
        result = frame.arguments()
    assigned = frame.assigned(frame.state.get("Assign"), result)
    await flow.leave(frame, frame.output(result), assigned, frame.state.get("Next"))


async def _plain(frame: Frame) -> None:
    """Leave a state that does nothing."""
    assigned = frame.assigned(frame.state.get("Assign"), None if frame.is_jsonata else frame.input())
    await flow.leave(frame, frame.plain_output(), assigned, frame.state.get("Next"))


# -- Choice


async def _choice(frame: Frame) -> None:
    given = None if frame.is_jsonata else frame.input()
    for place, rule in enumerate(frame.state["Choices"]):
        if _holds(frame, rule, place, given):
            await flow.leave(frame, *_chosen(frame, rule, f"Choices[{place}]/", given), rule["Next"])
            return
    following = frame.state.get("Default")
    if following is None:
        raise runtime("Failed to transition out of the state. The state does not point to a next state.")
    await flow.leave(frame, *_chosen(frame, frame.state, "", given), following)


def _holds(frame: Frame, rule: dict[str, Any], place: int, given: Any) -> bool:
    if not frame.is_jsonata:
        return choices.holds(rule, frame.scope(given))
    field = f"Choices[{place}]/Condition"
    found = frame.evaluate(rule["Condition"], field)
    if not isinstance(found, bool):
        cause = f"The JSONata expression '{rule['Condition']}' specified for the field '{field}' must be a boolean."
        raise Failure("States.QueryEvaluationError", cause)
    return found


def _chosen(frame: Frame, rule: dict[str, Any], field: str, given: Any) -> tuple[Any, dict[str, Any]]:
    """The output and the variables by a rule, or by the state when no rule holds."""
    assigned = frame.assigned(rule.get("Assign"), given, f"{field}Assign")
    if frame.is_jsonata and "Output" in rule:
        return frame.evaluate(rule["Output"], f"{field}Output"), assigned
    if frame.is_jsonata:
        return frame.strand.input, assigned
    return frame.plain_output(), assigned


# -- Wait


async def _wait(frame: Frame) -> None:
    frame.strand.phase = WAITING
    await frame.run.wake(frame.strand, _moment(frame))


def _moment(frame: Frame) -> float:
    """When the wait is over, in epoch seconds."""
    given = frame.strand.input if frame.is_jsonata else frame.input()
    seconds = frame.number("Seconds", given)
    if seconds is not None:
        return frame.run.now() + seconds
    text = frame.state.get("Timestamp")
    if frame.is_jsonata:
        text = frame.evaluate(text, "Timestamp")
    elif text is None:
        text = frame.resolve(frame.state["TimestampPath"], given, "TimestampPath")
    moment = choices.moment(text)
    if moment is None:
        raise runtime(
            f"The Timestamp parameter cannot be parsed as a valid ISO-8601 extended offset date-time: {text_of(text)}"
        )
    return moment


# -- Fail


async def _fail(frame: Frame) -> None:
    raise Failure(_said(frame, "Error"), _said(frame, "Cause"))


def _said(frame: Frame, name: str) -> str | None:
    """A field that is a text, an expression or a path."""
    value = frame.state.get(name)
    if frame.is_jsonata and value is not None:
        value = frame.evaluate(value, name)
    elif f"{name}Path" in frame.state:
        value = frame.resolve(frame.state[f"{name}Path"], frame.strand.input, f"{name}Path")
    if value is not None and not isinstance(value, str):
        raise runtime(f"The value of the field '{name}' must be a string: {text_of(value)}")
    return value


kinds["Pass"] = Kind(_pass)
kinds["Choice"] = Kind(_choice)
kinds["Wait"] = Kind(_wait, woken=_plain)
kinds["Succeed"] = Kind(_plain)
kinds["Fail"] = Kind(_fail)
