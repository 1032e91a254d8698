"""Targets of pipes: the operation that a batch becomes, and what of the batch it refused.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import orjson

from fogbank.kernel import Context, json_paths, operations
from fogbank.kernel.errors import not_implemented
from fogbank.services.pipes import endpoints, errors
from fogbank.services.pipes.batches import Batch, Failed
from fogbank.services.pipes.sources import identifier, place_of
from fogbank.services.pipes.templating import parsed, resolved

Refused = set[int]
"""Which of a batch, by their places in it."""

Send = Callable[[Batch], Awaitable[Refused]]

_WHOLE = 10_000


class Kind(NamedTuple):
    """A kind of target.

    pattern  of the ARN's `service:resource`
    member   of the target's parameters, if it has some
    most     how many events one call takes
    """

    pattern: str
    service: str
    operation: str
    member: str
    most: int
    send: Send


# -- in batches


async def _messages(batch: Batch) -> Refused:
    parts = batch.arn.split(":")
    own = batch.parameters.get("SqsQueueParameters") or {}
    entries = [
        _entry(
            Id=str(place),
            MessageBody=text,
            MessageGroupId=_parameter(own.get("MessageGroupId"), event),
            MessageDeduplicationId=_parameter(own.get("MessageDeduplicationId"), event),
        )
        for place, (event, text) in enumerate(zip(batch.events, batch.texts, strict=True))
    ]
    url = f"{batch.ctx.endpoint}/{parts[4]}/{parts[5]}"
    answer = await batch.call("sqs", "SendMessageBatch", {"QueueUrl": url, "Entries": entries})
    return {int(failure["Id"]) for failure in answer.get("Failed") or ()}


async def _notifications(batch: Batch) -> Refused:
    entries = [{"Id": str(place), "Message": text} for place, text in enumerate(batch.texts)]
    answer = await batch.call("sns", "PublishBatch", {"TopicArn": batch.arn, "PublishBatchRequestEntries": entries})
    return {int(failure["Id"]) for failure in answer.get("Failed") or ()}


async def _events(batch: Batch) -> Refused:
    own = batch.parameters.get("EventBridgeEventBusParameters") or {}
    entries = [_bus_entry(batch, own, place) for place in range(len(batch.events))]
    params = {"Entries": entries, "EndpointId": own.get("EndpointId")}
    answer = await batch.call("events", "PutEvents", params)
    return {place for place, entry in enumerate(answer["Entries"]) if entry.get("ErrorCode")}


def _bus_entry(batch: Batch, own: dict[str, Any], place: int) -> dict[str, Any]:
    event = batch.events[place]
    time = own.get("Time")
    return _entry(
        Source=_parameter(own.get("Source"), event) or f"Pipe {batch.pipe.name}",
        DetailType=_parameter(own.get("DetailType"), event) or f"Event from aws:{batch.pipe.source.split(':')[2]}",
        Detail=batch.texts[place],
        Resources=[resolved(text, event) for text in own.get("Resources") or ()] or None,
        Time=_moment(json_paths.extract(time, parsed(event))) if time else None,
        EventBusName=batch.arn,
    )


def _moment(value: Any) -> float | None:
    """Epoch seconds, of a number of seconds or of milliseconds."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number / 1000 if number > 1e11 else number


async def _records(batch: Batch) -> Refused:
    key = (batch.parameters.get("KinesisStreamParameters") or {})["PartitionKey"]
    records = [
        {"Data": text.encode(), "PartitionKey": resolved(key, event) or "-"}
        for event, text in zip(batch.events, batch.texts, strict=True)
    ]
    answer = await batch.call("kinesis", "PutRecords", {"StreamARN": batch.arn, "Records": records})
    return {place for place, record in enumerate(answer["Records"]) if record.get("ErrorCode")}


async def _deliveries(batch: Batch) -> Refused:
    params = {
        "DeliveryStreamName": batch.arn.rpartition("/")[2],
        "Records": [{"Data": text.encode()} for text in batch.texts],
    }
    answer = await batch.call("firehose", "PutRecordBatch", params)
    return {place for place, record in enumerate(answer["RequestResponses"]) if record.get("ErrorCode")}


async def _log_events(batch: Batch) -> Refused:
    own = batch.parameters.get("CloudWatchLogsParameters") or {}
    group = batch.arn.split(":log-group:")[1].removesuffix(":*")
    entries: list[dict[str, Any]] = [
        {"timestamp": _milliseconds(batch, own.get("Timestamp"), event), "message": text}
        for event, text in zip(batch.events, batch.texts, strict=True)
    ]
    entries.sort(key=lambda entry: entry["timestamp"])
    params = {"logGroupName": group, "logStreamName": own["LogStreamName"], "logEvents": entries}
    await batch.call("logs", "PutLogEvents", params)
    return set()


def _milliseconds(batch: Batch, path: str | None, event: Any) -> int:
    moment = _moment(json_paths.extract(path, parsed(event))) if path else None
    return int((batch.ctx.now() if moment is None else moment) * 1000)


async def _request(batch: Batch) -> Refused:
    await endpoints.ask(batch, 0)
    return set()


