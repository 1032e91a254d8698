"""What is told of the requests to an API of any kind: lines of access logs, segments for X-Ray."""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.apis.visits import Visit
from fogbank.kernel import AWSError, Context, tracing


class Told(NamedTuple):
    """An answer that was given: its status, its length in bytes, and how long it took."""

    status: int
    length: int
    milliseconds: float

    def context(self) -> dict[str, Any]:
        """What `$context` has of it."""
        return {
            "status": self.status,
            "responseLength": self.length,
            "responseLatency": int(self.milliseconds),
        }


async def accessed(ctx: Context, destination: str, visit: Visit, line: str) -> None:
    """Write a line to a log group, or a Firehose stream. One that is gone changes no answer."""
    service = destination.split(":")[2] if destination.startswith("arn:") else ""
    try:
        if service == "firehose":
            name = destination.rpartition("/")[2]
            record = {"DeliveryStreamName": name, "Record": {"Data": f"{line}\n".encode()}}
            await ctx.transact(lambda: ctx.call("firehose", "PutRecord", record))
            return
        logs = ctx.app.services.get("logs")
        if service == "logs" and logs is not None:
            moment = int(ctx.now() * 1000)
            await logs.provided["vended_to_group"](ctx.at(), destination, visit.api, [(moment, line)])
    except AWSError:
        return


def traced(ctx: Context, visit: Visit, name: str, told: Told, origin: str) -> None:
    """A segment of the stage, under the trace that the request came with, or that was begun here."""
    parts = tracing.parts_of(visit.trace)
    if parts.get("Sampled") == "0" or "Root" not in parts:
        return
    begun = visit.now
    document: dict[str, Any] = {
        "name": name,
        "id": visit.segment,
        "trace_id": parts["Root"],
        "start_time": begun,
        "end_time": begun + told.milliseconds / 1000,
        "origin": origin,
        "http": {
            "request": {"method": visit.method, "url": f"https://{visit.domain}/{visit.stage}{visit.path}"},
            "response": {"status": told.status, "content_length": told.length},
        },
        "aws": {"request_id": visit.request_id, "api_gateway": {"account_id": ctx.account, "rest_api_id": visit.api}},
        "fault": told.status >= 500,
        "error": 400 <= told.status < 500,
        "throttle": told.status == 429,
    }
    if "Parent" in parts:
        document["parent_id"] = parts["Parent"]
    tracing.note(ctx, [document])
