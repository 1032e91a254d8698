"""Amazon API Gateway: HTTP and WebSocket APIs."""

from __future__ import annotations

from typing import Any

from fogbank.apis.naming import declare
from fogbank.kernel import AWSError, Service


def _refuse(message: str, violations: list[Any]) -> AWSError:
    return AWSError("BadRequestException", message)


service = Service("apigatewayv2", iam_prefix="apigateway", validation_error=_refuse)
operation = declare(service)
