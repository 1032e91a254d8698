"""Whether the tags of a bucket say who may do what with it (attribute-based access control).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html. Where that is enabled, `aws:ResourceTag/...` and
`s3:BucketTag/...` are the bucket's tags in every decision about the bucket and what is in it, and only TagResource and UntagResource
change them. The tags of a directory bucket always count.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import changes, errors
from fogbank.services.s3.content import digests
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import ABAC, Home, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_ENABLED = "Enabled"


@service.operation(action="s3:PutBucketABAC", **access.ON_BUCKET)
async def put_bucket_abac(ctx: Context, request: Request) -> Answer:
    digests.check_document(ctx.request)
    status = (request["AbacStatus"] or {}).get("Status")
    if status is None:
        raise errors.malformed_xml()
    changes.set_feature(await home_of(ctx, request), ABAC, status == _ENABLED)
    return {}


@service.operation(action="s3:GetBucketABAC", **access.ON_BUCKET)
async def get_bucket_abac(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    return {"AbacStatus": {"Status": _ENABLED if ABAC in home.bucket.features else "Disabled"}}


def check_tagging(home: Home) -> None:
    """Raise InvalidRequest where tags are changed by S3 Control only. The words are ours: AWS documents none."""
    if ABAC in home.bucket.features:
        raise errors.invalid_request(
            "ABAC is enabled on this bucket. Use the TagResource and UntagResource actions to manage its tags."
        )
