"""What processors make of records, one after another. A record may become several, none, or one that is refused.

https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import orjson

from fogbank.kernel import Context
from fogbank.services.firehose import functions, limits, processors, queries, settings
from fogbank.services.firehose.buffers import Item
from fogbank.services.firehose.processors import Parameters
from fogbank.services.firehose.records import Stream
from fogbank.services.firehose.refusals import Processed, Refused


class Work(NamedTuple):
    ctx: Context
    stream: Stream
    parameters: Parameters


async def process(ctx: Context, stream: Stream, items: list[Item]) -> Processed:
    """What becomes of the records of a batch. Outside of transactions."""
    refused: list[Refused] = []
    for kind, parameters in processors.enabled(stream.destination.get("ProcessingConfiguration")):
        found = await _STEPS[kind](Work(ctx, stream, parameters), items)
        items = found.items
        refused += found.refused
    return Processed(items, refused)


Each = Callable[[Parameters, Item], list[Item]]
Step = Callable[[Work, list[Item]], Awaitable[Processed]]


def _one_by_one(code: str, each: Each) -> Step:
    """A step that looks at each record alone, and refuses those for which it raises NotExtracted."""

    async def step(work: Work, items: list[Item]) -> Processed:
        done, refused = list[Item](), list[Refused]()
        for item in items:
            try:
                done += each(work.parameters, item)
            except queries.NotExtracted as error:
                refused.append(Refused(item, code, str(error)))
        return Processed(done, refused)

    return step


def _deaggregated(parameters: Parameters, item: Item) -> list[Item]:
    if parameters["SubRecordType"] == "JSON":
        parts = queries.split_json(item.data)
    else:
        parts = queries.split_at(parameters["Delimiter"], item.data)
    return [item._replace(id=f"{item.id}.{number}", data=part) for number, part in enumerate(parts)]


def _decompressed(parameters: Parameters, item: Item) -> list[Item]:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(item.data)) as file:
            data = file.read(limits.DECOMPRESSED_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise queries.NotExtracted(f"The record cannot be decompressed: {error}") from error
    if len(data) > limits.DECOMPRESSED_BYTES:
        raise queries.NotExtracted(
            f"The record is larger than {limits.DECOMPRESSED_BYTES} bytes when it is decompressed."
        )
    return [item._replace(data=data)]


def _messages(parameters: Parameters, item: Item) -> list[Item]:
    """The messages alone of what CloudWatch Logs sent; of messages of control nothing.

    https://docs.aws.amazon.com/firehose/latest/dev/Message_extraction.html
    """
    if parameters["DataMessageExtraction"].lower() != "true":
        return [item]
    try:
        document = orjson.loads(item.data)
        if document["messageType"] == "CONTROL_MESSAGE":
            return []
        text = "".join(f"{event['message']}\n" for event in document["logEvents"])
    except (ValueError, KeyError, TypeError) as error:
        raise queries.NotExtracted("The record is not in the format of CloudWatch Logs.") from error
    return [item._replace(data=text.encode())]


def _partitioned(parameters: Parameters, item: Item) -> list[Item]:
    return [item._replace(query_keys=queries.extracted(parameters["MetadataExtractionQuery"], item.data))]


def _delimited(parameters: Parameters, item: Item) -> list[Item]:
    """The delimiter may be written with escapes: `\\n`."""
    text = parameters.get("Delimiter", "\\n").encode().decode("unicode_escape")
    return [item._replace(data=item.data + text.encode("latin-1", "replace"))]


async def _transformed(work: Work, items: list[Item]) -> Processed:
    role = work.parameters.get("RoleArn") or settings.role_of(work.stream.destination)
    return await functions.transformed(work.ctx, work.stream, role, work.parameters, items)


_STEPS: dict[str, Step] = {
    "RecordDeAggregation": _one_by_one("DeaggregationFailed", _deaggregated),
    "Decompression": _one_by_one("DecompressionFailed", _decompressed),
    "CloudWatchLogProcessing": _one_by_one("CloudWatchLogProcessingFailed", _messages),
    "Lambda": _transformed,
    "MetadataExtraction": _one_by_one("DynamicPartitioning.MetadataExtractionFailed", _partitioned),
    "AppendDelimiterToRecord": _one_by_one("AppendDelimiterFailed", _delimited),
}
