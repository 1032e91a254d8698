"""Making a replica equal to its primary: its values, encrypted under the replica's own key, and what it shares with it."""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.services.secretsmanager import encryption, events
from fogbank.services.secretsmanager.secret import Secret, Version, keep, versions


async def write(
    ctx: Context, secret: Secret, version_id: str, value: tuple[bytes, bool], created: float, role: str | None = None
) -> None:
    """Write a version; the value is bytes and whether they are a text's. `role` is the one that encrypts, else the caller does."""
    sealed = await encryption.seal(ctx, secret, version_id, value[0], role)
    version = Version(version_id, value[1], sealed.value, sealed.data_key, sealed.key, created)
    versions.put(ctx, version, secret.name, version_id)


async def copy(
    ctx: Context, secret: Secret, there: Context, replica: Secret, role: str | None = None
) -> tuple[str, str]:
    """Copy the secret to its replica in another scope, as the caller or as a role.

    Answers the outcome (`InSync`, `Failed`) and why it failed.
    """
    try:
        await _copy_values(ctx, secret, there, replica, role)
    except AWSError as error:
        return "Failed", f"Replication failed: {error.message}"
    copied = keep(
        there,
        replica,
        changed=secret.changed,
        description=secret.description,
        stages=secret.stages,
        tags=secret.tags,
        rotation=secret.rotation,
        type=secret.type,
    )
    await events.labelled(there, copied, replica.stages)
    return "InSync", ""


async def _copy_values(ctx: Context, secret: Secret, there: Context, replica: Secret, role: str | None) -> None:
    """Give the replica the versions that the secret has, no more and no fewer. A version never changes once it is there."""
    wanted = {version.id: version for version in await versions.scan(ctx, secret.name)}
    present = {version.id for version in await versions.scan(there, replica.name)}
    values = {
        version_id: await encryption.unseal(ctx, secret, wanted[version_id], role)
        for version_id in sorted(wanted.keys() - present)
    }
    for version_id, value in values.items():
        version = wanted[version_id]
        await write(there, replica, version_id, (value, version.text), version.created, role)
    for version_id in present - wanted.keys():
        versions.delete(there, replica.name, version_id)
