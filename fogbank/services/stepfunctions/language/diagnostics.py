"""What is wrong with a definition, as ValidateStateMachineDefinition says it."""

from __future__ import annotations

from typing import NamedTuple

ERROR, WARNING = "ERROR", "WARNING"
SCHEMA = "SCHEMA_VALIDATION_FAILED"
NO_TARGET = "MISSING_TRANSITION_TARGET"
NO_END = "MISSING_END_STATE"
NO_JSON = "INVALID_JSON_DESCRIPTION"
DUPLICATE = "DUPLICATE_STATE_NAME"


class Diagnostic(NamedTuple):
    """`location` is a path in the definition, None when it is about the whole."""

    code: str
    message: str
    location: str | None
    severity: str = ERROR

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {'null' if self.location is None else self.location}"


class Diagnostics(list[Diagnostic]):
    """What was found so far."""

    def refuse(self, message: str, location: str | None, code: str = SCHEMA) -> None:
        self.append(Diagnostic(code, message, location))
