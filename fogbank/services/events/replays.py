"""Replays: events of an archive come again to the bus that they came from. StartReplay, CancelReplay, DescribeReplay, ListReplays.

replays   (name)   Replay

A replayed event is the same event with `replay-name` in it; it goes to the rules that the replay names, or to all of the bus.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context, Record
from fogbank.services.events import errors, limits
from fogbank.services.events.archives import MICROSECONDS, archive_arn, archived, archives, own_bus
from fogbank.services.events.delivery import dispatch
from fogbank.services.events.envelopes import Event
from fogbank.services.events.listing import page
from fogbank.services.events.names import bus_arn, own_arn, parse, rule_arn
from fogbank.services.events.rule import book_of
from fogbank.services.events.service import service

Request = dict[str, Any]

_STATES = {"STARTING": "RUNNING", "CANCELLING": "CANCELLED"}
_STEP_SECONDS = 1.0
_DAY = 86_400


class Replay(Record, frozen=True):
    """A replay of the events of an archive from `since` up to `until`. `rules` are ARNs; times are epoch seconds.

    position   the (microsecond, id) of the last event that was replayed
    """

    name: str
    archive: str
    archive_id: str
    bus: str
    since: float
    until: float
    rules: list[str]
    started: float
    state: str = "STARTING"
    description: str | None = None
    position: tuple[int, str] | None = None
    ended: float | None = None


replays = service.collection("replays", Replay)


def _arn(ctx: Context, name: str) -> str:
    return own_arn(ctx, f"replay/{name}")


def _own(ctx: Context, request: Request) -> str:
    return _arn(ctx, request.get("ReplayName") or "*")


async def _find(ctx: Context, request: Request) -> Replay:
    replay = await replays.get(ctx, request["ReplayName"])
    if replay is None:
        raise errors.no_such("Replay", request["ReplayName"])
    return replay


def _keep(ctx: Context, replay: Replay, **changes: Any) -> Replay:
    replay = msgspec.structs.replace(replay, **changes)
    replays.put(ctx, replay, replay.name)
    return replay


# -- the operations


@service.operation(resource=_own)
async def start_replay(ctx: Context, request: Request) -> Request:
    """API_StartReplay."""
    name = request["ReplayName"]
    if await replays.get(ctx, name) is not None:
        raise errors.exists("Replay", name)
    replay = await _replay(ctx, request)
    replays.put(ctx, replay, name)
    await ctx.schedule("replay_events", {"name": name}, delay=_STEP_SECONDS, key=name)
    return {"ReplayArn": _arn(ctx, name), "State": replay.state, "ReplayStartTime": replay.started}


async def _replay(ctx: Context, request: Request) -> Replay:
    destination = request["Destination"]
    bus = await own_bus(ctx, destination["Arn"], "Destination.Arn")
    arn = parse(request["EventSourceArn"])
    name = arn.resource.removeprefix("archive/") if arn is not None else ""
    archive = await archives.get(ctx, name)
    if archive is None or request["EventSourceArn"] != archive_arn(ctx, name):
        raise errors.no_archive_of_replay(name or request["EventSourceArn"])
    if archive.bus != bus:
        raise errors.another_bus()
    since, until = request["EventStartTime"], request["EventEndTime"]
    if since >= until:
        raise errors.end_before_start()
    rules = destination.get("FilterArns") or []
    prefix = rule_arn(ctx, bus, "")
    if not all(arn.startswith(prefix) for arn in rules):
        raise errors.not_a_rule_of_the_bus()
    now, description = ctx.now(), request.get("Description")
    return Replay(
        request["ReplayName"], name, archive.id, bus, since, until, rules, now, description=description or None
    )


@service.operation(resource=_own)
async def cancel_replay(ctx: Context, request: Request) -> Request:
    """API_CancelReplay."""
    replay = await _find(ctx, request)
    if replay.state not in ("STARTING", "RUNNING"):
        raise errors.replay_is_over(replay.name)
    replay = _keep(ctx, replay, state="CANCELLING")
    await ctx.schedule("replay_events", {"name": replay.name}, delay=_STEP_SECONDS, key=replay.name)
    return {"ReplayArn": _arn(ctx, replay.name), "State": replay.state}


@service.operation(resource=_own)
async def describe_replay(ctx: Context, request: Request) -> Request:
    """API_DescribeReplay."""
    replay = await _find(ctx, request)
    destination = {"Arn": bus_arn(ctx, replay.bus), "FilterArns": replay.rules or None}
    return {
        **_shown(ctx, replay),
        "ReplayArn": _arn(ctx, replay.name),
        "Description": replay.description,
        "Destination": destination,
    }


def _shown(ctx: Context, replay: Replay) -> Request:
    return {
        "ReplayName": replay.name,
        "EventSourceArn": archive_arn(ctx, replay.archive),
        "State": replay.state,
        "EventStartTime": replay.since,
        "EventEndTime": replay.until,
        "EventLastReplayedTime": replay.position and replay.position[0] / MICROSECONDS,
        "ReplayStartTime": replay.started,
        "ReplayEndTime": replay.ended,
    }


@service.operation(resource=_own)
async def list_replays(ctx: Context, request: Request) -> Request:
    """The replays by name, of one archive or all. API_ListReplays."""
    arn, state = request.get("EventSourceArn"), request.get("State")

    def passes(replay: Replay) -> bool:
        return arn in (None, archive_arn(ctx, replay.archive)) and state in (None, replay.state)

    found, token = await page(ctx, replays, request, passes=passes)
    return {"Replays": [_shown(ctx, replay) for replay in found], "NextToken": token}


# -- replaying


@service.task
async def replay_events(ctx: Context, payload: dict[str, Any]) -> None:
    """Go on with a replay, some events at a time."""
    replay = await replays.get(ctx, payload["name"])
    if replay is None:
        return
    replay = _keep(ctx, replay, state=_STATES.get(replay.state, replay.state))
    rows = await _next(ctx, replay) if replay.state == "RUNNING" else []
    for _, text in rows:
        await _again(ctx, replay, text)
    if rows:
        last = rows[-1][0]
        _keep(ctx, replay, position=(int(last[0]), str(last[1])))
        await ctx.schedule("replay_events", payload, key=replay.name)
        return
    _keep(ctx, replay, state="COMPLETED" if replay.state == "RUNNING" else replay.state, ended=ctx.now())
    await ctx.schedule("forget_replay", payload, delay=limits.REPLAY_DAYS * _DAY, key=replay.name)


async def _next(ctx: Context, replay: Replay) -> list[tuple[tuple[Any, ...], bytes]]:
    return await archived.items(
        ctx,
        (int, str),
        replay.archive_id,
        since=(int(replay.since * MICROSECONDS),),
        after=replay.position,
        until=(int(replay.until * MICROSECONDS),),
        limit=limits.REPLAYED_AT_ONCE,
    )


async def _again(ctx: Context, replay: Replay, text: bytes) -> None:
    event = Event({**orjson.loads(text), "replay-name": replay.name}, ctx.now())
    book = await book_of(ctx, replay.bus)
    if book is None:
        return
    for rule in book.matching(event.document):
        if not replay.rules or rule_arn(ctx, rule.bus, rule.name) in replay.rules:
            await dispatch(ctx, rule, event)


@service.task
async def forget_replay(ctx: Context, payload: dict[str, Any]) -> None:
    replays.delete(ctx, payload["name"])
