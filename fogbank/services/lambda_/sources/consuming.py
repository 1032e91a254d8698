"""Reading queues and streams for functions: the standing work of an event source mapping.

What reads is `fogbank.consumers`; here are the function that handles the batches, what it says about them, and where the positions and
what was given up go.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from typing import Any

import msgspec
import orjson

from fogbank.consumers.queues import QueueConsumer
from fogbank.consumers.settings import Batch, Passes, Settings, Verdict, let_all
from fogbank.consumers.shards import stream_of
from fogbank.consumers.streams import GivenUp, StreamConsumer
from fogbank.identity import Principal
from fogbank.kernel import AWSError, Context, patterns
from fogbank.protocols.timestamps import iso8601, iso8601_milliseconds
from fogbank.services.lambda_.durable.starting import run
from fogbank.services.lambda_.invocation import destinations, recursion
from fogbank.services.lambda_.invocation.invocations import routed
from fogbank.services.lambda_.invocation.running import Invocation
from fogbank.services.lambda_.observation import metering
from fogbank.services.lambda_.records import arn_of, find
from fogbank.services.lambda_.service import service
from fogbank.services.lambda_.sources import counting
from fogbank.services.lambda_.sources.event_sources import (
    DYNAMODB,
    KINESIS,
    SQS,
    Mapping,
    checkpoints,
    filter_patterns,
    function_of,
    mappings,
    topic,
)

log = logging.getLogger("fogbank.lambda")

_LOOK_SECONDS = 3600
# A function that is gone may be made again.
_PAUSE_SECONDS = 5.0
# What mappings of streams say of their last batch.
_HANDLED, _FAILED = "OK", "PROBLEM: Function call failed"


@service.standing
async def consume(ctx: Context, uuid: str) -> None:
    """Read for a mapping, anew whenever the mapping has changed."""
    with ctx.watch(*topic(uuid)) as watch:
        while True:
            mapping = await ctx.transact(mappings.get, ctx, uuid)
            if mapping is None or not mapping.enabled:
                await watch.wait(timeout=_LOOK_SECONDS)
                continue
            reading = asyncio.get_running_loop().create_task(_read(ctx.at(), mapping))
            try:
                while mapping == await _unsettled(ctx, mapping):
                    changed = asyncio.get_running_loop().create_task(watch.wait(timeout=_LOOK_SECONDS))
                    await asyncio.wait((reading, changed), return_when=asyncio.FIRST_COMPLETED)
                    changed.cancel()
                    if reading.done():
                        reading.result()
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


async def _unsettled(ctx: Context, mapping: Mapping) -> Mapping | None:
    """The mapping as it is now, but for what is no concern of the reader."""
    now = await ctx.transact(mappings.get, ctx, mapping.uuid)
    return None if now is None else msgspec.structs.replace(now, state=mapping.state, result=mapping.result)


async def _read(ctx: Context, mapping: Mapping) -> None:
    parts = mapping.source.split(":")
    scope = ctx.at(account=parts[4], region=parts[3])
    scope.principal = await _reader(ctx, mapping)
    settings = _settings(mapping.config)
    passes = counting.polled(ctx.at(), mapping, _filter(mapping))

    told = mapping.result

    async def handle(batch: Batch) -> Verdict:
        nonlocal told
        verdict = await _invoke(ctx.at(), mapping, batch)
        result = told if verdict.is_throttled else _FAILED if verdict.error else _HANDLED
        if result != told and mapping.kind != SQS:
            told = result
            await _note_result(ctx.at(), mapping, result)
        return verdict

    if mapping.kind == SQS:
        await QueueConsumer(scope, mapping.source, settings, handle, passes).run()
        return

    async def give_up(given: GivenUp) -> None:
        await _give_up(ctx.at(), mapping, given)

    stream = stream_of(scope, mapping.source)
    await StreamConsumer(stream, settings, _Checkpoints(ctx, mapping.uuid), handle, give_up, passes).run()


async def _note_result(ctx: Context, mapping: Mapping, result: str) -> None:
    async def put() -> None:
        now = await mappings.get(ctx, mapping.uuid)
        if now is not None:
            mappings.put(ctx, msgspec.structs.replace(now, result=result), mapping.uuid)

    await ctx.transact(put)


async def _reader(ctx: Context, mapping: Mapping) -> Principal:
    """Who reads the source, as soon as there is a function, and a role that it may take."""
    while True:
        try:
            return await ctx.transact(_role, ctx, mapping)
        except AWSError as error:
            log.info("nobody reads %s: %s", mapping.source, error)
            await asyncio.sleep(_PAUSE_SECONDS)


async def _role(ctx: Context, mapping: Mapping) -> Principal:
    """A session of the function's execution role, which is who reads the source."""
    function = await find(function_of(ctx, mapping))
    return await ctx.assume(function.role, session_name=function.name)


