"""Sources of pipes: which there are, their parameters, and their records in the form in which they go through a pipe.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-source.html
"""

from __future__ import annotations

import base64
import re
from typing import Any, NamedTuple

import orjson

from fogbank.consumers.settings import Passes, Settings, let_all
from fogbank.kernel import patterns
from fogbank.services.pipes import errors, limits

Record = dict[str, Any]
Parameters = dict[str, Any]


class Kind(NamedTuple):
    """A kind of source.

    pattern   of the ARN's `service:resource`
    member    of the source's parameters
    batch     how many records a batch has when nobody says
    actions   what the role has to be allowed
    """

    pattern: str
    member: str
    batch: int
    actions: tuple[str, ...]


_QUEUE_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_SHARD_ACTIONS = ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards")
_CHANGE_ACTIONS = ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream")

SQS = Kind(r"sqs:[^:/]+", "SqsQueueParameters", 10, _QUEUE_ACTIONS)
KINESIS = Kind(r"kinesis:stream/[^/]+", "KinesisStreamParameters", 100, _SHARD_ACTIONS)
DYNAMODB = Kind(r"dynamodb:table/.+/stream/.+", "DynamoDBStreamParameters", 100, _CHANGE_ACTIONS)
_KINDS = (SQS, KINESIS, DYNAMODB)
# what AWS has besides: brokers, whose services are not there yet
_BROKERS = ("arn:aws:kafka:", "arn:aws:mq:", "smk://")
_FIFO_BATCH = 10
_WINDOWLESS_BATCH = 10
_STREAM_DEFAULTS: Parameters = {
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
}
_QUEUE_DEFAULTS: Parameters = {"MaximumBatchingWindowInSeconds": 0}


def kind_of(arn: str) -> Kind:
    """Raises ValidationException, NotImplemented."""
    if arn.startswith(_BROKERS):
        raise errors.unsupported("source", arn)
    place = place_of(arn)
    kind = next((kind for kind in _KINDS if re.fullmatch(kind.pattern, place)), None)
    if kind is None:
        raise errors.invalid_arn("source", arn)
    return kind


def place_of(arn: str) -> str:
    """The `service:resource` of an ARN, empty for what is none."""
    parts = arn.split(":", 5)
    return f"{parts[2]}:{parts[5]}" if len(parts) == 6 else ""


# -- parameters


def completed(arn: str, given: Parameters | None, before: Parameters | None = None) -> Parameters:
    """The source's parameters with their defaults. Raises ValidationException.

    What there was `before` stays where nothing is given for it: filters, parameters of the source, and where reading begins.
    Criteria without filters take those away that there were.
    """
    kind = kind_of(arn)
    before = before or {}
    asked = {**before, **{name: value for name, value in (given or {}).items() if value is not None}}
    for member in asked:
        if member not in ("FilterCriteria", kind.member):
            raise errors.wrong_parameters(member, "source", arn)
    defaults = _QUEUE_DEFAULTS if kind is SQS else _STREAM_DEFAULTS
    kept = {name: value for name, value in before.get(kind.member, {}).items() if name.startswith("Starting")}
    own = {name: value for name, value in (asked.get(kind.member) or {}).items() if value is not None}
    parameters = {"BatchSize": kind.batch, **defaults, **kept, **own}
    _check(arn, kind, parameters)
    for text in filter_patterns(asked):
        _check_pattern(text)
    if not filter_patterns(asked):
        asked.pop("FilterCriteria", None)
    return {**asked, kind.member: parameters}


def _check(arn: str, kind: Kind, parameters: Parameters) -> None:
    batch, window = parameters["BatchSize"], parameters["MaximumBatchingWindowInSeconds"]
    if kind is SQS:
        if arn.endswith(".fifo") and batch > _FIFO_BATCH:
            raise errors.batch_too_large(_FIFO_BATCH, "FIFO queue")
        if batch > _WINDOWLESS_BATCH and not window:
            raise errors.window_required()
        return
    if "StartingPosition" not in parameters:
        raise errors.parameters_required(f"{kind.member}.StartingPosition")
    if (parameters["StartingPosition"] == "AT_TIMESTAMP") != ("StartingPositionTimestamp" in parameters):
        raise errors.starting_timestamp()


def filter_patterns(parameters: Parameters) -> list[str]:
    filters = (parameters.get("FilterCriteria") or {}).get("Filters") or []
    return [each["Pattern"] for each in filters if each.get("Pattern")]


def _check_pattern(text: str) -> None:
    try:
        patterns.compile(text, patterns.PIPES)
    except patterns.InvalidPattern as error:
        raise errors.invalid_filter(error.reason) from error


def settings(kind: Kind, parameters: Parameters) -> Settings:
    """How a consumer reads the source."""
    own = parameters[kind.member]
    return Settings(
        own["BatchSize"],
        own["MaximumBatchingWindowInSeconds"],
        limits.CONCURRENCY,
        True,
        own.get("MaximumRetryAttempts", -1),
        own.get("MaximumRecordAgeInSeconds", -1),
        own.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT",
        own.get("ParallelizationFactor", 1),
        starting=own.get("StartingPosition", "TRIM_HORIZON"),
        starting_at=own.get("StartingPositionTimestamp"),
    )


# -- records


def event_of(record: Record) -> Record:
    """A record as a pipe shows it: that of a Kinesis stream is flat."""
    inner = record.get("kinesis")
    return record if inner is None else {**inner, **{name: each for name, each in record.items() if name != "kinesis"}}


def identifier(event: Record) -> str:
    """What a target names a record by that it could not handle."""
    return str(event.get("messageId") or event.get("eventID"))


def sequence(record: Record) -> str:
    """What the consumer knows a record by."""
    if "messageId" in record:
        return str(record["messageId"])
    inner = record.get("kinesis") or record["dynamodb"]
    return str(inner.get("sequenceNumber") or inner["SequenceNumber"])


def passes(parameters: Parameters) -> Passes:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-filtering.html"""
    compiled = [patterns.compile(text, patterns.PIPES) for text in filter_patterns(parameters)]
    if not compiled:
        return let_all

    def fits_any(record: Record) -> bool:
        document = _filtered(event_of(record))
        return any(fits(document) for fits in compiled)

    return fits_any


def _filtered(event: Record) -> Record:
    """An event as filters see it: with its body or data as JSON, if it is."""
    if "body" in event:
        return {**event, "body": _document(event["body"])}
    if "kinesisSchemaVersion" in event:
        return {**event, "data": _document(base64.b64decode(event["data"]))}
    return event


def _document(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text if isinstance(text, str) else text.decode("utf-8", "replace")
