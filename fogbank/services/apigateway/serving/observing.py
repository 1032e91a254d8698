"""What is told of requests: access logs, execution logs, metrics, and segments for X-Ray.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

from __future__ import annotations

from typing import Any

from fogbank.apis.mapping import with_context
from fogbank.apis.observing import Told, accessed, traced
from fogbank.http import Response
from fogbank.kernel import AWSError, metrics
from fogbank.services.apigateway.serving.exchange import Exchange

NAMESPACE = "AWS/ApiGateway"
Document = dict[str, Any]


async def answered(exchange: Exchange, response: Response, seconds: float) -> None:
    """`seconds` is how long it took."""
    length = len(response.body) if isinstance(response.body, bytes) else 0
    told = Told(response.status, length, seconds * 1000)
    _measure(exchange, told)
    settings = exchange.stage.get("accessLogSettings") or {}
    if settings.get("destinationArn") and settings.get("format"):
        context = {**exchange.context(), **told.context()}
        await accessed(
            exchange.ctx, settings["destinationArn"], exchange.visit, with_context(settings["format"], context)
        )
    if exchange.log_level != "OFF":
        await _log_execution(exchange, told)
    if exchange.stage.get("tracingEnabled"):
        traced(
            exchange.ctx,
            exchange.visit,
            f"{exchange.api['name']}/{exchange.visit.stage}",
            told,
            "AWS::ApiGateway::Stage",
        )


def _measure(exchange: Exchange, told: Told) -> None:
    visit, ctx = exchange.visit, exchange.ctx
    name = ("ApiName", exchange.api["name"])
    places: list[metrics.Dimensions] = [(name,), (name, ("Stage", visit.stage))]
    if exchange.match is not None and exchange.settings["metricsEnabled"]:
        places.append(
            (name, ("Method", visit.method), ("Resource", exchange.match.resource["path"]), ("Stage", visit.stage))
        )
    counted = [
        ("Count", 1.0, "Count"),
        ("4XXError", float(400 <= told.status < 500), "Count"),
        ("5XXError", float(told.status >= 500), "Count"),
        ("Latency", told.milliseconds, "Milliseconds"),
        ("IntegrationLatency", float(exchange.integration_latency), "Milliseconds"),
    ]
    if exchange.cached:
        counted += [("CacheHitCount", float(exchange.cached == "hit"), "Count")]
        counted += [("CacheMissCount", float(exchange.cached == "miss"), "Count")]
    for dimensions in places:
        for what, value, unit in counted:
            metrics.tally(ctx, NAMESPACE, what, value, unit, dimensions)


async def _log_execution(exchange: Exchange, told: Told) -> None:
    """Into `API-Gateway-Execution-Logs_<api>/<stage>`: everything, or only what went wrong."""
    if exchange.log_level == "ERROR" and told.status < 500:
        return
    ctx, visit = exchange.ctx, exchange.visit
    group = f"API-Gateway-Execution-Logs_{visit.api}/{visit.stage}"
    moment = int(ctx.now() * 1000)
    lines = [f"({visit.request_id}) Extended Request Id: {visit.extended_id}", *exchange.log]
    lines.append(f"({visit.request_id}) Method completed with status: {told.status}")
    logs = ctx.app.services.get("logs")
    if logs is None:
        return
    try:
        await ctx.transact(_ensure_group, exchange, group)
        arn = f"arn:aws:logs:{ctx.region}:{ctx.account}:log-group:{group}"
        await logs.provided["vended_to_group"](
            ctx.at(), arn, visit.request_id.replace("-", ""), [(moment, line) for line in lines]
        )
    except AWSError:
        return  # a log that cannot be written does not change an answer


async def _ensure_group(exchange: Exchange, group: str) -> None:
    ctx = exchange.ctx
    as_owner = ctx.at()
    from fogbank.identity.principals import root

    as_owner.principal = root(ctx.account)
    try:
        await as_owner.call("logs", "CreateLogGroup", {"logGroupName": group}, as_caller=True)
    except AWSError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
