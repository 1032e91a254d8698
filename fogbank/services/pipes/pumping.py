"""Reading a pipe's source, and bringing batches through the pipe: the standing work of a pipe that runs.

What reads is `fogbank.consumers`. The execution role decides everything: reading, enriching, delivering, dead letters.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-error-troubleshooting.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.consumers.queues import QueueConsumer
from fogbank.consumers.settings import GOOD, Verdict
from fogbank.consumers.settings import Batch as Read
from fogbank.consumers.shards import stream_of
from fogbank.consumers.streams import GivenUp, StreamConsumer
from fogbank.kernel import AWSError, Context
from fogbank.protocols.timestamps import iso8601_milliseconds
from fogbank.services.pipes import batches, enrichments, logs, metering, running, sources, targets
from fogbank.services.pipes.batches import Event, Failed
from fogbank.services.pipes.executions import ENRICHMENT, TARGET, Execution
from fogbank.services.pipes.pipe import RUNNING, Pipe, as_role, checkpoints, pipe_arn, pipes
from fogbank.services.pipes.service import service


@service.standing
async def pump(ctx: Context, about: str) -> None:
    """Read for one run of a pipe (`name/run`)."""
    name, _, run = about.partition("/")
    pipe = await ctx.transact(pipes.get, ctx, name)
    if pipe is None or pipe.run != run or pipe.state != RUNNING:
        return
    kind = sources.kind_of(pipe.source)
    parameters = pipe.parameters("SourceParameters")
    settings, passes = sources.settings(kind, parameters), sources.passes(parameters)
    scope = await as_role(ctx, pipe, pipe.source)  # in no transaction, which it would take along

    async def handle(read: Read) -> Verdict:
        return await _handle(ctx.at(), pipe, read)

    async def give_up(given: GivenUp) -> None:
        await _give_up(ctx.at(), pipe, given)

    if kind is sources.SQS:
        await QueueConsumer(scope, pipe.source, settings, handle, passes).run()
        return
    stream = stream_of(scope, pipe.source)
    await StreamConsumer(stream, settings, _Checkpoints(ctx, pipe.id), handle, give_up, passes).run()


class _Checkpoints:
    """Readers of shards ask for them at the same time, each in a transaction of its own."""

    def __init__(self, ctx: Context, id: str) -> None:
        self._ctx = ctx
        self._id = id

    async def load(self, shard: str) -> str | None:
        ctx = self._ctx.at()
        return await ctx.transact(checkpoints.get, ctx, self._id, shard)

    async def save(self, shard: str, sequence: str) -> None:
        ctx = self._ctx.at()

        async def put() -> None:
            checkpoints.put(ctx, sequence, self._id, shard)

        await ctx.transact(put)


# -- through the pipe


async def _handle(ctx: Context, pipe: Pipe, read: Read) -> Verdict:
    """Bring a batch through the pipe, and tell what it went through."""
    with running.one_more(ctx) as concurrency:
        execution = Execution(ctx, pipe, [sources.event_of(record) for record in read.records])
        verdict = await _execute(execution, read)
        execution.note(_outcome(verdict), error=Failed(verdict.error) if verdict.error else None)
        metering.measure(execution, concurrency)
    await logs.write(execution)
    return verdict


def _outcome(verdict: Verdict) -> str:
    if verdict.is_throttled:
        return "EXECUTION_THROTTLED"
    if verdict.error:
        return "EXECUTION_FAILED"
    return "EXECUTION_PARTIALLY_FAILED" if verdict.failed else "EXECUTION_SUCCEEDED"


async def _execute(execution: Execution, read: Read) -> Verdict:
    """Enrich and deliver a batch. Which records failed is known only where none were made or lost on the way."""
    events = [sources.event_of(record) for record in read.records]
    try:
        if execution.pipe.enrichment:
            events = await _enrich(execution, events)
        if not events:
            execution.note("TARGET_STAGE_SKIPPED")
            return GOOD
        refused = await _deliver(execution, events)
    except Failed as failure:
        return Verdict(error=str(failure), is_throttled=failure.is_throttled)
    if refused and len(events) != len(read.records):
        return Verdict(error="The target refused a part of the enriched batch.")
    return Verdict(tuple(sources.sequence(read.records[place]) for place in sorted(refused)))


async def _enrich(execution: Execution, events: list[Event]) -> list[Event]:
    """The events as the enrichment made them. Raises Failed."""
    pipe = execution.pipe
    with execution.stage(ENRICHMENT):
        batch = batches.made(execution.ctx, pipe, "Enrichment", pipe.enrichment, events)
        execution.transformed(ENRICHMENT, batch)
        with execution.invocation(ENRICHMENT, batch):
            made = await enrichments.enrich(batch)
        execution.invoked(ENRICHMENT, "SUCCEEDED", batch)
        if len(made) > targets.kind_of(pipe.target).most:
            raise Failed("The enrichment made a batch that is larger than the target takes.")
    execution.note("ENRICHMENT_STAGE_SUCCEEDED", payload=orjson.dumps(made))
    return made


async def _deliver(execution: Execution, events: list[Event]) -> targets.Refused:
    """Which of the events the target refused. Raises Failed when it took none."""
    pipe = execution.pipe
    with execution.stage(TARGET):
        batch = batches.made(execution.ctx, pipe, "Target", pipe.target, events)
        execution.transformed(TARGET, batch)
        with execution.invocation(TARGET, batch):
            refused = await targets.send(batch)
        outcome = "PARTIALLY_FAILED" if refused else "SUCCEEDED"
        execution.invoked(TARGET, outcome, batch)
    execution.note(f"TARGET_STAGE_{outcome}", payload=None if refused else batch.array())
    return refused


# -- what was given up


async def _give_up(ctx: Context, pipe: Pipe, given: GivenUp) -> None:
    """Tell the dead-letter queue or topic of a stream's source about records; their data stays in the stream."""
    kind = sources.kind_of(pipe.source)
    own = pipe.parameters("SourceParameters")[kind.member]
    arn = (own.get("DeadLetterConfig") or {}).get("Arn")
    if not arn:
        return
    text = orjson.dumps(_letter(ctx, pipe, given)).decode()
    parts = arn.split(":")
    try:
        scope = await as_role(ctx, pipe, arn)
        if parts[2] == "sns":
            await batches.called(scope, "sns", "Publish", {"TopicArn": arn, "Message": text})
        else:
            url = f"{ctx.endpoint}/{parts[4]}/{parts[5]}"
            await batches.called(scope, "sqs", "SendMessage", {"QueueUrl": url, "MessageBody": text})
    except AWSError:
        return  # there is nobody left to tell


def _letter(ctx: Context, pipe: Pipe, given: GivenUp) -> dict[str, Any]:
    return {
        "context": {
            "partnerResourceArn": pipe_arn(ctx, pipe.name),
            "condition": given.reason,
            "approximateInvokeCount": given.attempts,
        },
        "version": "1.0",
        "timestamp": iso8601_milliseconds(ctx.now()),
        **given.batch_info(pipe.source),
    }