def _settings(config: dict[str, Any]) -> Settings:
    return Settings(
        config["BatchSize"],
        config["MaximumBatchingWindowInSeconds"],
        (config.get("ScalingConfig") or {}).get("MaximumConcurrency") or 5,
        "ReportBatchItemFailures" in (config.get("FunctionResponseTypes") or []),
        config.get("MaximumRetryAttempts", -1),
        config.get("MaximumRecordAgeInSeconds", -1),
        bool(config.get("BisectBatchOnFunctionError")),
        config.get("ParallelizationFactor", 1),
        config.get("TumblingWindowInSeconds", 0),
        config.get("StartingPosition", "TRIM_HORIZON"),
        config.get("StartingPositionTimestamp"),
    )


class _Checkpoints:
    def __init__(self, ctx: Context, uuid: str) -> None:
        self._ctx = ctx
        self._uuid = uuid

    async def load(self, shard: str) -> str | None:
        ctx = self._ctx.at()
        return await ctx.transact(checkpoints.get, ctx, self._uuid, shard)

    async def save(self, shard: str, position: str) -> None:
        ctx = self._ctx.at()

        async def put() -> None:
            checkpoints.put(ctx, position, self._uuid, shard)

        await ctx.transact(put)


# -- filters: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html


def _filter(mapping: Mapping) -> Passes:
    compiled = [patterns.compile(text, patterns.LAMBDA) for text in filter_patterns(mapping.config)]
    if not compiled:
        return let_all
    form = {SQS: _message, KINESIS: _kinesis, DYNAMODB: _change}[mapping.kind]

    def passes(record: dict[str, Any]) -> bool:
        document = form(record)
        return any(fits(document) for fits in compiled)

    return passes


def _message(record: dict[str, Any]) -> dict[str, Any]:
    """A message as filters see it: with its body as JSON, if it is."""
    return {**record, "body": _parsed(record["body"])}


def _kinesis(record: dict[str, Any]) -> dict[str, Any]:
    inner = record["kinesis"]
    return {**inner, "data": _parsed(base64.b64decode(inner["data"]))}


def _change(record: dict[str, Any]) -> dict[str, Any]:
    return record


