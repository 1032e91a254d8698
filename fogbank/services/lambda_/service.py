"""The Lambda service. Its operations are declared by the modules beside this one."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Service


def _refuse_shape(message: str, violations: list[Any]) -> AWSError:
    first = violations[0]
    if (first.member, first.kind) == ("runtime", "enum"):
        # runtimes, whose names change often, are looked at by the function's own service
        text = f"Value {first.value} at 'runtime' failed to satisfy constraint: {first.constraint} or be a valid ARN"
        return AWSError("InvalidParameterValueException", text, 400, Type="User")
    return AWSError("ValidationException", message, 400)


service = Service("lambda", validation_error=_refuse_shape)
