"""Universal targets: `arn:aws:scheduler:::aws-sdk:<service>:<apiAction>`, any operation that does more than read.

The service goes by its identifier in the SDKs, in lower case and without spaces (`sfn`, `eventbridge`, `cloudwatchlogs`); the input is the
operation's request as JSON. https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

import orjson

from fogbank import protocols
from fogbank.http import Payload
from fogbank.kernel import Context
from fogbank.protocols import OperationModel, Shape, timestamps
from fogbank.services.scheduler import errors
from fogbank.services.scheduler.calls import Call, check_there
from fogbank.services.scheduler.invocation import Invocation

Target = dict[str, Any]

_ARN = re.compile(r"arn:[\w-]+:scheduler:::aws-sdk:([^:]+):([^:]+)")
_READING = (
    *("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup", "discover"),
    *("validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList", "testMigration"),
    *("retrieve", "testConnection", "translateDocument", "isAuthorized", "invokeModel"),
)
_NOT_IN_IDENTIFIERS = re.compile(r"[^a-z0-9]")


class Action(NamedTuple):
    service: str
    operation: str

    @property
    def model(self) -> OperationModel:
        return protocols.load(self.service).operations[self.operation]


def is_universal(arn: str) -> bool:
    return ":scheduler:::aws-sdk:" in arn


@cache
def _services() -> dict[str, str]:
    """botocore's names of services by their identifiers in the SDKs."""
    heads = protocols.index().metadata
    return {_NOT_IN_IDENTIFIERS.sub("", head.get("serviceId", name).lower()): name for name, head in heads.items()}


def action_of(arn: str) -> Action:
    """Raises ValidationException for an ARN that is malformed, or names no operation, or one that only reads."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise errors.invalid_arn()
    identifier, action = found.groups()
    service = _services().get(identifier)
    if service is None:
        raise errors.unsupported_service(identifier)
    names = {name.lower(): name for name in protocols.load(service).operations}
    operation = names.get(action.lower())
    if operation is None or action.lower().startswith(tuple(prefix.lower() for prefix in _READING)):
        raise errors.unsupported_action(identifier, action)
    return Action(service, operation)


def call(ctx: Context, invocation: Invocation) -> Call:
    """The call that an invocation is. Raises ValidationException."""
    action = action_of(invocation.target["Arn"])
    return Call(action.service, action.operation, _request(ctx, action, invocation.text()))


def check(ctx: Context, target: Target, sample: Invocation) -> None:
    """Raises ValidationException for a request that the operation's model would not take; `sample` is an invocation of the target."""
    action = action_of(target["Arn"])
    check_there(ctx, action.service, action.operation)
    _request(ctx, action, sample.text())


def _request(ctx: Context, action: Action, text: str | None) -> dict[str, Any]:
    """The operation's parameters. Raises ValidationException."""
    try:
        document = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        raise errors.input_not_json() from None
    if not isinstance(document, dict):
        raise errors.invalid_request("The input must be a JSON object.")
    model, service = action.model, ctx.app.services.get(action.service)
    documents = service.documents if service is not None else frozenset()
    params: dict[str, Any] = {} if model.input_shape is None else _Reader(documents).value(model.input_shape, document)
    violations = protocols.codec(model, model.service.protocols[0], documents).violations(params)
    if violations:
        raise errors.invalid_request(protocols.violations_message(violations))
    return params


class _Reader:
    """Reads JSON as an operation takes it: names as in the model whatever their case, blobs as bytes, times as seconds.

    `documents` are the names of shapes that are left as they are. Raises ValidationException.
    """

    def __init__(self, documents: frozenset[str]) -> None:
        self._documents = documents

    def value(self, shape: Shape, given: Any) -> Any:
        if given is None or shape.is_document or shape.name in self._documents:
            return given
        if shape.type == "structure":
            return self._structure(shape, _of_type(dict, shape, given))
        if shape.type == "list":
            return [self.value(shape.member, item) for item in _of_type(list, shape, given)]
        if shape.type == "map":
            return {key: self.value(shape.value, value) for key, value in _of_type(dict, shape, given).items()}
        return _scalar(shape, given)

    def _structure(self, shape: Shape, given: dict[str, Any]) -> dict[str, Any]:
        names = {name.lower(): name for name in shape.members}
        values: dict[str, Any] = {}
        for key, value in given.items():
            name = names.get(key.lower())
            if name is None:
                raise errors.invalid_request(f"The field '{key}' is not supported by {shape.name}.")
            values[name] = self.value(shape.members[name], value)
        return values


def _scalar(shape: Shape, given: Any) -> Any:
    kind = shape.type
    if kind == "timestamp":
        return _moment(shape, given)
    if kind == "blob":
        data = _of_type(str, shape, given).encode()
        return Payload(data) if shape.is_streaming else data
    if kind in ("integer", "long"):
        return _of_type(int, shape, given)
    if kind in ("float", "double"):
        return float(_of_type((int, float), shape, given))
    return _of_type(bool if kind == "boolean" else str, shape, given)


def _moment(shape: Shape, given: Any) -> float:
    if isinstance(given, str):
        try:
            return timestamps.parse(given)
        except ValueError:
            raise _wrong(shape, given) from None
    return float(_of_type((int, float), shape, given))


def _of_type(kind: Any, shape: Shape, given: Any) -> Any:
    if not isinstance(given, kind) or (isinstance(given, bool) and kind is not bool):
        raise _wrong(shape, given)
    return given


def _wrong(shape: Shape, given: Any) -> Exception:
    return errors.invalid_request(f"The value {orjson.dumps(given).decode()} is not a {shape.type} ({shape.name}).")
