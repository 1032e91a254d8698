"""Scalable targets, and what is kept of them.

    targets  (namespace, resource ID, dimension)  Target
    arns     (id)                                 those three, of a target by the end of its ARN

What the three are together is a *place*.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.application_autoscaling import errors
from fogbank.services.application_autoscaling.service import service

Request = dict[str, Any]
Answer = dict[str, Any]
Place = tuple[str, str, str]


class Suspension(msgspec.Struct, frozen=True, array_like=True):
    """What of a target does not happen for now."""

    scale_in: bool = False
    scale_out: bool = False
    scheduled: bool = False


class Target(Record, frozen=True):
    """`out_at` and `in_at` are when it was scaled out and in last (epoch seconds), `out_from` the capacity before the former."""

    namespace: str
    resource: str
    dimension: str
    id: str
    least: int
    most: int
    created: float
    suspended: Suspension = Suspension()
    tags: dict[str, str] = {}
    out_at: float = 0.0
    out_from: int = 0
    in_at: float = 0.0

    @property
    def place(self) -> Place:
        return self.namespace, self.resource, self.dimension

    @property
    def key(self) -> str:
        """One text for the place: what tasks are called after."""
        return "|".join(self.place)

    def within(self, capacity: int) -> int:
        """The capacity, or the bound that it is beyond."""
        return min(max(capacity, self.least), self.most)


targets = service.collection("targets", Target)
arns = service.collection("arns", tuple[str, str, str])


def place_of(request: Request) -> Place:
    return request["ServiceNamespace"], request["ResourceId"], request["ScalableDimension"]


def members_of(place: Place) -> Answer:
    return dict(zip(("ServiceNamespace", "ResourceId", "ScalableDimension"), place, strict=True))


def put(ctx: Context, target: Target, **changes: Any) -> Target:
    changed = msgspec.structs.replace(target, **changes)
    targets.put(ctx, changed, *target.place)
    return changed


async def registered(ctx: Context, place: Place) -> Target:
    """The target that a policy or an action is for. Raises ObjectNotFoundException."""
    target = await targets.get(ctx, *place)
    if target is None:
        raise errors.not_registered(*place)
    return target


# -- ARNs


def arn_of(ctx: Context, id: str) -> str:
    return f"arn:{ctx.partition}:application-autoscaling:{ctx.region}:{ctx.account}:scalable-target/{id}"


async def _target_arn(ctx: Context, request: Request) -> str:
    target = await ctx.transact(targets.get, ctx, *place_of(request))
    return arn_of(ctx, "*" if target is None else target.id)


def _condition_keys(ctx: Context, request: Request) -> dict[str, str]:
    keys = {"ServiceNamespace": "service-namespace", "ScalableDimension": "scalable-dimension"}
    return {f"application-autoscaling:{key}": request[name] for name, key in keys.items() if request.get(name)}


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    target = await ctx.transact(targets.get, ctx, *place_of(request))
    return {} if target is None else target.tags


ON_TARGET: dict[str, Any] = {"resource": _target_arn, "keys": _condition_keys, "tags": _tags}
"""Options of operations on one scalable target."""
