"""The Lambda service. Its operations are declared by the modules beside this one."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Service


def _refuse_shape(message: str, violations: list[Any]) -> AWSError:
    return AWSError("ValidationException", message, 400)


service = Service("lambda", validation_error=_refuse_shape)
