"""API keys and usage plans, and how often methods may be called.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

from typing import Any

from fogbank.apis import rates
from fogbank.services.apigateway.api_keys import key_values, keys
from fogbank.services.apigateway.gateway_responses import Refused, forbidden
from fogbank.services.apigateway.serving.exchange import Exchange
from fogbank.services.apigateway.usage_plans import key_plans, plan_of, spend

Document = dict[str, Any]


async def admit(exchange: Exchange) -> None:
    """Raises Refused: 403 without a key that the stage takes, 429 for too much, or too often."""
    asks = exchange.method["apiKeyRequired"]
    limited = "methodSettings" in exchange.stage and exchange.stage["methodSettings"]
    if asks or limited:
        await exchange.ctx.transact(_admit, exchange, bool(asks))


async def _admit(exchange: Exchange, asks: bool) -> None:
    plan = await _plan(exchange) if asks else None
    if plan is not None:
        await _within_plan(exchange, plan)
    settings, ctx, visit = exchange.settings, exchange.ctx, exchange.visit
    if not exchange.stage.get("methodSettings"):
        return
    rate, burst = settings["throttlingRateLimit"], settings["throttlingBurstLimit"]
    if rate >= 10000 and burst >= 5000:
        return  # what the account may do in any case
    method = f"{exchange.matched.resource['id']}/{visit.method}"
    if not await rates.take(ctx, rate, burst, visit.api, visit.stage, method):
        raise _too_many()


def _too_many() -> Refused:
    return Refused("THROTTLED", "Too Many Requests")


async def _plan(exchange: Exchange) -> Document:
    """The plan by which the caller's key opens this stage. Raises Refused (403)."""
    ctx, visit = exchange.ctx, exchange.visit
    by_header = exchange.api["apiKeySource"] == "HEADER"
    secret = visit.headers.get("x-api-key", "") if by_header else exchange.usage_key
    identifier = await key_values.get(ctx, secret) if secret else None
    key = await keys.get(ctx, identifier) if identifier else None
    if key is None or not key.document["enabled"]:
        raise forbidden()
    exchange.api_key = key.document
    for (plan_id,), _ in await key_plans.items(ctx, (str,), key.document["id"]):
        plan = await plan_of(ctx, str(plan_id))
        if any((each["apiId"], each["stage"]) == (visit.api, visit.stage) for each in plan["apiStages"]):
            return plan
    raise forbidden()


async def _within_plan(exchange: Exchange, plan: Document) -> None:
    """The rate first: what is refused for it is not counted."""
    assert exchange.api_key is not None
    key_id, visit = exchange.api_key["id"], exchange.visit
    for name, throttle in _throttles(exchange, plan):
        burst = throttle.get("burstLimit") or 0
        if not await rates.take(exchange.ctx, throttle.get("rateLimit") or 0, burst, plan["id"], key_id, name):
            raise _too_many()
    if not await spend(exchange.ctx, plan, key_id):
        raise Refused("QUOTA_EXCEEDED", "Limit Exceeded", why=f"{visit.method} {visit.path}: the quota is used up")


def _throttles(exchange: Exchange, plan: Document) -> list[tuple[str, Document]]:
    """That of the method, if the plan has one for it, else that of the plan."""
    visit = exchange.visit
    for each in plan["apiStages"]:
        if (each["apiId"], each["stage"]) == (visit.api, visit.stage):
            name = f"{exchange.matched.resource['path']}/{visit.method}"
            own = (each.get("throttle") or {}).get(name)
            if own:
                return [(f"{visit.api}/{visit.stage}{name}", own)]
    return [("", plan["throttle"])] if plan.get("throttle") else []
