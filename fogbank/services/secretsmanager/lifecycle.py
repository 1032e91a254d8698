"""The life of a secret: CreateSecret, DescribeSecret, UpdateSecret, DeleteSecret, RestoreSecret."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.secretsmanager import (
    copying,
    descriptions,
    encryption,
    errors,
    events,
    limits,
    replication,
    rotation_plans,
    sharing,
    stages,
    tags,
    versions,
)
from fogbank.services.secretsmanager.access import ON_NEW, ON_SECRET
from fogbank.services.secretsmanager.saving import save
from fogbank.services.secretsmanager.secret import (
    NAME,
    Secret,
    arn,
    arn_of,
    check_own,
    find,
    find_live,
    is_replica,
    keep,
    look_up,
    new_suffix,
    parse,
    remove,
    secrets,
)
from fogbank.services.secretsmanager.secret import versions as version_rows
from fogbank.services.secretsmanager.service import service

Request = dict[str, Any]

_DAY = 86_400


# -- creating


@service.operation(**ON_NEW)
async def create_secret(ctx: Context, request: Request) -> Request:
    """Create a secret, or find the one that the same request created. API_CreateSecret."""
    name = request["Name"]
    if NAME.fullmatch(name) is None:
        raise errors.invalid_name()
    if "CrossAccountPrimaryARN" in request:
        sharing.check_replica(ctx, request)
    value = versions.value_of(request)
    present = await secrets.get(ctx, name)
    if present is not None:
        return await _created_before(ctx, present, request, value)
    secret = _new(ctx, request)
    if value is not None:
        version_id = versions.token_of(request)
        secret = keep(ctx, secret, stages=await versions.add(ctx, secret, version_id, value))
        await events.labelled(ctx, secret, {})
    secrets.put(ctx, secret, name)
    if "AddReplicaRegions" in request:
        secret = await replication.add(ctx, secret, request)
    return _created(ctx, secret, value and version_id)


def _new(ctx: Context, request: Request) -> Secret:
    now = ctx.now()
    primary = sharing.primary_of(request)
    return Secret(
        request["Name"],
        new_suffix(ctx),
        now,
        now,
        description=request.get("Description"),
        key=request.get("KmsKeyId") or "",
        tags=tags.added(ctx, {}, request.get("Tags") or []),
        policies=sharing.policies_for(ctx, primary),
        owning_service=_owning_service(ctx, request["Name"]),
        type=request.get("Type"),
        primary=primary,
    )


def _owning_service(ctx: Context, name: str) -> str:
    """The service that manages the secret, which has its name before an exclamation mark (`rds!cluster-...`)."""
    owner, mark, _ = name.partition("!")
    return owner if mark and ctx.principal.arn == f"{owner}.amazonaws.com" else ""


async def _created_before(ctx: Context, present: Secret, request: Request, value: tuple[bytes, bool] | None) -> Request:
    if present.purged_at is not None:
        raise errors.name_scheduled_for_deletion()
    if value is None or not await versions.is_there(ctx, present, versions.token_of(request), value):
        raise errors.secret_exists(present.name)
    return _created(ctx, present, request["ClientRequestToken"])


def _created(ctx: Context, secret: Secret, version_id: str | None) -> Request:
    return {
        "ARN": arn(ctx, secret),
        "Name": secret.name,
        "VersionId": version_id,
        "ReplicationStatus": descriptions.replicas(secret) or None,
    }


@service.operation(**ON_SECRET)
async def describe_secret(ctx: Context, request: Request) -> Request:
    """All but the values, also of a secret that is marked for deletion. API_DescribeSecret."""
    scope, secret = await find(ctx, request)
    return descriptions.whole(scope, secret)


# -- updating


@service.operation(**ON_SECRET)
async def update_secret(ctx: Context, request: Request) -> Request:
    """Change description, key and value. API_UpdateSecret."""
    value = versions.value_of(request)
    scope, secret = await find_live(ctx, request)
    if not (is_replica(scope, secret) and _is_about_the_key(request, value)):
        check_own(scope, secret)
    version_id = versions.token_of(request) if value is not None else None
    if version_id is not None and await version_rows.get(scope, secret.name, version_id) is not None:
        raise errors.token_in_use(version_id, arn(scope, secret))
    changes: dict[str, Any] = {}
    if "KmsKeyId" in request:
        secret = await _encrypt_anew(scope, secret, request["KmsKeyId"])
    for member, field in (("Description", "description"), ("Type", "type")):
        if member in request:
            changes[field] = request[member]
    if value is not None and version_id is not None:
        changes["stages"] = await versions.add(scope, secret, version_id, value)
        changes["rotation"] = await rotation_plans.after_change(scope, secret)
    secret = await save(scope, secret, **changes)
    return {"ARN": arn(scope, secret), "Name": secret.name, "VersionId": version_id}


def _is_about_the_key(request: Request, value: tuple[bytes, bool] | None) -> bool:
    """Does the request change nothing but the key, which is all that a replica has of its own?"""
    return value is None and "KmsKeyId" in request and not request.keys() & {"Description", "Type"}


async def _encrypt_anew(ctx: Context, secret: Secret, key: str) -> Secret:
    """The secret under another key, with the versions that are in use; others stay under the old one."""
    changed = keep(ctx, secret, key=key)
    for label in (stages.CURRENT, stages.PENDING, stages.PREVIOUS):
        version_id = secret.stages.get(label)
        version = None if version_id is None else await version_rows.get(ctx, secret.name, version_id)
        if version is not None:
            value = await encryption.unseal(ctx, secret, version)
            await copying.write(ctx, changed, version.id, (value, version.text), version.created)
    return changed


# -- deleting


@service.operation(**ON_SECRET)
async def delete_secret(ctx: Context, request: Request) -> Request:
    """Mark a secret for deletion, or delete it at once. API_DeleteSecret."""
    days, forced = request.get("RecoveryWindowInDays"), request.get("ForceDeleteWithoutRecovery", False)
    if days is not None and forced:
        raise errors.force_and_window()
    low, high = limits.RECOVERY_DAYS
    if days is not None and not low <= days <= high:
        raise errors.recovery_window()
    scope, secret = await look_up(ctx, request["SecretId"])
    if secret is None:
        if forced:
            return _never_there(ctx, request["SecretId"])
        raise errors.secret_not_found()
    _check_deletable(scope, secret)
    if forced:
        await remove(scope, secret)
        return _deleted(scope, secret, scope.now())
    if secret.purged_at is not None:
        raise errors.already_scheduled_for_deletion()
    at = scope.now() + (days or limits.DEFAULT_RECOVERY_DAYS) * _DAY
    await save(scope, secret, purged_at=at)
    await scope.schedule("purge", {"name": secret.name}, at=at, key=secret.name)
    return _deleted(scope, secret, at)


def _check_deletable(ctx: Context, secret: Secret) -> None:
    check_own(ctx, secret)
    if secret.replicas:
        raise errors.has_replicas(secret.name, [replica.region for replica in secret.replicas])
    if secret.partners:
        raise errors.has_cross_account_replicas(secret.name)


def _deleted(ctx: Context, secret: Secret, at: float) -> Request:
    return {"ARN": arn(ctx, secret), "Name": secret.name, "DeletionDate": at}


def _never_there(ctx: Context, secret_id: str) -> Request:
    """Deleting by force what is not there succeeds, so that it can be repeated."""
    reference = parse(ctx, secret_id)
    name = reference.name if reference.by_arn else f"{reference.name}-{new_suffix(ctx)}"
    return {"ARN": arn_of(ctx, name), "Name": reference.name, "DeletionDate": ctx.now()}


@service.task
async def purge(ctx: Context, payload: dict[str, Any]) -> None:
    """The recovery window is over."""
    secret = await secrets.get(ctx, payload["name"])
    if secret is not None and secret.purged_at is not None:
        await remove(ctx, secret)
        await events.happened(ctx, secret, "EndSecretVersionDelete")


@service.operation(**ON_SECRET)
async def restore_secret(ctx: Context, request: Request) -> Request:
    """Take the mark for deletion away, if there is one. API_RestoreSecret."""
    scope, secret = await find(ctx, request)
    if secret.purged_at is not None:
        await save(scope, secret, purged_at=None)
        await scope.unschedule("purge", secret.name)
    return {"ARN": arn(scope, secret), "Name": secret.name}
