"""AWS SDK integrations: `arn:aws:states:::aws-sdk:<service>:<action>`, any operation of any service.

Names are those of the AWS SDK for Java 2: `DbInstanceIdentifier` where the model says `DBInstanceIdentifier`, errors such as
`DynamoDb.ResourceNotFoundException`. https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import orjson

from fogbank import protocols
from fogbank.http import Payload
from fogbank.protocols import OperationModel, Shape, timestamps
from fogbank.services.stepfunctions.language.failure import Broken, runtime
from fogbank.services.stepfunctions.language.paths import text_of

_NOT_IN_IDENTIFIERS = re.compile(r"[^a-z0-9]")
_CAPITALS = re.compile(r"([A-Z])([A-Z]+)(?=[A-Z][a-z]|\d|$)")


@cache
def services() -> dict[str, str]:
    """botocore's names of services by their identifiers in the SDKs (`sfn`, `cloudwatchlogs`)."""
    heads = protocols.index().metadata
    return {_NOT_IN_IDENTIFIERS.sub("", head.get("serviceId", name).lower()): name for name, head in heads.items()}


@lru_cache(maxsize=4096)
def pascal(name: str) -> str:
    """A name of the model as the SDK for Java has it: `DBInstanceArn` is `DbInstanceArn`, `executionArn` is `ExecutionArn`."""
    found = _CAPITALS.sub(lambda match: match[1] + match[2].lower(), name)
    return found[:1].upper() + found[1:]


def class_of(service: str) -> str:
    """How errors name a service (by botocore's name): `DynamoDb`, `CloudWatchLogs`."""
    words = str(protocols.index().metadata[service].get("serviceId", service)).split()
    return "".join(pascal(word) for word in words)


@lru_cache(maxsize=4096)
def operation(service: str, action: str) -> OperationModel | None:
    """The operation that an action (`listBuckets`) names, None when there is none."""
    found = {name.lower(): model for name, model in protocols.load(service).operations.items()}
    return found.get(action.lower())


# -- parameters


def parameters(
    model: OperationModel, given: Any, documents: frozenset[str], token: Callable[[], str]
) -> dict[str, Any]:
    """The operation's parameters out of a state's arguments. As in the SDKs, tokens that make a request idempotent need not be given.

    Raises Broken for what the operation does not take.
    """
    shape = model.input_shape
    if not isinstance(given, dict):
        raise _unusable(given, "The value must be an OBJECT")
    try:
        found: dict[str, Any] = {} if shape is None else _Reader(documents).value(shape, given, "")
    except _Wrong as wrong:
        raise _unusable(given, str(wrong)) from None
    members = {} if shape is None else shape.members
    for name in (name for name, member in members.items() if member.get("idempotencyToken")):
        found.setdefault(name, token())
    codec = protocols.codec(model, model.service.protocols[0], documents)
    missing = [each for each in codec.violations(found) if each.kind == "required"]
    if missing:
        said = ", ".join(f"The field '{pascal(each.member)}' is required but was missing" for each in missing)
        raise _unusable(given, said)
    return found


def _unusable(given: Any, why: str) -> Broken:
    return runtime(f"The Parameters '{text_of(given)}' could not be used to start the Task: [{why}]")


class _Wrong(Exception):
    pass


class _Reader:
    """Reads JSON as an operation takes it: names whatever their case, blobs as bytes, times as seconds.

    `documents` are the names of shapes that are left as they are. Raises _Wrong.
    """

    def __init__(self, documents: frozenset[str]) -> None:
        self._documents = documents

    def value(self, shape: Shape, given: Any, field: str) -> Any:
        if given is None or shape.is_document:
            return given
        if shape.name in self._documents:
            return _attribute(given)
        if shape.type == "structure":
            return self._structure(shape, _of(dict, "OBJECT", given, field))
        if shape.type == "list":
            return [self.value(shape.member, item, field) for item in _of(list, "LIST", given, field)]
        if shape.type == "map":
            items = _of(dict, "MAP", given, field).items()
            return {key: self.value(shape.value, value, field) for key, value in items}
        return _scalar(shape, given, field)

    def _structure(self, shape: Shape, given: dict[str, Any]) -> dict[str, Any]:
        names = {name.lower(): name for name in shape.members}
        values: dict[str, Any] = {}
        for key, value in given.items():
            name = names.get(key.lower())
            if name is None:
                raise _Wrong(f"The field '{key}' is not supported by Step Functions")
            values[name] = self.value(shape.members[name], value, key)
        return {name: value for name, value in values.items() if value is not None}


