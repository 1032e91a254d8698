"""The Route 53 service. Its operations are declared by the modules beside this one."""

from typing import Any

from fogbank.kernel import AWSError, Service


def _invalid(message: str, violations: list[Any]) -> AWSError:
    return AWSError("InvalidInput", message, 400)


service = Service("route53", validation_error=_invalid)
