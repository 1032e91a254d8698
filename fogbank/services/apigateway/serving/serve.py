"""A request on its way through a stage: `_handled` reads as the table of contents.

stage -> resource -> resource policy, authorizer -> API key, quota, rate -> validation -> cache -> integration -> answer
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import orjson

from fogbank.apis.addresses import Place, stage_in_path
from fogbank.apis.mapping import escape_javascript, rendered
from fogbank.apis.velocity import TemplateError
from fogbank.apis.visits import Visit, one_line
from fogbank.http import Response
from fogbank.kernel import Context
from fogbank.services.apigateway.gateway_responses import DEFAULTS, Refused, default_response, missing_token
from fogbank.services.apigateway.parts import apis, snapshots, stages
from fogbank.services.apigateway.service import service
from fogbank.services.apigateway.serving import authorizing, caching, integrating, keys, observing, validating
from fogbank.services.apigateway.serving.exchange import Exchange
from fogbank.services.apigateway.serving.mapping import source_value
from fogbank.services.apigateway.serving.routes import Routes, routes_of

Document = dict[str, Any]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
LONGEST_PAYLOAD = 10 * 1024 * 1024


async def execute(ctx: Context, visit: Visit, place: Place, own_host: bool) -> Response:
    """The answer of a REST API. `ctx` is in its account and region, with the caller as its principal.

    `own_host`: it was asked by its own name, and not by that of a domain.
    """
    visit.stage, visit.path = (place.stage, place.path) if place.stage else stage_in_path(place.path)
    exchange = await ctx.transact(_opened, ctx, visit, own_host)
    if exchange is None:
        return plain_refusal(visit, 403, "Forbidden", "ForbiddenException")
    begun = perf_counter()
    response = await handle(exchange)
    await observing.answered(exchange, response, perf_counter() - begun)
    return response


async def _opened(ctx: Context, visit: Visit, own_host: bool) -> Exchange | None:
    """None where there is no such stage, or not under this name."""
    api = await apis.get(ctx, visit.api)
    stage = await stages.get(ctx, visit.api, visit.stage)
    if api is None or stage is None or (own_host and api.document.get("disableExecuteApiEndpoint")):
        return None
    canary = stage.document.get("canarySettings") or {}
    is_canary = bool(canary) and ctx.ids.random.random() * 100 < canary.get("percentTraffic", 0)
    deployment = canary["deploymentId"] if is_canary else stage.document["deploymentId"]
    snapshot = await snapshots.get(ctx, visit.api, deployment)
    return None if snapshot is None else Exchange(ctx, visit, stage.document, routes_of(snapshot), is_canary)


def plain_refusal(visit: Visit, status: int, message: str, kind: str) -> Response:
    """An answer of no API in particular."""
    headers = [("content-type", "application/json"), ("x-amzn-requestid", visit.request_id), ("x-amzn-errortype", kind)]
    return Response(status, [*headers, ("x-amz-apigw-id", visit.extended_id)], orjson.dumps({"message": message}))


async def handle(exchange: Exchange) -> Response:
    """The answer, whatever it is."""
    try:
        response = await _handled(exchange)
    except Refused as refused:
        exchange.note(refused.why or f"{refused.kind}: {refused.message}")
        response = refusal(exchange, refused)
    visit = exchange.visit
    names = {name.lower() for name, _ in response.headers}
    own = {"x-amzn-RequestId": visit.request_id, "x-amz-apigw-id": visit.extended_id, "X-Amzn-Trace-Id": visit.trace}
    response.headers += [(name, value) for name, value in own.items() if name.lower() not in names]
    return response


async def _handled(exchange: Exchange) -> Response:
    if len(exchange.visit.body) > LONGEST_PAYLOAD:
        raise Refused("REQUEST_TOO_LARGE", "Request Too Long")
    exchange.match = exchange.routes.tree.find(exchange.visit.path, exchange.visit.method)
    await authorizing.check_resource_policy(exchange)
    if exchange.match is None:
        raise missing_token()
    exchange.note(f"HTTP Method: {exchange.visit.method}, Resource Path: {exchange.visit.path}")
    await authorizing.authorize(exchange)
    await keys.admit(exchange)
    validating.check(exchange)
    return await caching.through(exchange, integrating.respond)


# -- answers of our own


def refusal(exchange: Exchange, refused: Refused) -> Response:
    """In the words of the API, where it has some for the kind, or for all of the 4XX or 5XX."""
    found = _worded(exchange.routes, refused)
    exchange.errors = {
        "message": refused.message,
        "messageString": orjson.dumps(refused.message).decode() if refused.message is not None else "null",
        "responseType": refused.kind,
        **refused.details,
    }
    status = int(found.get("statusCode") or refused.status)
    if found["responseType"] == refused.kind and found["defaultResponse"]:
        status = refused.status
    body, kind = _body(exchange, found)
    if found["defaultResponse"]:
        body = orjson.dumps({refused.member: refused.message})
    headers = {"Content-Type": kind, "x-amzn-ErrorType": DEFAULTS[refused.kind][1], **refused.headers}
    for target, source in (found.get("responseParameters") or {}).items():
        value = source_value(exchange, source) if exchange.match or not source.startswith("method.") else None
        if value is not None:
            headers[target.removeprefix("gatewayresponse.header.")] = one_line(value)
    return Response(status, list(headers.items()), body)


def _worded(routes: Routes, refused: Refused) -> Document:
    family = "DEFAULT_4XX" if refused.status < 500 else "DEFAULT_5XX"
    for name in (refused.kind, family):
        found = routes.named("responses", "responseType", name)
        if found is not None:
            return found
    return default_response(refused.kind)


def _body(exchange: Exchange, found: Document) -> tuple[bytes, str]:
    templates = found.get("responseTemplates") or {}
    accepted = exchange.visit.headers.get("accept", "").partition(",")[0].strip()
    kind = (
        accepted
        if accepted in templates
        else "application/json"
        if "application/json" in templates
        else next(iter(templates), "")
    )
    if not kind:
        return b"", "application/json"
    try:
        return rendered(templates[kind], exchange.given(exchange.body_text)).text.encode(), kind
    except TemplateError:
        return orjson.dumps({"message": escape_javascript(exchange.errors["message"])}), "application/json"


service.provide("execute", execute)
