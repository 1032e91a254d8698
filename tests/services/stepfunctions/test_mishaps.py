"""Errors that nobody foresaw end executions, which would run for ever else; the log has where they come from."""

from __future__ import annotations

import pytest

from fogbank.services.stepfunctions.integrations import calls
from fogbank.services.stepfunctions.interpreter.frame import Kind, kinds

PASS = {"P": {"Type": "Pass", "End": True}}
TASK = {
    "T": {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f"},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}],
        "End": True,
    },
    "C": {"Type": "Pass", "End": True},
}


async def _break(*given):
    raise LookupError("no such thing")


@pytest.fixture
def broken(monkeypatch):
    monkeypatch.setitem(kinds, "Pass", Kind(_break))
    monkeypatch.setattr(calls, "perform_outside", _break)


def _told(found):
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")
    return found["cause"]


@pytest.mark.parametrize("states", [PASS, TASK], ids=["state", "work"])
@pytest.mark.parametrize("run", ["run", "quick"])
def test_unforeseen_error_fails_the_execution(machines, broken, caplog, states, run):
    assert "LookupError: no such thing" in _told(getattr(machines, run)(states))
    assert "in _break" in caplog.text


def test_history_of_a_broken_execution_is_whole(machines, broken):
    execution = machines.start(PASS)
    machines.ended(execution)
    assert machines.types(execution) == ["ExecutionStarted", "ExecutionFailed"]
