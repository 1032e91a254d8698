"""Asking functions: which one a URI names, and what it answers. A function lets an API in by its resource policy, or by the API's role.

https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-with-lambda-integrations.html
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson

from fogbank.apis.deadlines import deadline
from fogbank.kernel import AWSError, Context
from fogbank.kernel.bodies import whole

_IN_URI = re.compile(r"functions/(arn:.+|[^/]+)/(?:response-streaming-)?invocations")


class Function(NamedTuple):
    """`how` is the reason when there is no payload: `refused` (no permission, no such function), `failed`, `timeout`, `throttled`."""

    payload: bytes
    how: str = ""
    why: str = ""


def arn_in(uri: str) -> str:
    """The ARN (or name) in `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/<arn>/invocations`, or the URI itself."""
    found = _IN_URI.search(uri)
    return found[1] if found else uri


async def ask(
    ctx: Context,
    uri: str,
    event: bytes,
    source_arn: str,
    timeout: float,
    role: str | None = None,
    asynchronous: bool = False,
    trace: str = "",
) -> Function:
    """Invoke a function. `timeout` is real seconds; `source_arn` is the method on whose behalf.

    The context is in the account and region of the API, and in no transaction.
    """
    arn = arn_in(uri)
    scope = ctx.at(region=arn.split(":")[3]) if arn.startswith("arn:") else ctx.at()
    scope.trace = trace or scope.trace
    params: dict[str, Any] = {"FunctionName": arn, "Payload": event}
    if asynchronous:
        params["InvocationType"] = "Event"
    try:
        async with deadline(timeout):
            answer = await scope.call("lambda", "Invoke", params, source_arn=source_arn, role=role)
    except TimeoutError:
        return Function(b"", "timeout")
    except AWSError as error:
        return Function(b"", "throttled" if error.status == 429 else "refused", str(error))
    payload = answer.get("Payload", b"")
    payload = payload if isinstance(payload, bytes) else await whole(payload)
    if answer.get("FunctionError"):
        return Function(payload, "failed", payload.decode(errors="replace"))
    return Function(payload)


def document_of(payload: bytes) -> Any:
    """What a function returned. Raises ValueError for what is no JSON."""
    return orjson.loads(payload or b"null")
