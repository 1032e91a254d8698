"""The pool's functions. A function is invoked by the pool, which its policy has to let in.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context, bodies
from fogbank.services.cognito_idp import errors
from fogbank.services.cognito_idp.pool import Pool, arn

_NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"
_SDK = "aws-sdk-unknown-unknown"


def is_there(pool: Pool, trigger: str) -> bool:
    return bool(pool.settings["LambdaConfig"].get(trigger))


async def ask(
    ctx: Context,
    pool: Pool,
    trigger: str,
    source: str,
    username: str,
    request: dict[str, Any],
    response: dict[str, Any],
    client: str = "",
    version: str = "1",
) -> dict[str, Any]:
    """What a pool's function (`PreSignUp`) has made of the response; the response as it is when the pool has none. In no transaction.

    `source` is the occasion (`PreSignUp_SignUp`). Errors: UserLambdaValidationException, UnexpectedLambdaException,
    InvalidLambdaResponseException.
    """
    function = pool.settings["LambdaConfig"].get(trigger)
    if not function:
        return response
    event = {
        "version": version,
        "triggerSource": source,
        "region": ctx.region,
        "userPoolId": pool.id,
        "userName": username,
        "callerContext": {"awsSdkVersion": _SDK, "clientId": client or _NO_CLIENT},
        "request": request,
        "response": response,
    }
    return _answer(await _invoked(ctx, pool, trigger, function, event))


async def _invoked(ctx: Context, pool: Pool, trigger: str, function: str, event: dict[str, Any]) -> Any:
    params = {"FunctionName": function, "Payload": orjson.dumps(event)}
    try:
        found = await ctx.call("lambda", "Invoke", params, source_arn=arn(ctx, pool.id))
        payload = orjson.loads(await bodies.whole(found["Payload"]))
    except AWSError as error:
        raise errors.trigger_not_invoked(trigger, error.code) from error
    except orjson.JSONDecodeError as error:
        raise errors.unrecognizable() from error
    if found.get("FunctionError"):
        message = payload.get("errorMessage", "") if isinstance(payload, dict) else str(payload)
        raise errors.trigger_failed(trigger, message)
    return payload


def _answer(payload: Any) -> dict[str, Any]:
    answer = payload.get("response") if isinstance(payload, dict) else None
    if not isinstance(answer, dict):
        raise errors.unrecognizable()
    return answer
