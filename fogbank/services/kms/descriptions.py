"""KeyMetadata: a key as DescribeKey shows it.

https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.kms import specs
from fogbank.services.kms.key import DISABLED, ENABLED, PENDING_REPLICA_DELETION, UPDATING, Key, key_arn, materials

Document = dict[str, Any]


async def metadata(ctx: Context, key: Key) -> Document:
    """The metadata of a key in the context's scope; members that do not apply are left out."""
    return {
        "AWSAccountId": ctx.account,
        "KeyId": key.id,
        "Arn": key_arn(ctx, key.id),
        "CreationDate": key.created,
        "Enabled": key.state in (ENABLED, UPDATING),
        "Description": key.description,
        "KeyUsage": key.usage,
        "KeyState": key.state,
        "DeletionDate": key.deleted,
        "Origin": key.origin,
        "KeyManager": key.manager,
        "CustomerMasterKeySpec": key.spec,
        "KeySpec": key.spec,
        specs.MEMBERS[key.usage]: list(key.kind.algorithms[key.usage]),
        "MultiRegion": bool(key.regions),
        "MultiRegionConfiguration": _configuration(ctx, key) if key.regions else None,
        "PendingDeletionWindowInDays": key.window if key.state == PENDING_REPLICA_DELETION else None,
        "CurrentKeyMaterialId": key.material or None if key.symmetric else None,
        **await _import(ctx, key),
    }


def _configuration(ctx: Context, key: Key) -> Document:
    primary, *replicas = key.regions
    return {
        "MultiRegionKeyType": "REPLICA" if key.is_replica(ctx.region) else "PRIMARY",
        "PrimaryKey": _member(ctx, key, primary),
        "ReplicaKeys": [_member(ctx, key, region) for region in replicas],
    }


def _member(ctx: Context, key: Key, region: str) -> Document:
    return {"Arn": key_arn(ctx.at(region=region), key.id), "Region": region}


async def _import(ctx: Context, key: Key) -> Document:
    """When imported material expires."""
    if not key.imported or not key.material or key.state not in (ENABLED, DISABLED, UPDATING):
        return {}
    material = await materials.get(ctx, key.id, key.material)
    if material is None or material.sealed is None:
        return {}
    if material.expires is None:
        return {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    return {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": material.expires}
