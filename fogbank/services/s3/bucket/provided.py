"""What S3 tells S3 Control about buckets; see `fogbank.identity.storage_access`."""

from __future__ import annotations

import msgspec

from fogbank.identity.storage_access import Listed, Place
from fogbank.kernel import Context
from fogbank.services.s3 import errors, records
from fogbank.services.s3.object import vault
from fogbank.services.s3.replication import replicating
from fogbank.services.s3.replication.rules import REPLICA, Replication
from fogbank.services.s3.service import service


class Buckets:
    async def place(self, ctx: Context, name: str) -> Place | None:
        home = await records.find(ctx, name)
        return None if home is None else Place(home.bucket.account, home.bucket.region)

    async def owned(self, ctx: Context) -> list[tuple[str, str]]:
        return [(bucket.name, bucket.region) for bucket in await records.buckets.scan(ctx)]

    async def objects(self, ctx: Context, name: str, after: str, limit: int) -> list[Listed]:
        home = await _home(ctx, name)
        bounds = {"after": (after,)} if after else {}
        found = await records.objects.items(home.ctx, (str,), home.name, limit=limit, **bounds)
        replication = await replicating.replication_of(home)
        return [_listed(home, str(key), record, replication) for (key,), record in found]

    async def replicate(self, ctx: Context, name: str, key: str, version_id: str) -> None:
        home = await _home(ctx.at(service=service), name)
        record = await (vault.version(home, key, version_id) if version_id else vault.current(home, key))
        if record is None:
            raise errors.no_such_version(key, version_id) if version_id else errors.no_such_key(key)
        if not _is_eligible(key, record, await replicating.replication_of(home)):
            raise errors.not_eligible_for_replication()
        await replicating.queue(home, key, record)

    async def tags(self, ctx: Context, name: str) -> dict[str, str]:
        return dict((await _home(ctx, name)).bucket.tags)

    async def set_tags(self, ctx: Context, name: str, tags: dict[str, str]) -> None:
        home = await _home(ctx, name)
        records.buckets.put(home.ctx, msgspec.structs.replace(home.bucket, tags=tags), home.name)


def _is_eligible(key: str, record: records.Object, replication: Replication | None) -> bool:
    """Is a rule about the version? Replicas are not replicated."""
    if replication is None or record.null or record.course.replication == REPLICA:
        return False
    return bool(replication.rules_for(key, record))


def _listed(home: records.Home, key: str, record: records.Object, replication: Replication | None) -> Listed:
    encryption = record.traits.encryption
    return Listed(
        key,
        record.version_id if home.bucket.versioning else "",
        record.size,
        record.modified,
        record.storage_class or "STANDARD",
        encryption.algorithm,
        encryption.kms_key,
        encryption.bucket_key,
        record.course.replication,
        _is_eligible(key, record, replication),
    )


async def _home(ctx: Context, name: str) -> records.Home:
    home = await records.find(ctx, name)
    if home is None:
        raise errors.no_such_bucket(name)
    return home


service.provide("buckets", Buckets())
