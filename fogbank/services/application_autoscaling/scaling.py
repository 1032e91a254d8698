"""Scaling: what follows from an alarm, from bounds that have moved, and from a schedule.

An alarm that is raised has its policy act, and again each minute while it stays so. A capacity that is changed is looked at until
the service has it, which ends the activity; then the alarms of the target's policies are set to what they are to watch now.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import pause
from fogbank.services.application_autoscaling import (
    activities,
    capacities,
    custom,
    kinds,
    policy,
    roles,
    signals,
    stepping,
    tracking,
)
from fogbank.services.application_autoscaling.activities import Activity
from fogbank.services.application_autoscaling.capacity import Capacity
from fogbank.services.application_autoscaling.policy import Policy, policies
from fogbank.services.application_autoscaling.records import Target, put, targets
from fogbank.services.application_autoscaling.service import service
from fogbank.services.application_autoscaling.tracking import HIGH, LOW

Payload = dict[str, Any]

_AGAIN = 60
# how long a service may take until its capacity can be changed, or is changed (seconds)
_PATIENCE = 3600
_ATTEMPT = "Attempting to scale due to alarm triggered"


# -- alarms


async def _invoked(ctx: Context, arn: str, alarm: str) -> None:
    """An alarm was raised that names a policy. Raises AWSError where there is no such policy."""
    scope = ctx.at(service=service)
    found = await policy.by_arn(scope, arn)
    if found is None:
        raise AWSError("ValidationError", f"PolicyARN {arn} not found")
    await scope.schedule("act", {"policy": [*found.place, found.name], "alarm": alarm}, key=f"{found.id}/{alarm}")


# for CloudWatch
service.provide("alarm", _invoked)


@service.task
async def act(ctx: Context, payload: Payload) -> None:
    """A policy does what its alarm asks for, and again in a minute if that is still in the same state then."""
    found = await policies.get(ctx, *payload["policy"])
    target = None if found is None else await targets.get(ctx, *found.place)
    if found is None or target is None:
        return
    key = f"{found.id}/{payload['alarm']}"
    if await custom.is_asked_first(ctx, target.place, "act", payload, key):
        return
    scope = await roles.acting(ctx, target)
    alarm = await signals.find(scope, payload["alarm"])
    if alarm is None or alarm["StateValue"] != payload.setdefault("state", alarm["StateValue"]):
        return
    await ctx.schedule("act", {**payload, "again": True}, delay=_AGAIN, key=key)
    capacity = await read(scope, target)
    if capacity is not None and capacity.is_ready:
        look = _by_steps if found.type == kinds.STEP else _by_tracking
        await look(Look(ctx, target, found, capacity, alarm, "again" in payload))


async def read(scope: Context, target: Target) -> Capacity | None:
    return await capacities.of(target.place).read(scope, target.resource, target.dimension)


class Look:
    """One look of a policy at its alarm. Of looks that scale nothing only the first is told."""

    def __init__(
        self, ctx: Context, target: Target, of: Policy, capacity: Capacity, alarm: Payload, is_again: bool
    ) -> None:
        self.ctx = ctx
        self.target = target
        self.policy = of
        self.units = capacity.units
        self.is_scalable = capacity.is_scalable
        self.alarm = alarm
        self._is_again = is_again
        state = f"in state {alarm['StateValue']} triggered policy {of.name}"
        self._cause = f"monitor alarm {alarm['AlarmName']} {state}"

    def base(self, cooldown: float) -> int:
        """The capacity to count from when scaling out: while that cools down, the one before, so that only more than it scales again."""
        return self.target.out_from if self.ctx.now() - self.target.out_at < cooldown else self.units

    def is_cooling_in(self, cooldown: float) -> bool:
        return self.ctx.now() - self.target.in_at < cooldown

    async def scale_out(self, units: int, cooldown: float) -> None:
        wanted = self.target.within(units)
        if wanted > self.units:
            await self._change(wanted, out_at=self.ctx.now(), out_from=self.units, in_at=0.0)
        elif self.base(cooldown) == self.units:
            await self._stay("AlreadyAtMaxCapacity" if self.units >= self.target.most else "AlreadyAtDesiredCapacity")

    async def scale_in(self, units: int) -> None:
        wanted = self.target.within(units)
        if wanted < self.units:
            await self._change(wanted, in_at=self.ctx.now())
        else:
            await self._stay("AlreadyAtMinCapacity" if self.units <= self.target.least else "AlreadyAtDesiredCapacity")

    async def _change(self, units: int, **moved: Any) -> None:
        if await change(self.ctx, self.target, units, self._cause):
            put(self.ctx, self.target, **moved)

    async def _stay(self, code: str) -> None:
        bounds = {"AlreadyAtMaxCapacity": {"MaxCapacity": self.target.most}}
        bounds["AlreadyAtMinCapacity"] = {"MinCapacity": self.target.least}
        await self.refrain(code, CurrentCapacity=self.units, **bounds.get(code, {}))

    async def refrain(self, code: str, **about: int) -> None:
        if not self._is_again:
            reason = {"Code": code, **about}
            status = activities.FAILED
            await activities.begin(self.ctx, self.target.place, _ATTEMPT, self._cause, status, not_scaled=reason)


async def _by_tracking(look: Look) -> None:
    kind = next((kind for kind, name in look.policy.alarms.items() if name == look.alarm["AlarmName"]), "")
    if look.alarm["StateValue"] != signals.ALARM:
        return
    if kind in tracking.CHANGED:
        await watch(look.ctx, look.target, look.units)
    elif not look.is_scalable:
        await look.refrain("TargetServicePutResourceAsUnscalable")
    elif kind == HIGH and not look.target.suspended.scale_out:
        await _track_out(look)
    elif kind == LOW and not look.target.suspended.scale_in:
        await _track_in(look)


async def _track_out(look: Look) -> None:
    measured = await signals.values(look.ctx, look.alarm)
    if measured:
        cooldown = tracking.cooldown(look.target.place, look.policy.config, "ScaleOutCooldown")
        await look.scale_out(tracking.needed(look.policy.config, look.base(cooldown), measured[-1]), cooldown)


async def _track_in(look: Look) -> None:
    """As far as the busiest of the minutes allows, and only if all policies want it."""
    measured = await signals.values(look.ctx, look.alarm)
    cooldown = tracking.cooldown(look.target.place, look.policy.config, "ScaleInCooldown")
    if measured and not look.is_cooling_in(cooldown) and await _all_agree(look):
        await look.scale_in(tracking.needed(look.policy.config, look.units, max(measured)))


async def _all_agree(look: Look) -> bool:
    """Are the low alarms of all policies raised that may scale in?"""
    scope = await roles.acting(look.ctx, look.target)
    for other in await policies.scan(look.ctx, *look.target.place):
        alarm = await signals.find(scope, other.alarms[LOW]) if LOW in other.alarms else None
        if alarm is not None and alarm["StateValue"] != signals.ALARM:
            return False
    return True


async def _by_steps(look: Look) -> None:
    """By how far the metric is beyond the threshold of the alarm, which is the user's own."""
    measured, config = await signals.values(look.ctx, look.alarm), look.policy.config
    if not measured or look.alarm.get("Threshold") is None:
        return
    beyond, cooldown = measured[-1] - look.alarm["Threshold"], stepping.cooldown(config)
    from_here = stepping.wanted(config, look.units, beyond)
    if from_here is None:
        return
    if from_here >= look.units and not look.target.suspended.scale_out:
        from_base = stepping.wanted(config, look.base(cooldown), beyond)
        await look.scale_out(look.units if from_base is None else from_base, cooldown)
    elif from_here < look.units and not look.target.suspended.scale_in and not look.is_cooling_in(cooldown):
        await look.scale_in(from_here)


