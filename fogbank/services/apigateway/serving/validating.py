"""Requests against what their method declares. Pure, but for what is remembered of schemas.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import orjson

from fogbank.apis import expressions
from fogbank.services.apigateway.gateway_responses import Refused
from fogbank.services.apigateway.serving.exchange import Exchange

Document = dict[str, Any]


def check(exchange: Exchange) -> None:
    """Raises Refused (400)."""
    validator = exchange.routes.named("validators", "id", exchange.method.get("requestValidatorId"))
    if validator is None:
        return
    if validator["validateRequestParameters"]:
        _check_parameters(exchange)
    if validator["validateRequestBody"]:
        _check_body(exchange)


def _check_parameters(exchange: Exchange) -> None:
    visit, missing = exchange.visit, []
    for name, required in (exchange.method.get("requestParameters") or {}).items():
        kind, _, name = name.removeprefix("method.request.").partition(".")
        if not required:
            continue
        values = {
            "path": exchange.matched.params,
            "header": visit.headers,
            "multivalueheader": visit.headers,
        }.get(kind) or dict(visit.query)
        if not values.get(name.lower() if "header" in kind else name):
            missing.append(name)
    if missing:
        raise Refused("BAD_REQUEST_PARAMETERS", f"Missing required request parameters: [{', '.join(sorted(missing))}]")


def _check_body(exchange: Exchange) -> None:
    models = exchange.method.get("requestModels") or {}
    name = models.get(exchange.visit.content_type) or models.get("$default")
    if name is None or exchange.routes.named("models", "name", name) is None:
        return
    try:
        body = orjson.loads(exchange.visit.body or b"")
    except orjson.JSONDecodeError as error:
        raise _invalid([str(error)]) from error
    found = _errors(name, orjson.dumps(exchange.routes.snapshot.models), body)
    if found:
        raise _invalid(found)


def _invalid(found: list[str]) -> Refused:
    refused = Refused("BAD_REQUEST_BODY", "Invalid request body", why="; ".join(found))
    refused.details["validationErrorString"] = f"[{', '.join(found)}]"
    return refused


def _errors(name: str, models: bytes, body: Any) -> list[str]:
    from jsonschema.exceptions import SchemaError
    from referencing.exceptions import Unresolvable

    try:
        return [_said(error) for error in _validator(name, models).iter_errors(body)]
    except (SchemaError, Unresolvable):
        return []  # the model says nothing that could be checked


def _said(error: Any) -> str:
    """What is wrong, in the words of the library that API Gateway uses."""
    if error.validator == "required":
        missing = sorted(name for name in error.validator_value if name not in error.instance)
        listed = ",".join(f'"{each}"' for each in missing)
        return f"object has missing required properties ([{listed}])"
    if error.validator == "type":
        allowed = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        listed = ",".join(f'"{each}"' for each in allowed)
        return f"instance type ({_type_of(error.instance)}) does not match any allowed primitive type (allowed: [{listed}])"
    return str(error.message)


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")


@lru_cache(maxsize=256)
def _validator(name: str, models: bytes) -> Any:
    """The schema of a model (draft 4), with the models that it refers to as its definitions."""
    from jsonschema import Draft4Validator
    from jsonschema.validators import extend

    schemas = {model["name"]: orjson.loads(model["schema"] or "{}") for model in orjson.loads(models)}
    definitions = {each: _local(schema) for each, schema in schemas.items()}
    own = dict(definitions[name])
    own["definitions"] = {**definitions, **(own.get("definitions") or {})}
    own.pop("id", None)
    return extend(Draft4Validator, {"pattern": _pattern})(own)


def _pattern(validator: Any, pattern: str, value: Any, schema: Document) -> Iterator[Any]:
    """The keyword `pattern`, on whose expressions the library may be busy for ever."""
    from jsonschema.exceptions import ValidationError

    if not validator.is_type(value, "string"):
        return
    try:
        fits = expressions.anywhere(pattern)
    except ValueError:
        return  # the model says nothing that could be checked
    if not fits(value):
        shown = orjson.dumps(value).decode()
        yield ValidationError(f'ECMA 262 regex "{pattern}" does not match input string {shown}')


def _local(schema: Any) -> Any:
    """`https://apigateway.amazonaws.com/restapis/<id>/models/<name>` is `#/definitions/<name>`."""
    if isinstance(schema, list):
        return [_local(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _local(value) for name, value in schema.items() if name != "$schema"}
    reference = found.get("$ref")
    if isinstance(reference, str) and "/models/" in reference:
        found["$ref"] = f"#/definitions/{reference.rpartition('/')[2]}"
    return found