def _entry(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _parameter(text: str | None, event: Any) -> str | None:
    return resolved(text, event) if text else None


# -- as a whole


async def _invocation(batch: Batch) -> Refused:
    is_async = _invocation_type(batch, "LambdaFunctionParameters") == "FIRE_AND_FORGET"
    kind = "Event" if is_async else "RequestResponse"
    params = {"FunctionName": batch.arn, "InvocationType": kind, "Payload": batch.array()}
    answer = await batch.call("lambda", "Invoke", params)
    if answer.get("FunctionError"):
        raise Failed(f"The function failed: {answer['FunctionError']}")
    return set() if is_async else _reported(batch, answer.get("Payload") or b"null")


async def _execution(batch: Batch) -> Refused:
    is_async = _invocation_type(batch, "StepFunctionStateMachineParameters") == "FIRE_AND_FORGET"
    params = {"stateMachineArn": batch.arn, "input": batch.array().decode()}
    answer = await batch.call("stepfunctions", "StartExecution" if is_async else "StartSyncExecution", params)
    if is_async:
        return set()
    if answer["status"] != "SUCCEEDED":
        raise Failed(f"The execution ended as {answer['status']}: {answer.get('error')}")
    return _reported(batch, (answer.get("output") or "null").encode())


def _invocation_type(batch: Batch, member: str) -> str:
    return (batch.parameters.get(member) or {}).get("InvocationType") or "REQUEST_RESPONSE"


def _reported(batch: Batch, payload: bytes) -> Refused:
    """The events that a target says it could not handle. Raises Failed for an identifier that no event has.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
    """
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return set()
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not failures:
        return set()
    places = {identifier(event): place for place, event in enumerate(batch.events) if isinstance(event, dict)}
    named = [str(each.get("itemIdentifier")) if isinstance(each, dict) else "" for each in failures]
    if any(name not in places for name in named):
        raise Failed("The target reported the failure of an item that it was not given.")
    return {places[name] for name in named}


_KINDS = (
    Kind(r"sqs:[^:/]+", "sqs", "SendMessageBatch", "SqsQueueParameters", 10, _messages),
    Kind(r"sns:[^:/]+", "sns", "PublishBatch", "", 10, _notifications),
    Kind(r"lambda:function:.+", "lambda", "Invoke", "LambdaFunctionParameters", _WHOLE, _invocation),
    Kind(r"events:event-bus/.+", "events", "PutEvents", "EventBridgeEventBusParameters", 10, _events),
    Kind(endpoints.PATTERN, "events", "CreateApiDestination", "HttpParameters", 1, _request),
    Kind(r"kinesis:stream/.+", "kinesis", "PutRecords", "KinesisStreamParameters", 500, _records),
    Kind(r"firehose:deliverystream/.+", "firehose", "PutRecordBatch", "", 500, _deliveries),
    Kind(r"logs:log-group:.+", "logs", "PutLogEvents", "CloudWatchLogsParameters", _WHOLE, _log_events),
    Kind(
        r"states:stateMachine:.+",
        "stepfunctions",
        "StartExecution",
        "StepFunctionStateMachineParameters",
        _WHOLE,
        _execution,
    ),
)
# what AWS has besides: the services of these targets
_OTHERS = ("batch", "codebuild", "ecs", "inspector", "redshift", "sagemaker", "timestream")
_SHARED_MEMBERS = ("InputTemplate",)
_REQUIRED = {"KinesisStreamParameters": "PartitionKey", "CloudWatchLogsParameters": "LogStreamName"}


def kind_of(arn: str) -> Kind:
    """Raises ValidationException, NotImplemented."""
    place = place_of(arn)
    kind = next((kind for kind in _KINDS if re.fullmatch(kind.pattern, place)), None)
    if kind is None and place.partition(":")[0] in _OTHERS:
        raise errors.unsupported("target", arn)
    if kind is None:
        raise errors.invalid_arn("target", arn)
    return kind


def check(ctx: Context, arn: str, parameters: dict[str, Any]) -> Kind:
    """Raises ValidationException for a target that could never be given anything, NotImplemented."""
    kind = kind_of(arn)
    for member, value in parameters.items():
        if value is not None and member not in (*_SHARED_MEMBERS, kind.member):
            raise errors.wrong_parameters(member, "target", arn)
    required = "MessageGroupId" if arn.endswith(".fifo") and kind.service == "sqs" else _REQUIRED.get(kind.member)
    if required and not (parameters.get(kind.member) or {}).get(required):
        raise errors.target_parameter_required(f"{kind.member}.{required}")
    if not operations.is_there(ctx.app, kind.service, kind.operation):
        raise not_implemented(kind.service, kind.operation)
    return kind


async def send(batch: Batch) -> Refused:
    """Give the target a batch, in as many calls as it takes. Raises Failed when none of it arrived."""
    kind = kind_of(batch.arn)
    refused: Refused = set()
    for start in range(0, len(batch.events), kind.most):
        end = start + kind.most
        part = batch._replace(events=batch.events[start:end], texts=batch.texts[start:end])
        try:
            refused |= {start + place for place in await kind.send(part)}
        except Failed:
            if start == 0:
                raise
            return refused | set(range(start, len(batch.events)))
    return refused
