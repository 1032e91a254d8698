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
from fogbank.services.pipes import batches, enrichments, sources, targets
from fogbank.services.pipes.batches import Failed
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
    """Enrich and deliver a batch. Which records failed is known only where none were made or lost on the way."""
    events = [sources.event_of(record) for record in read.records]
    try:
        if pipe.enrichment:
            events = await enrichments.enrich(batches.made(ctx, pipe, "Enrichment", pipe.enrichment, events))
            if len(events) > targets.kind_of(pipe.target).most:
                return Verdict(error="The enrichment made a batch that is larger than the target takes.")
        if not events:
            return GOOD
        refused = await targets.send(batches.made(ctx, pipe, "Target", pipe.target, events))
    except Failed as failure:
        return Verdict(error=str(failure), is_throttled=failure.is_throttled)
    if refused and len(events) != len(read.records):
        return Verdict(error="The target refused a part of the enriched batch.")
    return Verdict(tuple(sources.sequence(read.records[place]) for place in sorted(refused)))


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
