"""Who pays for requests: the bucket's owner or the requester.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import changes, settings
from fogbank.services.s3.content import digests
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

KIND = "request-payment"


@service.operation(action="s3:PutBucketRequestPayment", **access.ON_BUCKET)
async def put_bucket_request_payment(ctx: Context, request: Request) -> Answer:
    """From now on requesters pay (the bucket has the feature `request-payment`), or the owner does."""
    digests.check_document(ctx.request)
    payer = request["RequestPaymentConfiguration"]["Payer"]
    home = await home_of(ctx, request)
    settings.write(home, KIND, {"Payer": payer})
    changes.set_feature(home, KIND, payer == "Requester")
    return {}


@service.operation(action="s3:GetBucketRequestPayment", **access.ON_BUCKET)
async def get_bucket_request_payment(ctx: Context, request: Request) -> Answer:
    return await settings.read(await home_of(ctx, request), KIND) or {"Payer": "BucketOwner"}
