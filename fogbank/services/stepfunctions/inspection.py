"""What TestState shows of how a state's data was transformed.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from fogbank.services.stepfunctions.interpreter import flow, forks
from fogbank.services.stepfunctions.interpreter.frame import ABSENT, Frame
from fogbank.services.stepfunctions.interpreter.strand import Strand
from fogbank.services.stepfunctions.language.failure import Failure
from fogbank.services.stepfunctions.language.paths import text_of

if TYPE_CHECKING:
    from fogbank.services.stepfunctions.trials import TrialRun

Document = dict[str, Any]


def data(run: TrialRun, after: Strand, name: str, text: str) -> Document:
    """`after` is the strand as the state left it."""
    before = Strand(after.number, state=name, input=orjson.loads(text), item=after.item, variables=run.given)
    before.entered, before.retried = after.entered, after.retried
    frame = Frame(run, before)
    found: Document = {"input": text}
    try:
        for member, value in _steps(frame, run.result):
            found[member] = text_of(value())
    except Failure:
        pass  # what comes after a step that fails was never reached
    if frame.kind == "Map":
        found |= _of_map(frame)
    if after.variables:
        found["variables"] = text_of(after.variables)
    if run.failure is not None:
        found["errorDetails"] = _error_details(frame, run)
    return found


def _steps(frame: Frame, result: Any) -> list[tuple[str, Callable[[], Any]]]:
    """The members, in the order of what happens, and what gives their values."""
    has_work = frame.kind in ("Task", "Parallel", "Map")
    if frame.is_jsonata:
        steps: list[tuple[str, Callable[[], Any]]] = [("afterArguments", frame.arguments)] if has_work else []
        return steps if result is ABSENT else [*steps, ("result", lambda: result)]
    steps = [("afterInputPath", frame.input)]
    if has_work or frame.kind == "Pass":
        steps.append(("afterParameters", frame.arguments))
    if frame.kind == "Pass":
        result = frame.state.get("Result", ABSENT) if "Result" in frame.state else frame.arguments()
    if result is ABSENT:
        return steps
    selector = frame.state.get("ResultSelector", ABSENT)
    selected = result if selector is ABSENT else frame.fill(selector, result)
    path = frame.state.get("ResultPath", "$")
    return [
        *steps,
        ("result", lambda: result),
        ("afterResultSelector", lambda: selected),
        ("afterResultPath", lambda: frame.placed(path, selected)),
    ]


def _of_map(frame: Frame) -> Document:
    found: Document = {"afterItemsPath": text_of(forks.items_of(frame))} if "ItemReader" not in frame.state else {}
    given = frame.strand.input
    for member in ("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"):
        value = frame.number(member, given)
        if value is not None:
            found[member[0].lower() + member[1:]] = value
    return found


def _error_details(frame: Frame, run: TrialRun) -> Document:
    assert run.failure is not None
    catch = flow.catcher(frame, run.failure)
    if run.delay is None:
        return {} if catch is None else {"catchIndex": catch}
    retriers = frame.state.get("Retry") or ()
    index = next(place for place, each in enumerate(retriers) if run.failure.is_named(each["ErrorEquals"]))
    return {"retryIndex": index, "retryBackoffIntervalSeconds": round(run.delay)}
