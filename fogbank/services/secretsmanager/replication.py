"""Replicas in other regions: ReplicateSecretToRegions, RemoveRegionsFromReplication, StopReplicationToReplica.

The primary says which replicas there are and how they do; a replica is a secret of the same name and suffix in its own region, whose
values are encrypted there. `saving.save` copies whenever the primary changes.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, regions
from fogbank.services.secretsmanager import descriptions, errors, sharing
from fogbank.services.secretsmanager.access import ON_SECRET
from fogbank.services.secretsmanager.saving import is_copy, save
from fogbank.services.secretsmanager.secret import (
    Replica,
    Secret,
    arn,
    find_live,
    find_own,
    is_replica,
    keep,
    remove,
    secrets,
)
from fogbank.services.secretsmanager.service import service

Request = dict[str, Any]

replace = msgspec.structs.replace


# -- operations


@service.operation(**ON_SECRET)
async def replicate_secret_to_regions(ctx: Context, request: Request) -> Request:
    """Have copies of the secret made in other regions. API_ReplicateSecretToRegions."""
    scope, secret = await find_own(ctx, request)
    secret = await add(scope, secret, request)
    return _answer(scope, secret)


async def add(ctx: Context, secret: Secret, request: Request) -> Secret:
    """The secret with the replicas that a request asks for, which are made soon."""
    forced = request.get("ForceOverwriteReplicaSecret", False)
    replicas = {replica.region: replica for replica in secret.replicas}
    for entry in request["AddReplicaRegions"]:
        region = entry.get("Region", "")
        if region == ctx.region or region not in regions.known():
            raise errors.invalid_replica_region(region)
        if region in replicas and replicas[region].status != "Failed":
            raise errors.replica_exists(region)
        replicas[region] = Replica(region, entry.get("KmsKeyId") or "")
        if forced:
            await _overwrite(ctx.at(region=region), secret)
    return await save(ctx, secret, replicas=list(replicas.values()), primary_region=ctx.region)


async def _overwrite(there: Context, secret: Secret) -> None:
    """Make room for a replica: a secret that has its name gives way, unless it has replicas itself."""
    present = await secrets.get(there, secret.name)
    if present is not None and not present.replicas:
        await remove(there, present)


@service.operation(**ON_SECRET)
async def remove_regions_from_replication(ctx: Context, request: Request) -> Request:
    """Delete replicas, at once. API_RemoveRegionsFromReplication."""
    scope, secret = await find_own(ctx, request)
    gone = request["RemoveReplicaRegions"]
    known = {replica.region: replica for replica in secret.replicas}
    for region in gone:
        if region not in known:
            raise errors.no_such_replica(region)
        await _remove_replica(scope, secret, known[region])
    secret = await _without(scope, secret, gone)
    return _answer(scope, secret)


async def _remove_replica(ctx: Context, secret: Secret, replica: Replica) -> None:
    there = ctx.at(region=replica.region)
    copy = await secrets.get(there, secret.name)
    if copy is not None and is_copy(copy, secret):
        await remove(there, copy)


async def _without(ctx: Context, secret: Secret, regions: list[str]) -> Secret:
    replicas = [replica for replica in secret.replicas if replica.region not in regions]
    return await save(ctx, secret, replicas=replicas, primary_region=ctx.region if replicas else "")


@service.operation(**ON_SECRET)
async def stop_replication_to_replica(ctx: Context, request: Request) -> Request:
    """Make a replica a secret of its own. API_StopReplicationToReplica."""
    scope, secret = await find_live(ctx, request)
    if not is_replica(scope, secret):
        raise errors.not_a_replica()
    if secret.primary is not None:
        await sharing.stop(scope, secret)
    else:
        await _stop(scope, secret)
    return {"ARN": arn(scope, secret)}


async def _stop(ctx: Context, secret: Secret) -> None:
    home = ctx.at(region=secret.primary_region)
    primary = await secrets.get(home, secret.name)
    if primary is not None:
        await _without(home, primary, [ctx.region])
    keep(ctx, secret, primary_region="", changed=ctx.now())


def _answer(ctx: Context, secret: Secret) -> Request:
    return {"ARN": arn(ctx, secret), "ReplicationStatus": descriptions.replicas(secret)}
