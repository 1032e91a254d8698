"""What exports and imports have in common: ids, client tokens that hold for eight hours, failures, calls of S3.

    interchange-tokens  (operation, client token)  Seen

A job is remembered for 90 days, and its token as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.kernel import AWSError, Record, pages
from fogbank.services.dynamodb import errors
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tokens import digest_of

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

KEPT = 90 * 86400
# DescribeExport and DescribeImport do not spell these as S3 does
_FAILURES = {"NoSuchBucket": "S3NoSuchBucket", "NoSuchKey": "S3NoSuchKey"}
_TOKEN_LIFETIME = 8 * 3600
_TOKEN_UNIT = 16


class Seen(Record, frozen=True):
    digest: bytes
    arn: str
    until: float


seen = service.collection("interchange-tokens", Seen)


def new_id(ctx: Context) -> str:
    """`01234567890123-a1b2c3d4`: the time in milliseconds, and a random number."""
    return f"{int(ctx.now() * 1000):014}-{ctx.ids.hex(8)}"


async def asked_before(ctx: Context, request: Document, conflict: AWSError) -> str | None:
    """The ARN of the job that this request began before, by its client token. Raises `conflict` when it was another request."""
    token = request.get("ClientToken")
    known = None if token is None else await seen.get(ctx, ctx.operation, token)
    if known is None or known.until <= ctx.now():
        return None
    if known.digest != digest_of(request):
        raise conflict
    return known.arn


def remember(ctx: Context, request: Document, arn: str) -> None:
    token = request.get("ClientToken")
    if token is not None:
        seen.put(ctx, Seen(digest_of(request), arn, ctx.now() + _TOKEN_LIFETIME), ctx.operation, token)


async def forget(ctx: Context, operation: str, token: str | None, arn: str) -> None:
    """The job is forgotten: so is its token, unless it stands for a later one by now."""
    known = None if token is None else await seen.get(ctx, operation, token)
    if known is not None and known.arn == arn:
        seen.delete(ctx, operation, token or "")


def failure(error: AWSError) -> tuple[str, str]:
    """FailureCode and FailureMessage of a job that S3 refused."""
    return _FAILURES.get(error.code, error.code), error.message


def hex_token(token: str, shortest: int = _TOKEN_UNIT) -> str:
    """A page token in the form that the model has for it: at least so many hexadecimal digits, a multiple of 16."""
    digits = token.encode().hex()
    length = max(shortest, len(digits) + -len(digits) % _TOKEN_UNIT)
    return digits.ljust(length, "0")


def hex_position(given: str) -> str:
    """The position in such a token. Raises ValidationException."""
    token = bytes.fromhex(given).rstrip(b"\0").decode("latin-1")
    return pages.position(token, errors.validation("Invalid NextToken"))


async def s3(ctx: Context, operation: str, request: Document) -> Document:
    """Call S3 with the permissions of who asked for the job."""
    return await ctx.call("s3", operation, request, as_caller=True)
