"""What functions of Object Lambda answer: WriteGetObjectResponse, and the reader who waits for it.

    expected-answers   token   -> Expected: a reader waits; with what was answered, once it was

Function and reader may be served by different processes, so the answer goes through the store.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.http import Payload
from fogbank.kernel import AWSError, Collection, Context, Record
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_NOT_THE_ANSWERS = frozenset({"RequestRoute", "RequestToken", "Body", "ContentLength"})


class Expected(Record, frozen=True):
    """`members` are those of GetObject's answer, and `StatusCode`, `ErrorCode` and `ErrorMessage`."""

    answered: bool = False
    members: dict[str, Any] = {}
    body: bytes = b""


_expected: Collection[Expected] = service.collection("expected-answers", Expected, scope="global")


# -- refusals: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#S3ObjectLambdaErrorCodeList


def not_invoked(error: AWSError) -> AWSError:
    """The refusal of a reader whose function could not be called."""
    if error.status == 403 or error.code.startswith("AccessDenied"):
        return AWSError("LambdaPermissionError", "The caller is not authorized to invoke the Lambda function.", 403)
    if error.code == "ResourceNotFoundException":
        return AWSError("LambdaNotFound", "The AWS Lambda function was not found.", 404)
    if error.code == "TooManyRequestsException":
        return AWSError("SlowDown", "Reduce your request rate for operations involving AWS Lambda.", 503)
    return AWSError("LambdaInvocationFailed", f"Lambda function invocation failed. {error.message}", 400)


def runtime_error(said: str) -> AWSError:
    return AWSError("LambdaRuntimeError", f"The Lambda function failed during execution. {said}", 500)


def invalid_response(why: str) -> AWSError:
    return AWSError("LambdaInvalidResponse", why, 400)


def _not_received() -> AWSError:
    return AWSError(
        "LambdaResponseNotReceived",
        "The Lambda function exited without successfully calling WriteGetObjectResponse.",
        500,
    )


def _no_reader() -> AWSError:
    return AWSError("ValidationError", "Invalid token", 400)


# -- the function's side


@service.operation(
    transaction=False, action="s3-object-lambda:WriteGetObjectResponse", resource=lambda ctx, request: "*"
)
async def write_get_object_response(ctx: Context, request: Request) -> Answer:
    """Answer a reader, once. Errors: ValidationError when nobody waits for it.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_WriteGetObjectResponse.html
    """
    token = request["RequestToken"]
    await ctx.transact(_waiting, ctx, token)
    members = {name: value for name, value in request.items() if name not in _NOT_THE_ANSWERS}
    body = request.get("Body") or Payload()
    data = await body.read()
    await ctx.transact(_answer, ctx, token, members, data)
    return {}


async def _waiting(ctx: Context, token: str) -> Expected:
    found = await _expected.get(ctx, token)
    if found is None or found.answered:
        raise _no_reader()
    return found


async def _answer(ctx: Context, token: str, members: dict[str, Any], data: bytes) -> None:
    found = await _waiting(ctx, token)
    _expected.put(ctx, msgspec.structs.replace(found, answered=True, members=members, body=data), token)


# -- the reader's side


async def expect(ctx: Context, token: str) -> None:
    _expected.put(ctx, Expected(), token)


async def forget(ctx: Context, token: str) -> None:
    _expected.delete(ctx, token)


async def received(ctx: Context, token: str) -> Answer:
    """GetObject's answer, as the function made it. Raises the error that it answered, or LambdaResponseNotReceived."""
    found = await ctx.transact(_expected.get, ctx, token)
    if found is None or not found.answered:
        raise _not_received()
    if found.members.get("ErrorCode"):
        status = found.members.get("StatusCode") or 500
        raise AWSError(found.members["ErrorCode"], found.members.get("ErrorMessage") or "", status)
    return {**found.members, "ContentLength": len(found.body), "Body": found.body}
