"""Answers that a stage keeps for a while, on the virtual clock.

    cached  api, stage, generation, key  -> Kept; the generation changes when the cache is flushed

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from fogbank.http import Response
from fogbank.kernel import Context, Record
from fogbank.kernel.bodies import whole
from fogbank.services.apigateway.deployments import generation
from fogbank.services.apigateway.gateway_responses import Refused
from fogbank.services.apigateway.service import service
from fogbank.services.apigateway.serving.exchange import Exchange
from fogbank.services.apigateway.serving.mapping import source_value

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html: 1,048,576 bytes
_LARGEST = 1_048_576
_SLACK = 60


class Kept(Record, frozen=True):
    """`until` is epoch seconds."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    until: float


kept = service.collection("cached", Kept)


async def through(exchange: Exchange, ask: Callable[[Exchange], Awaitable[Response]]) -> Response:
    """From the cache, if the stage has one for this method, else by asking."""
    if not _is_cached(exchange):
        return await ask(exchange)
    ctx, key = exchange.ctx, _key(exchange)
    refresh, warning = await _wants_fresh(exchange)
    found = None if refresh else await ctx.transact(_look, ctx, key)
    if found is not None:
        exchange.cached = "hit"
        response = Response(found.status, found.headers, found.body)
    else:
        exchange.cached = "miss"
        response = await ask(exchange)
        if response.status < 400:
            response.body = await whole(response.body)
            if len(response.body) <= _LARGEST:
                await ctx.transact(_keep, ctx, key, response, exchange.settings["cacheTtlInSeconds"])
    if warning:
        response.headers = [
            *response.headers,
            ("Warning", "199 - Cache-control headers were ignored because the caller was unauthorized."),
        ]
    return response


def _is_cached(exchange: Exchange) -> bool:
    stage = exchange.stage
    own_cache = not exchange.is_canary or (stage.get("canarySettings") or {}).get("useStageCache")
    if not stage.get("cacheClusterEnabled") or not exchange.settings["cachingEnabled"] or not own_cache:
        return False
    # by default only GET is, though the settings of a method of its own may say otherwise
    return exchange.visit.method == "GET" or not _is_of_all(exchange)


def _is_of_all(exchange: Exchange) -> bool:
    found = exchange.stage.get("methodSettings") or {}
    path = exchange.matched.resource["path"].lstrip("/")
    return not any(key.rpartition("/")[0].replace("~1", "/").lstrip("/") == path for key in found)


def _key(exchange: Exchange) -> tuple[str, str, str, str]:
    """By the path, and by the parameters that the integration names; without any only the path counts."""
    integration = exchange.method["methodIntegration"]
    values = [
        [name, source_value(exchange, _request_name(name, integration))] for name in integration["cacheKeyParameters"]
    ]
    place = [exchange.visit.method, integration.get("cacheNamespace"), exchange.visit.path, values]
    digest = hashlib.sha256(orjson.dumps(place)).hexdigest()
    return exchange.visit.api, exchange.visit.stage, generation(exchange.api, exchange.stage), digest


def _request_name(name: str, integration: dict[str, Any]) -> str:
    """`integration.request.querystring.x` is what was mapped to it."""
    source: str = (integration.get("requestParameters") or {}).get(name, name)
    return source


async def _wants_fresh(exchange: Exchange) -> tuple[bool, bool]:
    """(whether the caller may have the entry replaced, whether to warn that it may not). Raises Refused (403)."""
    if "max-age=0" not in exchange.visit.headers.get("cache-control", "").replace(" ", ""):
        return False, False
    settings = exchange.settings
    if not settings["requireAuthorizationForCacheControl"]:
        return True, False
    arn = exchange.arn()
    is_known = exchange.ctx.principal.kind != "anonymous"
    if is_known and await exchange.ctx.may("execute-api:InvalidateCache", arn, owner=exchange.ctx.account):
        return True, False
    strategy = settings["unauthorizedCacheControlHeaderStrategy"]
    if strategy == "FAIL_WITH_403":
        raise Refused("ACCESS_DENIED", "User is not authorized to invalidate the cache")
    return False, strategy == "SUCCEED_WITH_RESPONSE_HEADER"


async def _look(ctx: Context, key: tuple[str, ...]) -> Kept | None:
    found = await kept.get(ctx, *key)
    return found if found is not None and found.until > ctx.now() else None


async def _keep(ctx: Context, key: tuple[str, ...], response: Response, seconds: int) -> None:
    if seconds <= 0:
        return
    body = response.body
    assert isinstance(body, bytes)
    until = ctx.now() + seconds
    kept.put(ctx, Kept(response.status, response.headers, body, until), *key)
    await ctx.schedule("forget_cached", {"key": list(key)}, at=until + _SLACK, key="/".join(key))


@service.task
async def forget_cached(ctx: Context, payload: dict[str, Any]) -> None:
    kept.delete(ctx, *payload["key"])
