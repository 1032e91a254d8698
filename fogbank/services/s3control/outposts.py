"""Buckets on Outposts. Fogbank has no Outposts, so none of these operations finds one, as in an account without any."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3control import accounts, errors
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

# Operations, and the actions that they take: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3onoutposts.html
_OPERATIONS = {
    "create_bucket": "CreateBucket",
    "delete_bucket": "DeleteBucket",
    "delete_bucket_lifecycle_configuration": "PutLifecycleConfiguration",
    "delete_bucket_policy": "DeleteBucketPolicy",
    "delete_bucket_replication": "PutReplicationConfiguration",
    "delete_bucket_tagging": "PutBucketTagging",
    "get_bucket": "GetBucket",
    "get_bucket_lifecycle_configuration": "GetLifecycleConfiguration",
    "get_bucket_policy": "GetBucketPolicy",
    "get_bucket_replication": "GetReplicationConfiguration",
    "get_bucket_tagging": "GetBucketTagging",
    "get_bucket_versioning": "GetBucketVersioning",
    "list_regional_buckets": "ListRegionalBuckets",
    "put_bucket_lifecycle_configuration": "PutLifecycleConfiguration",
    "put_bucket_policy": "PutBucketPolicy",
    "put_bucket_replication": "PutReplicationConfiguration",
    "put_bucket_tagging": "PutBucketTagging",
    "put_bucket_versioning": "PutBucketVersioning",
}


async def _refuse(ctx: Context, request: Request) -> Answer:
    """Raises NoSuchOutpost; UnsupportedOperation where no Outpost was named: other buckets have S3's own operations."""
    headers = ctx.headers
    names_one = "x-amz-outpost-id" in headers or ":s3-outposts:" in (request.get("Bucket") or "")
    raise errors.no_such_outpost() if names_one or request.get("OutpostId") else errors.unsupported_operation()


for _name, _action in _OPERATIONS.items():
    service.operation_from(_refuse, _name, action=f"s3-outposts:{_action}", **accounts.ON_ACCOUNT)
