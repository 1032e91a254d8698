"""Processors as they are configured. What they do is in `processing.py`.

https://docs.aws.amazon.com/firehose/latest/APIReference/API_Processor.html
"""

from __future__ import annotations

import base64
import binascii

from fogbank.kernel import Context, operations
from fogbank.kernel.errors import not_implemented
from fogbank.services.firehose import errors, queries
from fogbank.services.firehose.records import Settings

Parameters = dict[str, str]

# in the order in which they take their turns, whatever the order in which they are given
ORDER = (
    "RecordDeAggregation",
    "Decompression",
    "CloudWatchLogProcessing",
    "Lambda",
    "MetadataExtraction",
    "AppendDelimiterToRecord",
)
_REQUIRED = {
    "RecordDeAggregation": ("SubRecordType",),
    "Decompression": ("CompressionFormat",),
    "CloudWatchLogProcessing": ("DataMessageExtraction",),
    "Lambda": ("LambdaArn",),
    "MetadataExtraction": ("MetadataExtractionQuery", "JsonParsingEngine"),
    "AppendDelimiterToRecord": (),
}
_BUFFER = ("BufferSizeInMBs", "BufferIntervalInSeconds")


def enabled(configuration: Settings | None) -> list[tuple[str, Parameters]]:
    """(type, parameters) of the processors that are at work, in their order."""
    if not configuration or not configuration.get("Enabled"):
        return []
    found = {each["Type"]: _parameters(each) for each in configuration.get("Processors") or ()}
    return [(kind, found[kind]) for kind in ORDER if kind in found]


def types_of(configuration: Settings | None) -> list[str]:
    return [kind for kind, _ in enabled(configuration)]


def _parameters(processor: Settings) -> Parameters:
    return {each["ParameterName"]: each["ParameterValue"] for each in processor.get("Parameters") or ()}


def check(ctx: Context, configuration: Settings | None) -> None:
    """Raises InvalidArgumentException, NotImplemented."""
    given = (configuration or {}).get("Processors") or ()
    kinds = [each["Type"] for each in given]
    if len(set(kinds)) < len(kinds):
        raise errors.invalid("There can be only one processor of each type.")
    for each in given:
        parameters = _parameters(each)
        if missing := [name for name in _REQUIRED[each["Type"]] if name not in parameters]:
            raise errors.invalid(f"Processor {each['Type']} needs the parameter {missing[0]}.")
        _check(ctx, each["Type"], parameters)


def _check(ctx: Context, kind: str, parameters: Parameters) -> None:
    if kind == "Lambda":
        _check_function(ctx, parameters)
    elif kind == "MetadataExtraction":
        if parameters["JsonParsingEngine"] != "JQ-1.6":
            raise errors.invalid("JsonParsingEngine must be JQ-1.6.")
        queries.check(parameters["MetadataExtractionQuery"])
    elif kind == "RecordDeAggregation":
        _check_parts(parameters)
    elif kind == "AppendDelimiterToRecord":
        _check_delimiter(parameters.get("Delimiter", ""))
    elif kind == "Decompression" and parameters["CompressionFormat"] != "GZIP":
        raise errors.invalid("CompressionFormat of the processor Decompression must be GZIP.")


def _check_delimiter(text: str) -> None:
    try:
        text.encode().decode("unicode_escape")
    except UnicodeDecodeError as error:
        raise errors.invalid(f"Delimiter has an escape that there is not: {text}") from error


def _check_function(ctx: Context, parameters: Parameters) -> None:
    if not operations.is_there(ctx.app, "lambda", "Invoke"):
        raise not_implemented("lambda", "Invoke")
    if not parameters["LambdaArn"].startswith("arn:") or ":lambda:" not in parameters["LambdaArn"]:
        raise errors.invalid(f"Invalid Lambda ARN: {parameters['LambdaArn']}")
    if len([name for name in _BUFFER if name in parameters]) == 1:
        raise errors.invalid(
            "Both BufferSizeInMBs and BufferIntervalInSeconds are required to configure buffering for lambda processor."
        )
    try:
        size = float(parameters.get("BufferSizeInMBs", 1))
        interval = int(parameters.get("BufferIntervalInSeconds", 60))
        retries = int(parameters.get("NumberOfRetries", 3))
    except ValueError as error:
        raise errors.invalid(f"A parameter of the processor Lambda is not a number: {error}") from error
    if not 0.2 <= size <= 3:
        raise errors.invalid("BufferSizeInMBs must be between 0.2 and 3.")
    if not 0 <= interval <= 900:
        raise errors.invalid("BufferIntervalInSeconds must be between 0 and 900.")
    if not 0 <= retries <= 300:
        raise errors.invalid("NumberOfRetries must be between 0 and 300.")


def _check_parts(parameters: Parameters) -> None:
    kind = parameters["SubRecordType"]
    if kind not in ("JSON", "DELIMITED"):
        raise errors.invalid("SubRecordType must be JSON or DELIMITED.")
    if kind == "DELIMITED":
        try:
            found = base64.b64decode(parameters.get("Delimiter", ""), validate=True)
        except binascii.Error as error:
            raise errors.invalid("Delimiter has to be encoded in base64.") from error
        if not found:
            raise errors.invalid("Delimiter must be specified when SubRecordType is DELIMITED.")