def _parsed(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text if isinstance(text, str) else text.decode("utf-8", "replace")


# -- handling


async def _invoke(ctx: Context, mapping: Mapping, batch: Batch) -> Verdict:
    """Have the function handle a batch, but for messages that would go on with a loop: those come again, until the queue gives them up."""
    of = function_of(ctx, mapping)
    stopped = await recursion.stopped(of, _traces(batch))
    going = [record for record in batch.records if record.get("messageId") not in stopped]
    if stopped and not going:
        return Verdict(error="RecursiveInvocationException")
    verdict = await _handled(ctx, mapping, batch._replace(records=going))
    counting.handled(ctx, mapping, len(going), verdict)
    return verdict._replace(failed=(*verdict.failed, *stopped))


async def _handled(ctx: Context, mapping: Mapping, batch: Batch) -> Verdict:
    of = function_of(ctx, mapping)
    event: dict[str, Any] = {"Records": batch.records}
    if batch.window is not None:
        event |= {
            "window": {"start": _moment(batch.window.start), "end": _moment(batch.window.end)},
            "state": batch.window.state,
            "shardId": batch.shard,
            "eventSourceARN": mapping.source,
            "isFinalInvokeForWindow": batch.window.is_final,
            "isWindowTerminatedEarly": batch.window.is_early,
        }
    try:
        function = await ctx.transact(routed, of)
        if mapping.kind != SQS and batch.records:
            metering.aged(ctx, function, _arrival(batch.records[-1]))
        trace = recursion.longest(list(_traces(batch).values()), of.function_arn)
        done = await run(ctx, function, Invocation(ctx.ids.uuid(), orjson.dumps(event), of.arn, trace=trace))
    except AWSError as error:
        if error.code == "TooManyRequestsException":
            return Verdict(is_throttled=True)
        return Verdict(error=error.message)
    if done.error:
        return Verdict(error="FunctionError")
    return _verdict(mapping, batch, done.payload)


def _arrival(record: dict[str, Any]) -> float:
    """When the stream got the record (epoch seconds)."""
    if "kinesis" in record:
        return float(record["kinesis"]["approximateArrivalTimestamp"])
    return float(record["dynamodb"]["ApproximateCreationDateTime"])


def _traces(batch: Batch) -> dict[str, str]:
    """The X-Ray headers that messages came with, by the messages' ids."""
    found = ((record.get("messageId"), record.get("attributes", {}).get("AWSTraceHeader")) for record in batch.records)
    return {name: header for name, header in found if name and header}


def _moment(seconds: float) -> str:
    return iso8601(int(seconds))


def _verdict(mapping: Mapping, batch: Batch, payload: bytes) -> Verdict:
    """What the function says of its batch: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"""
    try:
        answer = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        answer = None
    state = answer.get("state") if batch.window is not None and isinstance(answer, dict) else None
    if "ReportBatchItemFailures" not in (mapping.config.get("FunctionResponseTypes") or []):
        return Verdict(state=state)
    if answer is None or answer == {}:
        return Verdict(state=state)
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else ()
    if failures is None:
        return Verdict(state=state)
    if not isinstance(failures, list):
        return Verdict(error="invalid response")
    failed = [str(each.get("itemIdentifier")) if isinstance(each, dict) else "" for each in failures]
    known = {_identifier(record) for record in batch.records}
    if any(each not in known for each in failed):
        return Verdict(error="invalid response")  # an empty or unknown identifier: all of the batch has failed
    return Verdict(tuple(failed), state=state)


def _identifier(record: dict[str, Any]) -> str:
    if "messageId" in record:
        return str(record["messageId"])
    inner = record.get("kinesis") or record["dynamodb"]
    return str(inner.get("sequenceNumber") or inner["SequenceNumber"])


# -- what was given up


async def _give_up(ctx: Context, mapping: Mapping, given: GivenUp) -> None:
    """Tell the destination of failures about records; their data stays in the stream. S3 gets them whole."""
    target = ((mapping.config.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if target:
        await ctx.transact(_tell, ctx, mapping, target, _document(ctx, mapping, given))
    counting.given_up(ctx, mapping, len(given.items), bool(target))


def _document(ctx: Context, mapping: Mapping, given: GivenUp) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html"""
    arn = arn_of(ctx, mapping.function)
    return {
        "requestContext": {
            "requestId": ctx.ids.uuid(),
            "functionArn": f"{arn}:{mapping.qualifier}" if mapping.qualifier else arn,
            "condition": given.reason,
            "approximateInvokeCount": given.attempts,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": iso8601_milliseconds(ctx.now()),
        **given.batch_info(mapping.source),
    }


async def _tell(ctx: Context, mapping: Mapping, target: str, document: dict[str, Any]) -> None:
    function = await find(function_of(ctx, mapping))
    await destinations.send(ctx, function, target, document)
