"""What S3 itself writes into buckets: access logs, inventories. The policy of the bucket decides whether it may.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html
"""

from __future__ import annotations

from typing import Any

from fogbank.http import Payload
from fogbank.identity.principals import service_principal
from fogbank.kernel import Context
from fogbank.services.s3 import errors, records
from fogbank.services.s3.object import objects
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Bucket, Home
from fogbank.services.s3.service import service

ARN = "arn:aws:s3:::"


async def check_destination(home: Home, arn: str) -> None:
    """Refuse the ARN of a bucket to deliver to, unless it is of one that is there, in the same region."""
    if not arn.startswith(ARN):
        raise errors.invalid_argument("Invalid bucket ARN.", "Bucket", arn)
    found = await records.find(home.ctx, arn.removeprefix(ARN))
    if found is None:
        raise errors.no_such_bucket(arn.removeprefix(ARN))
    if found.bucket.region != home.bucket.region:
        raise errors.invalid_request("Destination bucket must be in the same region as the source bucket.")


def courier(ctx: Context, bucket: Bucket, name: str) -> Context:
    """A context that acts as a service (`logging.s3`) on behalf of a bucket."""
    acting = ctx.at(account=bucket.account, region=bucket.region, service=service)
    acting.principal = service_principal(name, bucket.account)
    acting.origin = {"aws:SourceArn": bucket.arn, "aws:SourceAccount": bucket.account}
    acting.request, acting.protocol = None, ""
    return acting


async def deliver(ctx: Context, bucket: str, key: str, data: bytes, content_type: str, **members: Any) -> None:
    """Put an object as a courier. Raises AccessDenied when the bucket's policy says so, NoSuchBucket when it is gone."""
    request = {"Bucket": bucket, "Key": key, "ContentType": content_type, **members}
    # what policies look for: https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html
    await access.check(ctx, "s3:PutObject", {**request, "ACL": "bucket-owner-full-control"})
    await objects.put_object(ctx, {**request, "Body": Payload(data)})
