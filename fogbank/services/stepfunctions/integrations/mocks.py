"""Mocks of TestState are checked against the model of the operation that they stand for.

https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.services.stepfunctions import errors
from fogbank.services.stepfunctions.integrations import sdk
from fogbank.services.stepfunctions.integrations.resources import SERVICE, SYNC, SYNC_2, TOKEN, Resource

_STATES = {"states": "stepfunctions"}


def check(resource: Resource, mock: dict[str, Any]) -> None:
    """Raises ValidationException for a result that the operation cannot have, unless the mock is not to be checked."""
    if mock.get("fieldValidationMode") == "NONE" or resource.kind != SERVICE or resource.service == "http":
        return
    if resource.pattern in (TOKEN, SYNC, SYNC_2):
        return
    name = resource.service.removeprefix("aws-sdk:")
    service = sdk.services().get(_STATES.get(name, name))
    model = None if service is None else sdk.operation(service, resource.action)
    if model is None or model.output_shape is None:
        return
    why = sdk.mismatch(model.output_shape, _without_envelope(orjson.loads(mock["result"])))
    if why:
        raise errors.validation(f"Mock result schema validation error: {why}")


def _without_envelope(result: Any) -> Any:
    if not isinstance(result, dict):
        return result
    return {name: value for name, value in result.items() if name not in ("SdkHttpMetadata", "SdkResponseMetadata")}
