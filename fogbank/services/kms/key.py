"""The KMS key and its material, and where they are kept.

keys       (key id)                 Key; a multi-Region key has one in each of its regions
materials  (key id, material id)    Material
"""

from __future__ import annotations

import hmac
from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.kms import vault
from fogbank.services.kms.service import service
from fogbank.services.kms.specs import SPECS, SYMMETRIC, Spec

ENABLED = "Enabled"
DISABLED = "Disabled"
CREATING = "Creating"
UPDATING = "Updating"
PENDING_IMPORT = "PendingImport"
PENDING_DELETION = "PendingDeletion"
PENDING_REPLICA_DELETION = "PendingReplicaDeletion"

BY_KMS = "AWS_KMS"
IMPORTED = "EXTERNAL"

CURRENT = "CURRENT"
NON_CURRENT = "NON_CURRENT"
PENDING_ROTATION = "PENDING_ROTATION"
PENDING_REPLICAS = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"


class Rotation(Record, frozen=True):
    """How a key's material is rotated.

    period     days between automatic rotations; 0 for none
    next       when the next one is due
    started    when a rotation on demand began that is not done yet; 0 for none
    on_demand  how many of those there were
    """

    period: int = 0
    next: float = 0.0
    started: float = 0.0
    on_demand: int = 0


class Key(Record, frozen=True):
    """A KMS key in one region. Times are epoch seconds.

    manager   CUSTOMER, or AWS for the key behind an alias of AWS's
    policy    the key policy, as it was given
    aliases   the names of the aliases that refer to it
    grants    how many grants it has
    material  the id of the current material; empty while there is none
    window    days between ScheduleKeyDeletion and the deletion, once that was called
    deleted   when the key will be deleted
    regions   of a multi-Region key: where the primary is, then where the replicas are
    """

    id: str
    spec: str
    usage: str
    origin: str
    manager: str
    created: float
    state: str
    policy: str
    description: str = ""
    tags: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    grants: int = 0
    material: str = ""
    window: int = 0
    deleted: float | None = None
    regions: tuple[str, ...] = ()
    rotation: Rotation = Rotation()

    @property
    def symmetric(self) -> bool:
        """Is it a symmetric encryption key, the only kind that encrypts with a context and rotates?"""
        return self.spec == SYMMETRIC

    @property
    def kind(self) -> Spec:
        return SPECS[self.spec]

    @property
    def imported(self) -> bool:
        return self.origin == IMPORTED

    @property
    def managed_by_aws(self) -> bool:
        return self.manager == "AWS"

    def is_replica(self, region: str) -> bool:
        return bool(self.regions) and self.regions[0] != region


class Material(Record, frozen=True):
    """One key material (a "backing key").

    number        in the order in which a key got them
    sealed        see `vault`; None when imported material expired, was deleted, or is awaited
    state         CURRENT, NON_CURRENT, PENDING_ROTATION or PENDING_MULTI_REGION_IMPORT_AND_ROTATION
    rotated, how  when it became the current one, and whether by AUTOMATIC or ON_DEMAND rotation; None for a key's first
    expires       when imported material will be deleted; None for never
    """

    id: str
    number: int
    sealed: bytes | None
    state: str = CURRENT
    rotated: float | None = None
    how: str | None = None
    description: str | None = None
    expires: float | None = None


keys = service.collection("keys", Key, cached=True)
materials = service.collection("materials", Material, cached=True)


def key_arn(ctx: Context, key_id: str) -> str:
    """The ARN of a key in the context's scope."""
    return f"arn:{ctx.partition}:kms:{ctx.region}:{ctx.account}:key/{key_id}"


def modify(ctx: Context, key: Key, **changes: Any) -> Key:
    """Write the key with those fields changed."""
    key = msgspec.structs.replace(key, **changes)
    keys.put(ctx, key, key.id)
    return key


# -- material


def material_id(key_id: str, material: bytes) -> str:
    """The name of material, which follows from key and material alone: 64 hexadecimal digits."""
    return hmac.digest(material, f"fogbank kms material id\0{key_id}".encode(), "sha256").hex()


async def sealed_material(ctx: Context, key_id: str, number: int, material: bytes, **fields: Any) -> Material:
    name = material_id(key_id, material)
    return Material(name, number, await vault.seal(ctx, material, name), **fields)


def put_material(ctx: Context, key_id: str, material: Material) -> None:
    materials.put(ctx, material, key_id, material.id)


async def materials_of(ctx: Context, key_id: str) -> list[Material]:
    """All materials of a key, the oldest first."""
    return sorted(await materials.scan(ctx, key_id), key=lambda material: material.number)


async def open_material(ctx: Context, key: Key, name: str = "") -> bytes | None:
    """The current material of a key, or the one of that id; None when it is not there."""
    found = await materials.get(ctx, key.id, name or key.material)
    if found is None or found.sealed is None:
        return None
    return await vault.unseal(ctx, found.sealed, found.id)
