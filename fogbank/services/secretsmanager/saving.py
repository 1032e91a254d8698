"""Changing a secret, with its replicas in step.

Replicas are copied in the transaction of the change, with the permissions of whoever makes it, as on AWS; what takes its time is that the
primary tells so: `InProgress` becomes the outcome of the copying in a task.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.secretsmanager import events
from fogbank.services.secretsmanager.copying import copy
from fogbank.services.secretsmanager.secret import (
    Partner,
    Replica,
    Secret,
    keep,
    look_up,
    secrets,
)
from fogbank.services.secretsmanager.service import service

replace = msgspec.structs.replace


async def save(ctx: Context, secret: Secret, **changes: Any) -> Secret:
    """Write the secret with those fields changed, and copy it to its replicas."""
    before = secret.stages
    secret = replace(secret, **{"changed": ctx.now(), **changes})
    await events.labelled(ctx, secret, before)
    replicas = [await _to_region(ctx, secret, replica) for replica in secret.replicas]
    partners = [await _to_account(ctx, secret, partner) for partner in secret.partners]
    if replicas or partners:
        await ctx.schedule("settle_replication", {"name": secret.name}, key=secret.name)
    return keep(ctx, secret, replicas=replicas, partners=partners)


async def _to_region(ctx: Context, secret: Secret, replica: Replica) -> Replica:
    there = ctx.at(region=replica.region)
    present = await secrets.get(there, secret.name)
    if present is not None and not is_copy(present, secret):
        outcome, message = "Failed", _name_taken(secret, replica.region)
    else:
        first = replace(secret, key=replica.key, replicas=[], partners=[], stages={}, accessed=None)
        target = present or first
        outcome, message = await copy(ctx, secret, there, replace(target, policies=secret.policies))
    return replace(replica, status="InProgress", outcome=outcome, message=message)


def is_copy(present: Secret, secret: Secret) -> bool:
    """Is this the replica of the secret, in another region?"""
    return present.suffix == secret.suffix and present.primary_region == secret.primary_region


def _name_taken(secret: Secret, region: str) -> str:
    return f"Replication failed: Secret name {secret.name} already exists in region {region}."


async def _to_account(ctx: Context, secret: Secret, partner: Partner) -> Partner:
    if partner.status == "Detached":
        return partner
    there, replica = await look_up(ctx, partner.arn)
    if replica is None or replica.primary is None:
        return replace(partner, outcome="Failed", message="Replication failed: the replica secret can't be found.")
    outcome, message = await copy(ctx, secret, there, replica, partner.role or None)
    present = await secrets.get(there, replica.name)
    assert present is not None
    keep(there, present, primary=replace(replica.primary, status=outcome, message=message))
    return replace(partner, status="InProgress", outcome=outcome, message=message)


@service.task
async def settle_replication(ctx: Context, payload: dict[str, Any]) -> None:
    """Tell how copying went."""
    secret = await secrets.get(ctx, payload["name"])
    if secret is not None:
        keep(
            ctx,
            secret,
            replicas=[_settled(replica) for replica in secret.replicas],
            partners=[_settled(partner) for partner in secret.partners],
        )


def _settled(one: Any) -> Any:
    return replace(one, status=one.outcome) if one.status == "InProgress" else one
