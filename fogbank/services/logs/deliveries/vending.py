"""Logs of other services' resources, on their way.

A service that has logs about a resource offers them in the transaction that they come from:

    await ctx.app.services["logs"].provided["vended"](ctx, resource_arn, "ACCESS_LOGS", [{"field": "value"}, ...])

Nothing happens unless there is a delivery of that resource's logs of that type.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import orjson

from fogbank.http import Payload
from fogbank.kernel import Context, log_delivery
from fogbank.services.logs.deliveries.records import Delivery, Destination, deliveries, destinations, sources
from fogbank.services.logs.records import LogStream, groups, milliseconds, streams
from fogbank.services.logs.service import service
from fogbank.services.logs.writing import write

Entry = dict[str, Any]
_W3C = "w3c"


async def vended(ctx: Context, resource: str, log_type: str, entries: list[Entry]) -> None:
    """Have logs about a resource of this account delivered, to wherever they are wanted."""
    scope = ctx.at(service=service)
    for source in await sources.scan(scope):
        if (source.resource, source.log_type) != (resource, log_type):
            continue
        for delivery in await deliveries.scan(scope):
            if delivery.source == source.name:
                payload = {"delivery": delivery.id, "service": source.service, "type": log_type, "entries": entries}
                await scope.schedule("vend", payload)


async def vended_to_group(ctx: Context, group_arn: str, stream: str, lines: list[tuple[int, str]]) -> None:
    """Write lines, each with its time in milliseconds, for a service that was told of the group itself."""
    _, _, _, region, account, resource = group_arn.split(":", 5)
    scope = ctx.at(account=account, region=region, service=service)
    name = resource.removeprefix("log-group:").removesuffix(":*")
    await scope.transact(_to_group, scope, name, stream, lines)


service.provide("vended", vended)
service.provide("vended_to_group", vended_to_group)


@service.task(transaction=False)
async def vend(ctx: Context, payload: dict[str, Any]) -> None:
    """Raises what the destination says, so that it is tried again."""
    found = await ctx.transact(_found, ctx, payload["delivery"])
    if found is None:
        return
    delivery, destination = found
    lines = shown(delivery, destination.format, payload["entries"])
    _, _, _, region, account, resource = destination.resource.split(":", 5)
    if delivery.type == "CWL":
        scope = ctx.at(account=account, region=region)
        name = resource.removeprefix("log-group:").removesuffix(":*")
        moment = milliseconds(ctx)
        timed = [(moment, line) for line in lines]
        await scope.transact(_to_group, scope, name, f"{payload['service']}_{payload['type']}", timed)
    elif delivery.type == "S3":
        await _to_bucket(ctx, delivery, resource, payload, lines)
    elif delivery.type == "FH":
        await log_delivery.put(ctx, destination.resource, [f"{line}\n".encode() for line in lines])


async def _found(ctx: Context, delivery_id: str) -> tuple[Delivery, Destination] | None:
    delivery = await deliveries.get(ctx, delivery_id)
    if delivery is None:
        return None
    parts = delivery.destination.split(":", 6)
    destination = await destinations.get(ctx.at(account=parts[4], region=parts[3]), parts[6])
    return None if destination is None else (delivery, destination)


def shown(delivery: Delivery, output: str, entries: list[Entry]) -> list[str]:
    """The entries with the fields that the delivery wants: as JSON, or their values between delimiters."""
    chosen = [
        {name: entry[name] for name in delivery.fields if name in entry} if delivery.fields else entry
        for entry in entries
    ]
    if output in ("plain", _W3C):
        delimiter = delivery.delimiter or ("\t" if output == _W3C else " ")
        return [delimiter.join("-" if value is None else str(value) for value in entry.values()) for entry in chosen]
    return [orjson.dumps(entry).decode() for entry in chosen]


async def _to_group(ctx: Context, name: str, stream_name: str, lines: list[tuple[int, str]]) -> None:
    """A group that is gone gets nothing."""
    group = await groups.get(ctx, name)
    if group is None:
        return
    now = milliseconds(ctx)
    stream = await streams.get(ctx, group.id, stream_name) or LogStream(stream_name, ctx.ids.hex(16), now)
    await write(ctx, group, stream, lines, now)


async def _to_bucket(
    ctx: Context, delivery: Delivery, resource: str, payload: dict[str, Any], lines: list[str]
) -> None:
    bucket, _, prefix = resource.partition("/")
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    suffix = _suffix(ctx, delivery.s3.get("suffixPath") or "{yyyy}/{MM}/{dd}/{HH}")
    key = f"{folder}AWSLogs/{ctx.account}/{payload['type']}/{ctx.region}/{suffix}/{ctx.ids.uuid()}.log.gz"
    body = Payload(gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0))
    await ctx.call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body}, source_arn=delivery.destination)


def _suffix(ctx: Context, template: str) -> str:
    moment = datetime.fromtimestamp(ctx.now(), UTC)
    values = {"yyyy": f"{moment:%Y}", "MM": f"{moment:%m}", "dd": f"{moment:%d}", "HH": f"{moment:%H}"}
    values |= {"account-id": ctx.account, "region": ctx.region}
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template.strip("/")
