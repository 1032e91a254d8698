"""A request on its way through a stage of an HTTP API: `_handled` reads as the table of contents.

stage -> preflight? -> route -> rate -> authorizer -> integration -> answer, with CORS headers
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

from fogbank.apis import rates
from fogbank.apis.addresses import Place, stage_in_path
from fogbank.apis.mapping import with_context
from fogbank.apis.observing import Told, accessed
from fogbank.apis.visits import Visit, one_line
from fogbank.http import Response
from fogbank.kernel import Context, metrics
from fogbank.services.apigatewayv2.parts import apis, snapshots, stages
from fogbank.services.apigatewayv2.service import service
from fogbank.services.apigatewayv2.serving import authorizing, cors, integrating, routes
from fogbank.services.apigatewayv2.serving.exchange import Exchange, Refused

Document = dict[str, Any]
NAMESPACE = "AWS/ApiGateway"
LONGEST_PAYLOAD = 10 * 1024 * 1024


async def execute(ctx: Context, visit: Visit, place: Place, own_host: bool) -> Response:
    """The answer of an HTTP API, or of a WebSocket API to who wants a connection."""
    api = await ctx.transact(apis.get, ctx, visit.api)
    if api is not None and api.document["ProtocolType"] == "WEBSOCKET":
        from fogbank.services.apigatewayv2.websocket.opening import connect

        return await connect(ctx, visit, place, own_host)
    exchange = await ctx.transact(_opened, ctx, visit, place, own_host)
    if exchange is None:
        return Refused(404, "Not Found", {"apigw-requestid": visit.extended_id}).response()
    begun = perf_counter()
    response = await _answered(exchange)
    await _observe(exchange, response, perf_counter() - begun)
    return response


async def _opened(ctx: Context, visit: Visit, place: Place, own_host: bool) -> Exchange | None:
    """The first segment names a stage, or all of the path is for the default one."""
    api = await apis.get(ctx, visit.api)
    if api is None or (own_host and api.document["DisableExecuteApiEndpoint"]):
        return None
    tried = [(place.stage, place.path)] if place.stage else [stage_in_path(place.path), ("$default", place.path)]
    for name, path in tried:
        stage = await stages.get(ctx, visit.api, name) if name else None
        if stage is not None:
            visit.stage, visit.path = name, path
            snapshot = await snapshots.get(ctx, visit.api, stage.document.get("DeploymentId") or "")
            return None if snapshot is None else Exchange(ctx, visit, stage.document, snapshot)
    return None


async def _answered(exchange: Exchange) -> Response:
    try:
        response = await _handled(exchange)
    except Refused as refused:
        exchange.why = exchange.why or refused.why or refused.message
        response = refused.response()
    added = cors.headers(exchange.api.get("CorsConfiguration"), exchange.visit)
    if added:  # what the configuration says stands in the place of what an integration says
        names = {name for name, _ in added}
        response.headers = [pair for pair in response.headers if pair[0].lower() not in names] + added
    response.headers = [(name, one_line(value)) for name, value in response.headers]
    response.headers.append(("apigw-requestid", exchange.request_id))
    return response


async def _handled(exchange: Exchange) -> Response:
    visit = exchange.visit
    if len(visit.body) > LONGEST_PAYLOAD:
        raise Refused(413, "Request Entity Too Large")
    if exchange.api.get("CorsConfiguration") and cors.is_preflight(visit):
        return Response(204)
    found = routes.find(exchange.snapshot.routes, visit.method, visit.path)
    if found is None:
        raise Refused(404, "Not Found")
    exchange.route, exchange.params = found
    await _within_rate(exchange)
    await authorizing.authorize(exchange)
    return await integrating.respond(exchange)


async def _within_rate(exchange: Exchange) -> None:
    settings, visit = exchange.settings(), exchange.visit
    rate, burst = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
    if rate is None and burst is None:
        return
    ctx, whose = exchange.ctx, (visit.api, visit.stage, exchange.route["RouteKey"])
    if not await ctx.transact(
        rates.take, ctx, rate if rate is not None else burst, burst if burst is not None else rate, *whose
    ):
        raise Refused(429, "Too Many Requests")


async def _observe(exchange: Exchange, response: Response, seconds: float) -> None:
    visit, ctx = exchange.visit, exchange.ctx
    length = len(response.body) if isinstance(response.body, bytes) else 0
    told = Told(response.status, length, seconds * 1000)
    places: list[metrics.Dimensions] = [(("ApiId", visit.api),), (("ApiId", visit.api), ("Stage", visit.stage))]
    if exchange.route and exchange.settings().get("DetailedMetricsEnabled"):
        verb, _, path = exchange.route["RouteKey"].partition(" ")
        places.append((("ApiId", visit.api), ("Method", verb), ("Resource", path or verb), ("Stage", visit.stage)))
    counted = [
        ("Count", 1.0, "Count"),
        ("4xx", float(400 <= told.status < 500), "Count"),
        ("5xx", float(told.status >= 500), "Count"),
        ("Latency", told.milliseconds, "Milliseconds"),
        ("IntegrationLatency", float(exchange.integration_latency), "Milliseconds"),
        ("DataProcessed", float(length + len(visit.body)), "Bytes"),
    ]
    for dimensions in places:
        for name, value, unit in counted:
            metrics.tally(ctx, NAMESPACE, name, value, unit, dimensions)
    settings = exchange.stage.get("AccessLogSettings") or {}
    if settings.get("DestinationArn") and settings.get("Format"):
        line = with_context(settings["Format"], {**exchange.context(), **told.context()})
        await accessed(ctx, settings["DestinationArn"], visit, line)


service.provide("execute", execute)
