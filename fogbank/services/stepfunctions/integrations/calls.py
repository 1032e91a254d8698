"""The work of Task states as calls of operations, and what becomes of their answers and refusals.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from fogbank import protocols
from fogbank.kernel import AWSError, Context, bodies, operations
from fogbank.services.stepfunctions.integrations import credentials, http_tasks, sdk
from fogbank.services.stepfunctions.integrations.resources import FUNCTION, SYNC, SYNC_2, Resource
from fogbank.services.stepfunctions.interpreter.strand import Work
from fogbank.services.stepfunctions.language.failure import TASK_FAILED, Failure
from fogbank.services.stepfunctions.language.paths import text_of

Answer = dict[str, Any]
Shaped = Callable[[Answer], Any]


class Caller(NamedTuple):
    """On whose behalf work is done: the ARN of the state machine, its role, and of what execution."""

    machine: str
    role: str
    execution: str = ""


class Errors(NamedTuple):
    """How failures of a service are named: before the dot, and the service in causes (of the SDK for Java 1), if it is not the SDK's."""

    prefix: str
    service: str = ""


class Call(NamedTuple):
    """`service` and `operation` are botocore's names; `shaped` makes a state's result of an answer. Raises Failure."""

    service: str
    operation: str
    params: dict[str, Any]
    shaped: Shaped
    errors: Errors


class _Optimized(NamedTuple):
    service: str
    errors: Errors
    texts: tuple[str, ...] = ()


# services with integrations of their own, and the parameters that may be any JSON where the operation takes a text
_OPTIMIZED = {
    "lambda": _Optimized("lambda", Errors("Lambda")),
    "sqs": _Optimized("sqs", Errors("SQS", "AmazonSQS"), ("MessageBody",)),
    "sns": _Optimized("sns", Errors("SNS", "AmazonSNS"), ("Message",)),
    "dynamodb": _Optimized("dynamodb", Errors("DynamoDB", "AmazonDynamoDBv2")),
    "events": _Optimized("events", Errors("EventBridge", "AmazonEventBridge")),
    "states": _Optimized("stepfunctions", Errors("StepFunctions", "AWSStepFunctions"), ("Input",)),
}


def plan(ctx: Context, resource: Resource, arguments: Any) -> Call:
    """The call that work is. Raises Failure, also for operations that this build does not have."""
    if resource.kind == FUNCTION:
        params = {"FunctionName": resource.arn, "Payload": orjson.dumps(arguments)}
        return Call("lambda", "Invoke", params, _function_result, Errors("Lambda"))
    service: str | None
    texts: tuple[str, ...]
    if resource.service.startswith("aws-sdk:"):
        service = sdk.services().get(resource.service.removeprefix("aws-sdk:").lower())
        errors, texts = Errors("" if service is None else sdk.class_of(service)), ()
    else:
        found = _OPTIMIZED.get(resource.service)
        service, errors, texts = (None, Errors(resource.service), ()) if found is None else found
    model = None if service is None else sdk.operation(service, resource.action)
    if service is None or model is None or not operations.is_there(ctx.app, service, model.name):
        raise Failure("NotImplemented", f"Fogbank does not implement {resource.service}:{resource.action} yet.")
    documents = ctx.app.services[service].documents
    params = sdk.parameters(model, _with_texts(resource, arguments, texts), documents, ctx.ids.uuid)
    return Call(service, model.name, params, _shaped(ctx, resource, model, documents), errors)


def _with_texts(resource: Resource, arguments: Any, texts: tuple[str, ...]) -> Any:
    """Documents become texts where the operation takes a text."""
    if not isinstance(arguments, dict):
        return arguments
    found = {
        key: text_of(value) if key in texts and not isinstance(value, str) else value
        for key, value in arguments.items()
    }
    if resource.service == "states" and "Name" in found:
        found["Name"] = str(found["Name"])
    if resource.service == "lambda" and "Payload" in found:
        found["Payload"] = text_of(found["Payload"])
    if resource.service == "events" and isinstance(found.get("Entries"), list):
        found["Entries"] = [_entry(entry) for entry in found["Entries"]]
    return found


def _entry(entry: Any) -> Any:
    if isinstance(entry, dict) and "Detail" in entry and not isinstance(entry["Detail"], str):
        return {**entry, "Detail": text_of(entry["Detail"])}
    return entry


# -- results


def _shaped(ctx: Context, resource: Resource, model: protocols.OperationModel, documents: frozenset[str]) -> Shaped:
    def plain(answer: Answer) -> Any:
        return sdk.result(model.output_shape, answer, documents)

    if resource.service.startswith("aws-sdk:"):
        return plain
    request_id = ctx.ids.uuid()

    def optimized(answer: Answer) -> Any:
        found = plain(answer)
        if resource.service == "lambda":
            found = _invoked(answer, found)
        if resource.service == "events" and answer.get("FailedEntryCount"):
            raise Failure("EventBridge.FailedEntry", text_of(found))
        if "StartDate" in found and resource.service == "states":
            found["StartDate"] = int(answer["startDate"] * 1000)
        return {**found, **_metadata(request_id)}

    return optimized


def _metadata(request_id: str) -> Answer:
    """What optimized integrations tell of the answer's envelope."""
    headers = {"x-amzn-RequestId": request_id}
    http = {
        "AllHttpHeaders": {name: [value] for name, value in headers.items()},
        "HttpHeaders": headers,
        "HttpStatusCode": 200,
    }
    return {"SdkHttpMetadata": http, "SdkResponseMetadata": {"RequestId": request_id}}


