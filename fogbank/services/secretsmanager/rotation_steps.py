"""The steps of a rotation, as a table: what comes after a step that went well, and after one that failed. Pure.

The function is invoked once per step with the same token, so that every step works on the same version. When a step fails, the whole
rotation starts again later, until the attempts are used up.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_how.html
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from fogbank.services.secretsmanager import limits

State = Literal["createSecret", "setSecret", "testSecret", "finishSecret", "rotated", "given up"]
Event = Literal["done", "failed", "failed for the last time"]

STEPS: tuple[State, ...] = ("createSecret", "setSecret", "testSecret", "finishSecret")
FIRST = STEPS[0]
RETRY_SECONDS = 60.0


class Move(NamedTuple):
    """The next state, and after how many seconds it begins."""

    state: State
    delay: float = 0.0


TABLE: dict[tuple[State, Event], Move] = {
    ("createSecret", "done"): Move("setSecret"),
    ("setSecret", "done"): Move("testSecret"),
    ("testSecret", "done"): Move("finishSecret"),
    ("finishSecret", "done"): Move("rotated"),
    **{(step, "failed"): Move(FIRST, RETRY_SECONDS) for step in STEPS},
    **{(step, "failed for the last time"): Move("given up") for step in STEPS},
}


def event_of(succeeded: bool, attempt: int) -> Event:
    """What happened to a step in the rotation's attempt number `attempt`, counted from 1."""
    if succeeded:
        return "done"
    return "failed" if attempt < limits.ROTATION_ATTEMPTS else "failed for the last time"
