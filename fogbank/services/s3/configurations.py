"""Configurations of a bucket that are kept and returned, and have no effect yet: see docs/services/s3.md.

Those whose silence would feign safety (policies, ACLs, the block on public access, encryption, object lock) are not among them.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.s3 import access, digests, errors
from fogbank.services.s3.records import ENABLED, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]


async def _owner(ctx: Context, request: Request) -> tuple[Context, tuple[str, ...]]:
    home = await home_of(ctx, request)
    # documents are kept by region, and a bucket is reached from all of them
    return home.ctx.at(region=home.bucket.region), (home.name,)


def _missing(code: str, message: str) -> Any:
    def make(ctx: Context, request: Request) -> AWSError:
        return errors.no_such_configuration(code, message, request["Bucket"])

    return make


_NO_SUCH_CONFIGURATION = _missing("NoSuchConfiguration", "The specified configuration does not exist.")


async def _check_digest(ctx: Context, request: Request) -> None:
    digests.check_document(ctx.request)


async def _check_replication(ctx: Context, request: Request) -> None:
    await _check_digest(ctx, request)
    await ctx.pass_role(request["ReplicationConfiguration"]["Role"])
    home = await home_of(ctx, request)
    if home.bucket.versioning != ENABLED:
        raise errors.invalid_request("Versioning must be 'Enabled' on the bucket to apply a replication configuration")


async def _check_no_periods(ctx: Context, request: Request) -> None:
    await _check_digest(ctx, request)
    if "." in request["Bucket"]:
        raise errors.invalid_request(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )


def _declare(name: str, action: str, check: Any = _check_digest, **options: Any) -> None:
    decision = {option: value for option, value in access.ON_BUCKET.items() if option != "owner"}
    service.configuration(name, owner=_owner, check=check, action=action, **decision, **options)


_declare(
    "cors",
    "BucketCORS",
    put="put_bucket_cors",
    get="get_bucket_cors",
    delete="delete_bucket_cors",
    missing=_missing("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
)
_declare(
    "lifecycle",
    "LifecycleConfiguration",
    put="put_bucket_lifecycle_configuration",
    get="get_bucket_lifecycle_configuration",
    delete="delete_bucket_lifecycle",
    missing=_missing("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
)
_declare(
    "website",
    "BucketWebsite",
    put="put_bucket_website",
    get="get_bucket_website",
    delete="delete_bucket_website",
    delete_verb="Delete",
    missing=_missing("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
)
_declare(
    "replication",
    "ReplicationConfiguration",
    _check_replication,
    put="put_bucket_replication",
    get="get_bucket_replication",
    delete="delete_bucket_replication",
    missing=_missing("ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
)
_declare("logging", "BucketLogging", put="put_bucket_logging", get="get_bucket_logging", default={})
_declare(
    "notification",
    "BucketNotification",
    put="put_bucket_notification_configuration",
    get="get_bucket_notification_configuration",
    default={},
)
_declare(
    "accelerate",
    "AccelerateConfiguration",
    _check_no_periods,
    put="put_bucket_accelerate_configuration",
    get="get_bucket_accelerate_configuration",
    default={},
)
_declare(
    "request-payment",
    "BucketRequestPayment",
    put="put_bucket_request_payment",
    get="get_bucket_request_payment",
    default={"Payer": "BucketOwner"},
)

# Of each kind one document a bucket, and of each kind as many as there are ids.
CONFIGURATIONS = (
    "cors",
    "lifecycle",
    "website",
    "replication",
    "logging",
    "notification",
    "accelerate",
    "request-payment",
)
MANY = ("analytics", "inventory", "metrics", "intelligent-tiering")

for _kind, _noun in zip(MANY, ("Analytics", "Inventory", "Metrics", "IntelligentTiering"), strict=True):
    _snake = _kind.replace("-", "_")
    _declare(
        _kind,
        f"{_noun}Configuration",
        put=f"put_bucket_{_snake}_configuration",
        get=f"get_bucket_{_snake}_configuration",
        delete=f"delete_bucket_{_snake}_configuration",
        list=f"list_bucket_{_snake}_configurations",
        id_member="Id",
        missing=_NO_SUCH_CONFIGURATION,
    )
