"""How commands fail: one line on stderr and an exit code that says what kind of failure it was."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes. Scripts rely on them: never renumber."""

    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3
    PORT_UNAVAILABLE = 4
    DIRECTORY_UNUSABLE = 5
    NEWER_FORMAT = 6
    ALREADY_RUNNING = 7
    NOT_AVAILABLE = 8
    NO_ANSWER = 9


class CommandError(Exception):
    """Ends the command with `fogbank: <message>` on stderr and the exit code."""

    def __init__(self, exit_code: Exit, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code