def _invoked(answer: Answer, found: Answer) -> Answer:
    _check_function(answer)
    return {**found, "Payload": _payload(answer)}


def _function_result(answer: Answer) -> Any:
    _check_function(answer)
    return _payload(answer)


def _payload(answer: Answer) -> Any:
    data = answer.get("Payload")
    if not data:
        return {}
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return bytes(data).decode("utf-8", "replace")


def _check_function(answer: Answer) -> None:
    """Raises Failure with the error that a function ended with."""
    if not answer.get("FunctionError"):
        return
    payload = _payload(answer)
    error = payload.get("errorType") if isinstance(payload, dict) else None
    raise Failure(str(error or "Lambda.Unknown"), payload if isinstance(payload, str) else text_of(payload))


# -- calling


def is_transactional(ctx: Context, call: Call) -> bool:
    """Has the work no effect but in the store? Bytes that are read in pieces are read elsewhere."""
    shape = protocols.load(call.service).operations[call.operation].output_shape
    if shape is not None and any(member.is_streaming for member in shape.members.values()):
        return False
    return operations.is_transactional(ctx.app, call.service, call.operation)


async def perform(ctx: Context, caller: Caller, resource: Resource, work: Work, call: Call) -> Answer:
    """Make the call as the state machine's role, or that of the state's credentials. Raises Failure."""
    params = dict(call.params)
    try:
        if work.role is None:
            return await ctx.call(call.service, call.operation, params, source_arn=caller.machine, role=caller.role)
        scope = ctx.at(account=work.role.split(":")[4])
        scope.principal = await ctx.transact(credentials.assume, ctx, caller.role, caller.machine, work.role)
        return await scope.call(call.service, call.operation, params, as_caller=True)
    except AWSError as error:
        raise refused(ctx, resource, call, error) from error


async def _read(answer: Answer) -> Answer:
    """The answer with the bytes of its streams."""
    return {name: await bodies.whole(value) if name == "Body" else value for name, value in answer.items()}


def refused(ctx: Context, resource: Resource, call: Call, error: AWSError) -> Failure:
    """A refusal as a state's failure."""
    prefix, service = call.errors
    model = protocols.load(call.service).operations[call.operation]
    status = error.status or _status(model, error.code)
    request_id = ctx.ids.uuid()
    if service:
        name = error.code if _is_modelled(model, error.code) else f"{service.removesuffix('v2')}Exception"
        said = f"Service: {service}; Status Code: {status}; Error Code: {error.code}; Request ID: {request_id}; Proxy: null"
    else:
        name = error.code if _is_modelled(model, error.code) else _general(prefix, resource)
        said = f"Service: {prefix}, Status Code: {status}, Request ID: {request_id}"
    return Failure(f"{prefix}.{_exception(name)}", f"{error.message} ({said})")


def _general(prefix: str, resource: Resource) -> str:
    return (
        "AWSLambdaException"
        if prefix == "Lambda" and not resource.service.startswith("aws-sdk")
        else f"{prefix}Exception"
    )


def _exception(code: str) -> str:
    """`NoSuchKey` and `DBInstanceNotFoundFault` are exceptions in the SDK."""
    name = sdk.pascal(code.rpartition(".")[2].removesuffix("Fault"))
    return name if name.endswith(("Exception", "Error")) else f"{name}Exception"


def _is_modelled(model: protocols.OperationModel, code: str) -> bool:
    return any(code in (shape.name, (shape.get("error") or {}).get("code")) for shape in model.errors)


def _status(model: protocols.OperationModel, code: str) -> int:
    found = next((shape for shape in model.errors if shape.name == code), None)
    return int((found.get("error") or {}).get("httpStatusCode", 400)) if found is not None else 400


def is_nested(resource: Resource) -> bool:
    """Does the state wait for the end of an execution that it starts?"""
    return resource.service == "states" and resource.pattern in (SYNC, SYNC_2)


def nested_result(resource: Resource, described: Answer) -> Any:
    """What a state that waited for an execution is told, given its description. Raises Failure unless it succeeded."""
    found = {sdk.pascal(name): value for name, value in described.items() if value is not None}
    for name in ("StartDate", "StopDate"):
        if name in found:
            found[name] = int(found[name] * 1000)
    if resource.pattern == SYNC_2:
        found |= {name: orjson.loads(found[name]) for name in ("Input", "Output") if name in found}
    if described["status"] != "SUCCEEDED":
        raise Failure(TASK_FAILED, text_of(found))
    return found


async def perform_outside(ctx: Context, caller: Caller, resource: Resource, work: Work) -> Any:
    """Do the work of a state in no transaction. Raises Failure."""
    if resource.service == "http":
        return await http_tasks.invoke(ctx, caller.role, caller.machine, work.arguments)
    call = plan(ctx, resource, work.arguments)
    scope = ctx.at()
    if operations.is_transactional(ctx.app, call.service, call.operation):
        answer = await scope.transact(perform, scope, caller, resource, work, call)
    else:
        answer = await perform(scope, caller, resource, work, call)
    return call.shaped(await _read(answer))


def check_pattern(resource: Resource) -> None:
    """Raises Failure for work whose end nobody here can wait for."""
    if resource.pattern.startswith("sync") and resource.service != "states":
        raise Failure("NotImplemented", f"Fogbank cannot wait for the end of {resource.service}:{resource.action} yet.")
