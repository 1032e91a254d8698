"""GetObjectTorrent: S3 gave BitTorrent up on 29 April 2022, and refuses what it did for objects that are there.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTorrent.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import errors
from fogbank.services.s3.object import reads
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import home_of
from fogbank.services.s3.service import service


@service.operation(**access.ON_OBJECT)
async def get_object_torrent(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Errors: NoSuchKey, MethodNotAllowed."""
    await reads.readable(await home_of(ctx, request), request)
    raise errors.method_not_allowed("GET", "TORRENT")
