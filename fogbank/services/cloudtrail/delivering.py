"""Delivery of a trail's events: files in its bucket, messages to its topic, events in its log group.

pending   (home, name, account, Region, time in us, id)   what `history.packed` made of events; in the account of the trail

A task per trail, account and Region takes what is pending. What a bucket refuses stays pending, and is tried again. A file is named after
the first of its rows: one that is written a second time, since the server ended in between, takes the place of the first.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.cloudtrail import digests, history, limits, targets
from fogbank.services.cloudtrail.history import Event
from fogbank.services.cloudtrail.service import service
from fogbank.services.cloudtrail.trail import Trail, save, trails

pending = service.collection("pending", bytes, scope="account")

Chain = tuple[str, str, str, str]
"""Home Region and name of a trail, and account and Region of the events: what goes into one file."""

_ROWS = 100
_AGAIN_SECONDS = 300
_RANDOM = 16


async def add(ctx: Context, trail: Trail, account: str, region: str, events: Sequence[Event]) -> None:
    """Have events of an account and Region delivered soon. The context is of the trail's account."""
    chain = (trail.home, trail.name, account, region)
    place = int(events[0].time * 1_000_000), ctx.ids.hex(_RANDOM)
    pending.put(ctx, history.packed(events), *chain, *place)
    await _deliver_soon(ctx, chain, limits.DELIVERY_SECONDS)


async def _deliver_soon(ctx: Context, chain: Chain, delay: float) -> None:
    key = "/".join(chain)
    if await waiting.get(ctx, *chain) is None:
        waiting.put(ctx, b"", *chain)
        await ctx.at(region=chain[0]).schedule("deliver", {"chain": list(chain)}, delay=delay, key=key)


waiting = service.collection("waiting", bytes, scope="account")


async def forget(ctx: Context, trail: Trail) -> None:
    """The trail is gone."""
    for rows in (pending, waiting):
        for key, _ in await rows.items(ctx, (), trail.home, trail.name):
            rows.delete(ctx, trail.home, trail.name, *key)
    await digests.forget(ctx, trail)


@service.task(transaction=False)
async def deliver(ctx: Context, payload: dict[str, Any]) -> None:
    """Deliver what is pending of a chain."""
    home, name, account, region = chain = tuple(payload["chain"])
    trail = await ctx.transact(trails.get, ctx, home, name)
    if trail is None:
        return
    rows = await ctx.transact(_pending, ctx, chain)
    events = [event for _, data in rows for event in history.unpacked(data)]
    outcome = await _delivered(ctx, trail, account, region, rows, events) if events else {}

    async def note() -> None:
        waiting.delete(ctx, *chain)
        now = await trails.get(ctx, home, name)
        if now is None:
            return
        save(ctx, msgspec.structs.replace(now, status=msgspec.structs.replace(now.status, **outcome)))
        has_failed = bool(outcome.get("delivery_error"))
        if not has_failed:
            for place, _ in rows:
                pending.delete(ctx, *chain, *place)
        if has_failed or len(rows) == _ROWS or await _pending(ctx, chain, 1):
            await _deliver_soon(ctx, chain, _AGAIN_SECONDS if has_failed else limits.DELIVERY_SECONDS)

    await ctx.transact(note)


async def _pending(ctx: Context, chain: Chain, limit: int = _ROWS) -> list[tuple[tuple[Any, ...], bytes]]:
    return await pending.items(ctx, (int, str), *chain, limit=limit)


async def _delivered(
    ctx: Context,
    trail: Trail,
    account: str,
    region: str,
    rows: list[tuple[tuple[Any, ...], bytes]],
    events: list[Event],
) -> dict[str, Any]:
    """Deliver events. Returns what changes of the trail's status."""
    now = ctx.now()
    body = orjson.dumps({"Records": [orjson.Fragment(event.record) for event in events]})
    key = _file_key(trail, account, region, now, rows[0][0][1])
    outcome: dict[str, Any] = {"delivery_attempt": now}
    try:
        await targets.put_object(
            ctx, trail, key, gzip.compress(body, mtime=0), ContentType="application/json", ContentEncoding="gzip"
        )
    except AWSError as error:
        return outcome | {"delivery_error": error.code}
    outcome |= {"delivery": now, "delivery_error": ""}
    if trail.is_validated:
        times = [event.time for event in events]
        await ctx.transact(digests.note, ctx, trail, account, region, key, body, times)
    if trail.topic:
        outcome |= await _notified(ctx, trail, key)
    if trail.log_group:
        outcome |= await _logged(ctx, trail, account, region, events)
    return outcome


def _file_key(trail: Trail, account: str, region: str, now: float, unique: str) -> str:
    time = datetime.fromtimestamp(now, UTC)
    folder = targets.folder(trail, account)
    return f"{folder}{region}/{time:%Y/%m/%d}/{account}_CloudTrail_{region}_{time:%Y%m%dT%H%MZ}_{unique}.json.gz"


async def _notified(ctx: Context, trail: Trail, key: str) -> dict[str, Any]:
    message = orjson.dumps({"s3Bucket": trail.bucket, "s3ObjectKey": [key]}).decode()
    try:
        await targets.publish(ctx, trail, message)
    except AWSError as error:
        return {"notification_error": error.code}
    return {"notification": ctx.now(), "notification_error": ""}


async def _logged(ctx: Context, trail: Trail, account: str, region: str, events: list[Event]) -> dict[str, Any]:
    try:
        where = await targets.have_stream(ctx, trail, account, region)
        await targets.put_log_events(ctx, trail, where, [(event.time, event.record) for event in events])
    except AWSError as error:
        return {"logs_error": error.code}
    return {"logs": ctx.now(), "logs_error": ""}