_ATTRIBUTES = {"Bool": "BOOL", "Null": "NULL", "Nul": "NULL", "Ss": "SS", "Ns": "NS", "Bs": "BS"}


def _attribute(given: Any) -> Any:
    """A value of DynamoDB's, whose types have names of their own in the SDK."""
    if isinstance(given, dict):
        return {_ATTRIBUTES.get(key, key): _attribute(value) for key, value in given.items()}
    return [_attribute(item) for item in given] if isinstance(given, list) else given


def _scalar(shape: Shape, given: Any, field: str) -> Any:
    kind = shape.type
    if kind == "timestamp":
        return _moment(given, field)
    if kind == "blob":
        data = (given if isinstance(given, str) else text_of(given)).encode()
        return Payload(data) if shape.is_streaming else data
    if kind in ("integer", "long"):
        return _of(int, "INTEGER" if kind == "integer" else "LONG", given, field)
    if kind in ("float", "double"):
        return float(_of((int, float), "DOUBLE", given, field))
    if kind == "boolean":
        return _of(bool, "BOOLEAN", given, field)
    return _of(str, "STRING", given, field)


def _moment(given: Any, field: str) -> float:
    if isinstance(given, str):
        try:
            return timestamps.parse(given)
        except ValueError:
            raise _Wrong(f"The value for the field '{field}' must be a valid timestamp") from None
    return float(_of((int, float), "TIMESTAMP", given, field))


def _of(kind: Any, named: str, given: Any, field: str) -> Any:
    if not isinstance(given, kind) or (isinstance(given, bool) and kind is not bool):
        raise _Wrong(f"The value for the field '{field}' must be a {named}")
    return given


def mismatch(shape: Shape, given: Any) -> str:
    """Why a document cannot be a value of the shape; empty when it can."""
    try:
        _Reader(frozenset({"AttributeValue"})).value(shape, given, "result")
    except _Wrong as wrong:
        return str(wrong)
    return ""


# -- results


def result(shape: Shape | None, answer: dict[str, Any], documents: frozenset[str]) -> Any:
    """An answer as a state has it. Streams must have been read."""
    return {} if shape is None else _Writer(documents).value(shape, answer)


class _Writer:
    """Writes an answer as JSON: names as the SDK has them, times in ISO 8601, bytes as text, or in Base64 where they are none."""

    def __init__(self, documents: frozenset[str]) -> None:
        self._documents = documents

    def value(self, shape: Shape, given: Any) -> Any:
        if isinstance(given, orjson.Fragment):  # what is JSON already, as items of DynamoDB are
            given = orjson.loads(orjson.dumps(given))
        if given is None or shape.is_document or shape.name in self._documents:
            return _plain(given)
        if shape.type == "structure":
            members = ((name, part, given.get(name)) for name, part in shape.members.items())
            return {pascal(name): self.value(part, value) for name, part, value in members if value is not None}
        if shape.type == "list":
            return [self.value(shape.member, item) for item in given]
        if shape.type == "map":
            return {key: self.value(shape.value, value) for key, value in given.items()}
        if shape.type == "timestamp":
            return moment_text(given)
        return _plain(given)


def moment_text(moment: Any) -> str:
    """A time as the SDK for Java writes it: thousandths only where there are some."""
    text = timestamps.iso8601_milliseconds(float(moment))
    return text.replace(".000Z", "Z")


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _text(bytes(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()
