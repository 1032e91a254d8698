"""Where a bucket is, and what a request is told that looks for it elsewhere.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html. One endpoint here is all of AWS's: which of them a request is meant
for, the region says that it was signed for, or a host name of AWS's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fogbank.http import Request
from fogbank.kernel import AWSError, Context
from fogbank.services.s3.express.directory_names import is_directory

if TYPE_CHECKING:
    from fogbank.services.s3.records import Bucket, Home

FIRST = "us-east-1"

# In the host names of accelerated buckets.
_ACCELERATED = ".s3-accelerate."

_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d+"
_IS_REGION = re.compile(_REGION)
_AWS_HOST = re.compile(rf"(?:.+\.)?s3(?:-fips)?(?:\.dualstack)?[.-]({_REGION})\.amazonaws\.com(?:\.cn)?(?::\d+)?")
# An access point stands for a bucket wherever that is.
_THROUGH_ACCESS_POINT = "s3:DataAccessPointArn"
# Everybody may ask the first region where a bucket is.
_ANSWERED_BY_FIRST = "get_bucket_location"


async def check(ctx: Context, home: Home, params: dict[str, Any]) -> None:
    """Has a request for a bucket come to the right place? Inside a transaction, before the decision about the request.

    Raises PermanentRedirect and AuthorizationHeaderMalformed for other regions; and as `acceleration.check` and `directories.check`.
    """
    request = ctx.request
    if request is None:
        return
    is_elsewhere = home.bucket.region != ctx.region and _THROUGH_ACCESS_POINT not in ctx.origin
    if is_elsewhere and ctx.app.settings.s3_regions == "strict":
        _check_region(ctx, request, home.bucket)
    if _ACCELERATED in request.headers.get("host", ""):
        from fogbank.services.s3.bucket import acceleration

        await acceleration.check(home)
    if is_directory(home.name):
        from fogbank.services.s3.express import directories

        directories.check(ctx, home.bucket, params)


def _check_region(ctx: Context, request: Request, bucket: Bucket) -> None:
    signed = ctx.region if ctx.principal.kind != "anonymous" else ""
    named = _region_of_host(request.headers.get("host", ""))
    if signed and named and signed != named:
        raise _wrong_signature(signed, named)
    region = named or signed
    if region == bucket.region or _IS_REGION.fullmatch(region) is None:
        return
    if not (region == FIRST and ctx.operation == _ANSWERED_BY_FIRST):
        raise _elsewhere(request, bucket)


@lru_cache(maxsize=2048)
def _region_of_host(host: str) -> str:
    """The region in a host name of AWS's; empty for others."""
    found = _AWS_HOST.fullmatch(host.lower())
    return "" if found is None else found[1]


def _wrong_signature(signed: str, expected: str) -> AWSError:
    return AWSError(
        "AuthorizationHeaderMalformed",
        f"The authorization header is malformed; the region '{signed}' is wrong; expecting '{expected}'",
        400,
        Region=expected,
    )


def _elsewhere(request: Request, bucket: Bucket) -> AWSError:
    """Clients go by the header. The endpoint is one of AWS's only for those who think that they are there."""
    host = request.headers.get("host", "")
    endpoint = f"{bucket.name}.s3.{bucket.region}.amazonaws.com" if "amazonaws.com" in host else host
    return AWSError(
        "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future "
        "requests to this endpoint.",
        301,
        {"x-amz-bucket-region": bucket.region},
        Endpoint=endpoint,
        Bucket=bucket.name,
    )
