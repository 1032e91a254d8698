"""When a secret's next rotation is due, and the task that brings it about."""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.secretsmanager import schedules
from fogbank.services.secretsmanager.secret import Rotation, Secret

replace = msgspec.structs.replace


async def planned(ctx: Context, name: str, rotation: Rotation) -> Rotation:
    """The rotation with its next window reckoned from now on, when a task begins it."""
    window = schedules.parse(rotation.rules).next(ctx.now())
    await ctx.schedule("rotate_on_schedule", {"name": name}, at=window.start, key=name)
    return replace(rotation, due=window.end - 1)


async def after_change(ctx: Context, secret: Secret) -> Rotation | None:
    """The rotation after the user changed the value, which counts as one where the schedule is in days since the last."""
    rotation = secret.rotation
    if rotation is None or not rotation.enabled or "AutomaticallyAfterDays" not in rotation.rules:
        return rotation
    return await planned(ctx, secret.name, rotation)
