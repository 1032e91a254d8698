"""Object lock, which no bucket has yet: asking for it is answered as for a bucket without it, setting it is not implemented."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import access, errors, reads
from fogbank.services.s3.records import home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]


@service.operation(action="s3:GetBucketObjectLockConfiguration", **access.ON_BUCKET)
async def get_object_lock_configuration(ctx: Context, request: Request) -> None:
    home = await home_of(ctx, request)
    raise errors.no_such_configuration(
        "ObjectLockConfigurationNotFoundError",
        "Object Lock configuration does not exist for this bucket",
        home.name,
    )


async def _refuse(ctx: Context, request: Request) -> None:
    await reads.readable(await home_of(ctx, request), request)
    raise errors.invalid_request("Bucket is missing Object Lock Configuration")


for _name in ("get_object_retention", "put_object_retention", "get_object_legal_hold", "put_object_legal_hold"):
    service.operation_from(_refuse, _name, **access.ON_OBJECT)
