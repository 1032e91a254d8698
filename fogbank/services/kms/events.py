"""What KMS tells EventBridge, and CloudTrail, of what becomes of keys by itself.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-events.html
"""

from __future__ import annotations

from fogbank.kernel import Context, service_events
from fogbank.services.kms.key import Key, Material, key_arn


async def rotated(ctx: Context, key: Key, before: str, current: Material) -> None:
    """A key has other material; `before` is the id of the material that it had."""
    detail = {
        "key-origin": key.origin,
        "rotation-type": current.how,
        "previous-key-material-id": before or None,
        "current-key-material-id": current.id,
    }
    await _tell(ctx, key, "KMS CMK Rotation", "RotateKey", **detail)


async def expired(ctx: Context, key: Key, material: Material) -> None:
    detail = {"key-material-id": material.id}
    await _tell(ctx, key, "KMS Imported Key Material Expiration", "DeleteExpiredKeyMaterial", **detail)


async def deleted(ctx: Context, key: Key) -> None:
    await _tell(ctx, key, "KMS CMK Deletion", "DeleteKey")


async def _tell(ctx: Context, key: Key, kind: str, name: str, **detail: str | None) -> None:
    arn = key_arn(ctx, key.id)
    await service_events.tell(ctx, kind, {"key-id": key.id, **detail}, [arn])
    resource = {"ARN": arn, "accountId": ctx.account, "type": "AWS::KMS::Key"}
    await service_events.record(ctx, name, resources=[resource], serviceEventDetails={"keyId": key.id})
