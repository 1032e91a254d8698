"""Transformation by a function: batches go to it, and what it says of each record is done.

https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
"""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.firehose import limits, logs, metering, roles
from fogbank.services.firehose.buffers import Item
from fogbank.services.firehose.processors import Parameters
from fogbank.services.firehose.records import Stream
from fogbank.services.firehose.refusals import Processed, Refused

_RETRIES = 3
_CODES = {
    "AccessDeniedException": "Lambda.InvokeAccessDenied",
    "AccessDenied": "Lambda.InvokeAccessDenied",
    "ResourceNotFoundException": "Lambda.FunctionNotFound",
}


class _Failed(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


async def transformed(ctx: Context, stream: Stream, role: str, parameters: Parameters, items: list[Item]) -> Processed:
    """What the function makes of the records, in portions of its buffer's size."""
    size = float(parameters.get("BufferSizeInMBs", 1)) * limits.MIB
    done, refused = list[Item](), list[Refused]()
    for portion in _portions(items, size):
        found = await _portion(ctx, stream, role, parameters, portion)
        done += found.items
        refused += found.refused
    return Processed(done, refused)


def _portions(items: list[Item], size: float) -> list[list[Item]]:
    found: list[list[Item]] = []
    filled = 0
    for item in items:
        if not found or filled + len(item.data) > size:
            found.append([])
            filled = 0
        found[-1].append(item)
        filled += len(item.data)
    return found


async def _portion(ctx: Context, stream: Stream, role: str, parameters: Parameters, items: list[Item]) -> Processed:
    arn, attempts = parameters["LambdaArn"], int(parameters.get("NumberOfRetries", _RETRIES)) + 1
    begun = ctx.now()
    failure = _Failed("", "")
    for _ in range(attempts):
        try:
            answer = await _invoke(ctx, stream, role, arn, items)
        except _Failed as error:
            failure = error
            continue
        found = _settled(items, answer, arn)
        metering.processed(ctx, stream, ctx.now() - begun, found.items, not found.refused)
        return found
    metering.processed(ctx, stream, ctx.now() - begun, [], False)
    await logs.write(ctx, stream, stream.destination, role, failure.code, str(failure), processor=arn)
    return Processed([], [Refused(item, failure.code, str(failure), attempts, arn) for item in items])


async def _invoke(ctx: Context, stream: Stream, role: str, arn: str, items: list[Item]) -> list[dict[str, Any]]:
    """What the function answers about each record. Raises _Failed."""
    parts = arn.split(":")
    try:
        scope = await roles.acting(ctx, stream.arn, role, parts[4], parts[3])
        request = {"FunctionName": arn, "InvocationType": "RequestResponse", "Payload": _event(ctx, stream, items)}
        answer = await scope.call("lambda", "Invoke", request, as_caller=True)
    except AWSError as error:
        raise _Failed(_CODES.get(error.code, "Lambda.InvocationFailure"), error.message or error.code) from error
    payload = bytes(answer.get("Payload") or b"")
    if answer.get("FunctionError"):
        raise _Failed(
            "Lambda.FunctionError",
            f"The Lambda function was invoked but it returned an error result: {payload.decode('utf-8', 'replace')}",
        )
    try:
        records: list[dict[str, Any]] = orjson.loads(payload)["records"]
        return [each for each in records if isinstance(each, dict)]
    except (ValueError, KeyError, TypeError) as error:
        raise _Failed(
            "Lambda.JsonProcessingException", "There was an error parsing returned records from the Lambda function."
        ) from error


def _event(ctx: Context, stream: Stream, items: list[Item]) -> bytes:
    event: dict[str, Any] = {
        "invocationId": ctx.ids.uuid(),
        "deliveryStreamArn": stream.arn,
        "region": ctx.region,
        "records": [_record(item) for item in items],
    }
    if stream.source is not None:
        event["sourceKinesisStreamArn"] = stream.source["KinesisStreamARN"]
    return orjson.dumps(event)


def _record(item: Item) -> dict[str, Any]:
    record: dict[str, Any] = {
        "recordId": item.id,
        "approximateArrivalTimestamp": int(item.at * 1000),
        "data": base64.b64encode(item.data).decode(),
    }
    if item.metadata is not None:
        record["kinesisRecordMetadata"] = item.metadata
    return record


def _settled(items: list[Item], answers: list[dict[str, Any]], arn: str) -> Processed:
    """What the function's answers say about each record."""
    counts = Counter(str(each.get("recordId")) for each in answers)
    by_id = {str(each.get("recordId")): each for each in answers}
    done, refused = list[Item](), list[Refused]()
    for item in items:
        try:
            if counts[item.id] > 1:
                raise _Failed("Lambda.DuplicatedRecordId", "Multiple records were returned with the same record ID.")
            found = _answered(item, by_id.get(item.id))
        except _Failed as error:
            refused.append(Refused(item, error.code, str(error), 1, arn))
        else:
            done += found
    return Processed(done, refused)


def _answered(item: Item, answer: dict[str, Any] | None) -> list[Item]:
    """The record as the function made it, if it did not drop it. Raises _Failed."""
    if answer is None:
        raise _Failed("Lambda.MissingRecordId", "One or more record Ids were not returned.")
    result = answer.get("result")
    if result == "Dropped":
        return []
    if result == "ProcessingFailed":
        raise _Failed("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record.")
    if result != "Ok":
        raise _Failed("Lambda.MissingResult", f"The result of a record is none that there is: {result}")
    try:
        data = base64.b64decode(answer.get("data") or "", validate=True)
    except (ValueError, TypeError) as error:
        raise _Failed("Lambda.JsonProcessingException", "The data of a record is not encoded in base64.") from error
    metadata = answer.get("metadata")
    keys = metadata.get("partitionKeys") if isinstance(metadata, dict) else None
    if not isinstance(keys, dict):
        keys = {}
    return [item._replace(data=data, lambda_keys={name: str(value) for name, value in keys.items()})]
