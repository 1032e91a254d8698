"""Buckets on Outposts. Fogbank has no Outposts, so none of these operations finds one, as in an account without any."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3control import accounts, errors
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_OPERATIONS = (
    "create_bucket",
    "delete_bucket",
    "delete_bucket_lifecycle_configuration",
    "delete_bucket_policy",
    "delete_bucket_replication",
    "delete_bucket_tagging",
    "get_bucket",
    "get_bucket_lifecycle_configuration",
    "get_bucket_policy",
    "get_bucket_replication",
    "get_bucket_tagging",
    "get_bucket_versioning",
    "list_regional_buckets",
    "put_bucket_lifecycle_configuration",
    "put_bucket_policy",
    "put_bucket_replication",
    "put_bucket_tagging",
    "put_bucket_versioning",
)


async def _refuse(ctx: Context, request: Request) -> Answer:
    """Raises NoSuchOutpost; UnsupportedOperation where no Outpost was named: other buckets have S3's own operations."""
    headers = ctx.headers
    names_one = "x-amz-outpost-id" in headers or ":s3-outposts:" in (request.get("Bucket") or "")
    raise errors.no_such_outpost() if names_one or request.get("OutpostId") else errors.unsupported_operation()


def _action(operation: str) -> str:
    return "s3-outposts:" + "".join(word.capitalize() for word in operation.split("_"))


for _name in _OPERATIONS:
    service.operation_from(_refuse, _name, action=_action(_name), **accounts.ON_ACCOUNT)