# -- bounds


async def keep_within(ctx: Context, target: Target) -> None:
    """Have the capacity brought into the target's bounds."""
    payload = {"place": list(target.place), "since": ctx.now()}
    await ctx.schedule("keep_bounds", payload, key=target.key)


@service.task
async def keep_bounds(ctx: Context, payload: Payload) -> None:
    """As soon as the service lets its capacity be changed."""
    target = await targets.get(ctx, *payload["place"])
    if target is not None and await custom.is_asked_first(ctx, target.place, "keep_bounds", payload, target.key):
        return
    capacity = None if target is None else await read(await roles.acting(ctx, target), target)
    waited = ctx.now() - payload["since"]
    if target is None or capacity is None or not capacity.is_scalable or waited > _PATIENCE:
        return
    if not capacity.is_ready:
        await ctx.schedule("keep_bounds", payload, delay=pause(waited), key=target.key)
        return
    wanted = target.within(capacity.units)
    if wanted != capacity.units:
        name = "minimum" if wanted == target.least else "maximum"
        await change(ctx, target, wanted, f"{name} capacity was set to {wanted}")


async def forget(ctx: Context, target: Target) -> None:
    await ctx.unschedule("keep_bounds", target.key)


# -- changing


async def change(ctx: Context, target: Target, units: int, cause: str) -> bool:
    """Ask the service for a capacity, and tell it as an activity. Says whether the service takes it."""
    scope, of = await roles.acting(ctx, target), kinds.unit(target.dimension)
    description = f"Setting {of} to {units}."
    try:
        scaled = capacities.of(target.place)
        await ctx.undoing(scaled.change, scope, target.resource, target.dimension, units)
    except AWSError as error:
        message = f"Failed to set {of} to {units}. Reason: {error.message}"
        ended = {"message": message, "ended": ctx.now()}
        await activities.begin(ctx, target.place, description, cause, activities.FAILED, **ended)
        return False
    message = f"Successfully set {of} to {units}. Waiting for change to be fulfilled by {target.namespace}."
    status = activities.IN_PROGRESS
    begun = await activities.begin(ctx, target.place, description, cause, status, message=message)
    await ctx.schedule("fulfil", {"activity": list(begun.key), "units": units})
    return True


