"""The connections of WebSocket APIs, for who stands behind them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from __future__ import annotations

from typing import Any

from fogbank.apis.naming import execution_arn
from fogbank.apis.sockets import About, sockets_of
from fogbank.http import Payload
from fogbank.kernel import AWSError, Context
from fogbank.services.apigatewaymanagementapi.service import service

Request = dict[str, Any]
_LONGEST = 128 * 1024
_VERBS = {"post_to_connection": "POST", "get_connection": "GET", "delete_connection": "DELETE"}


def _gone() -> AWSError:
    return AWSError("GoneException", "", 410)


async def _about(ctx: Context, request: Request) -> About | None:
    return await sockets_of(ctx.app).ask("look", request["ConnectionId"])


async def _owner(ctx: Context, request: Request) -> str | None:
    about = await _about(ctx, request)
    return None if about is None else about.account


async def _arn(ctx: Context, request: Request) -> str:
    """Of a connection that is not there only its name is known."""
    about = await _about(ctx, request)
    rest = f"{_VERBS[ctx.operation]}/@connections/{request['ConnectionId']}"
    if about is None:
        return execution_arn(ctx.account, ctx.region, "*", f"*/{rest}")
    return execution_arn(about.account, about.region, about.api, f"{about.stage}/{rest}")


MANAGED: dict[str, Any] = {
    "transaction": False,
    "action": "execute-api:ManageConnections",
    "resource": _arn,
    "owner": _owner,
}


@service.operation(**MANAGED)
async def post_to_connection(ctx: Context, request: Request) -> None:
    body = request.get("Data") or b""
    data = await body.read() if isinstance(body, Payload) else body
    if len(data) > _LONGEST:
        raise AWSError("PayloadTooLargeException", "Message too long", 413)
    if await sockets_of(ctx.app).ask("post", request["ConnectionId"], data) is None:
        raise _gone()


@service.operation(**MANAGED)
async def get_connection(ctx: Context, request: Request) -> Request:
    about = await _about(ctx, request)
    if about is None:
        raise _gone()
    return {
        "ConnectedAt": about.connected,
        "LastActiveAt": about.active,
        "Identity": {"SourceIp": about.source_ip, "UserAgent": about.user_agent},
    }


@service.operation(**MANAGED)
async def delete_connection(ctx: Context, request: Request) -> None:
    if await sockets_of(ctx.app).ask("shut", request["ConnectionId"]) is None:
        raise _gone()
