"""How a state fails. The names of errors: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""

from __future__ import annotations

RUNTIME = "States.Runtime"
TIMEOUT = "States.Timeout"
HEARTBEAT = "States.HeartbeatTimeout"
DATA_LIMIT = "States.DataLimitExceeded"
TASK_FAILED = "States.TaskFailed"
ALL = "States.ALL"

# no handler of States.ALL has a say in these
_NOT_FOR_ALL = (RUNTIME, DATA_LIMIT)


class Failure(Exception):
    """A state fails: `error` is the error's name, `cause` says why."""

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause

    def is_named(self, names: list[str]) -> bool:
        """Is this one of the errors that a retrier or a catcher is for?"""
        if self.error in names:
            return True
        if ALL in names:
            return self.error not in _NOT_FOR_ALL
        if TIMEOUT in names and self.error == HEARTBEAT:
            return True
        return TASK_FAILED in names and self.error not in (*_NOT_FOR_ALL, TIMEOUT)

    @property
    def output(self) -> dict[str, str]:
        """What a catcher is given."""
        found = {"Error": self.error, "Cause": self.cause}
        return {name: text for name, text in found.items() if text is not None}


class Broken(Failure):
    """The interpreter itself cannot go on with a state. Its cause is told together with the state's name."""


class Unresolved(Failure):
    """An expression of JSONata's fails. `location` is the field that it stands in."""

    def __init__(self, cause: str, location: str) -> None:
        super().__init__("States.QueryEvaluationError", cause)
        self.location = location


def runtime(cause: str) -> Broken:
    return Broken(RUNTIME, cause)