@service.task
async def fulfil(ctx: Context, payload: Payload) -> None:
    """Look whether the service has the capacity that it was asked for."""
    activity = await activities.activities.get(ctx, *payload["activity"])
    target = None if activity is None else await targets.get(ctx, *activity.place)
    if activity is None or target is None or await custom.is_asked_first(ctx, target.place, "fulfil", payload):
        return
    capacity, waited = await read(await roles.acting(ctx, target), target), ctx.now() - activity.begun
    if capacity is not None and not capacity.is_ready and waited < _PATIENCE:
        await ctx.schedule("fulfil", payload, delay=pause(waited))
        return
    is_fulfilled = capacity is not None and capacity.is_ready and not capacity.has_failed
    _end(ctx, activity, f"Successfully set {kinds.unit(target.dimension)} to {payload['units']}.", is_fulfilled)
    if capacity is not None:
        await watch(ctx, target, capacity.units)


def _end(ctx: Context, activity: Activity, done: str, is_fulfilled: bool) -> None:
    by = activity.place[0]
    if is_fulfilled:
        status, message = activities.SUCCESSFUL, f"{done} Change successfully fulfilled by {by}."
    else:
        status, message = "Unfulfilled", f"{done} Change was not fulfilled by {by}."
    ended = msgspec.structs.replace(activity, status=status, message=message, ended=ctx.now())
    activities.activities.put(ctx, ended, *ended.key)


async def watch(ctx: Context, target: Target, units: int) -> None:
    """Set the alarms of a target's policies to what they are to watch at this capacity, where that depends on it."""
    for each in await policies.scan(ctx, *target.place):
        if each.alarms.keys() & set(tracking.CHANGED):
            policy.put(ctx, await policy.with_alarms(ctx, target, each, units))
