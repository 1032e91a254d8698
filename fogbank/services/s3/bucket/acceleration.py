"""Transfer acceleration: whether a bucket answers under `bucket.s3-accelerate.amazonaws.com`.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/transfer-acceleration.html. Nothing is any faster here, but the rules are AWS's.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import errors, settings
from fogbank.services.s3.content import digests
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Home, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_KIND = "accelerate"


@service.operation(action="s3:PutAccelerateConfiguration", **access.ON_BUCKET)
async def put_bucket_accelerate_configuration(ctx: Context, request: Request) -> Answer:
    """Switch acceleration on or off. Errors: InvalidRequest for names with periods, MalformedXML without a status."""
    digests.check_document(ctx.request)
    status = (request["AccelerateConfiguration"] or {}).get("Status")
    if status is None:
        raise errors.malformed_xml()
    home = await home_of(ctx, request)
    _check_name(home)
    settings.write(home, _KIND, {"Status": status})
    return {}


@service.operation(action="s3:GetAccelerateConfiguration", **access.ON_BUCKET)
async def get_bucket_accelerate_configuration(ctx: Context, request: Request) -> Answer:
    """Empty until it was switched on for the first time."""
    return await settings.read(await home_of(ctx, request), _KIND) or {}


def _check_name(home: Home) -> None:
    if "." in home.name:
        raise errors.invalid_request(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )


async def check(home: Home) -> None:
    """Raise InvalidRequest unless the bucket may be reached under an accelerated host name."""
    _check_name(home)
    status = (await settings.read(home, _KIND) or {}).get("Status")
    if status is None:
        raise errors.invalid_request("S3 Transfer Acceleration is not configured on this bucket")
    if status != "Enabled":
        raise errors.invalid_request("S3 Transfer Acceleration is disabled on this bucket")
