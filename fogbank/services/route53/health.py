"""Watching over health checks, and what was seen: GetHealthCheckStatus, GetHealthCheckLastFailureReason.

Each check is standing work: it looks every 10 or 30 seconds of the virtual clock, and once more when the clock was moved. It becomes
unhealthy, or healthy again, when as many looks in a row say so as its threshold has. AWS looks from several Regions; here there is one
place to look from, and all of them saw the same.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, metrics, outbound
from fogbank.services.route53.health_check import (
    ALARM,
    CALCULATED,
    ON_CHECK,
    REGIONS,
    TCP,
    Config,
    HealthCheck,
    Status,
    find,
    health_checks,
    statuses,
)
from fogbank.services.route53.service import service
from fogbank.services.route53.zone import Request

_CONNECT_SECONDS, _ANSWER_SECONDS = 10.0, 6.0
_SEARCHED_BYTES = 5120
_DERIVED_SECONDS = 10
_AGENT = "Amazon-Route53-Health-Check-Service"


@service.standing
async def watch_health(ctx: Context, ident: str) -> None:
    """Look after one health check, as long as it is there."""
    with ctx.watch("health check", ident) as watch:
        while (check := await ctx.transact(health_checks.get, ctx, ident)) is not None:
            await _look(ctx, check)
            interval = check.config.get("RequestInterval", _DERIVED_SECONDS)
            await watch.wait(timeout=interval)
            while ctx.app.clock.is_held:  # what is outside stays as it is while the clock is moved, be it by a year
                await watch.wait(timeout=interval)


async def _look(ctx: Context, check: HealthCheck) -> None:
    if check.config["Disabled"]:
        return
    is_well, text = await _seen(ctx, check)
    await ctx.transact(_note, ctx, check.id, is_well, text)


async def _seen(ctx: Context, check: HealthCheck) -> tuple[bool, str]:
    """Whether it is well, and what is told of it."""
    kind = check.config["Type"]
    if kind == CALCULATED:
        return await ctx.transact(_calculated, ctx, check.config)
    if kind == ALARM:
        return await _alarm(ctx, check)
    if kind == TCP:
        return await _connected(check.config)
    return await _answered(ctx, check)


async def _calculated(ctx: Context, config: Config) -> tuple[bool, str]:
    well = [await is_well(ctx, child) for child in config["ChildHealthChecks"]]
    is_enough = sum(well) >= config["HealthThreshold"]
    return (
        is_enough,
        f"{'Success' if is_enough else 'Failure'}: {sum(well)} of {len(well)} child health checks are healthy",
    )


async def _alarm(ctx: Context, check: HealthCheck) -> tuple[bool, str]:
    """As the alarm is; without data as InsufficientDataHealthStatus says."""
    named = check.config["AlarmIdentifier"]
    scope = ctx.at(region=named["Region"])
    try:
        found = await scope.transact(_describe, scope, named["Name"])
    except AWSError as error:
        return False, f"Failure: {error.message}"
    state = found["StateValue"] if found else "INSUFFICIENT_DATA"
    if state == "INSUFFICIENT_DATA":
        wanted = check.config.get("InsufficientDataHealthStatus", "LastKnownStatus")
        status = await ctx.transact(statuses.get, ctx, check.id)
        last = status is None or status.said_well
        return (
            last if wanted == "LastKnownStatus" else wanted == "Healthy"
        ), "Failure: the alarm has insufficient data"
    return state == "OK", f"{'Success' if state == 'OK' else 'Failure'}: the alarm is in the state {state}"


async def _describe(scope: Context, name: str) -> Any:
    from fogbank.identity.principals import root

    scope.principal = root(scope.account)
    answer = await scope.call("cloudwatch", "DescribeAlarms", {"AlarmNames": [name]}, as_caller=True)
    alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return alarms[0] if alarms else None


async def _connected(config: Config) -> tuple[bool, str]:
    host = config.get("IPAddress") or config["FullyQualifiedDomainName"]
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, config["Port"])
    except (OSError, TimeoutError) as error:
        return False, f"Failure: {error or 'Connection timed out.'}"
    writer.close()
    return True, "Success: TCP connection was made"


async def _answered(ctx: Context, check: HealthCheck) -> tuple[bool, str]:
    config = check.config
    address, name = config.get("IPAddress"), config.get("FullyQualifiedDomainName")
    host = str(address or name)
    place = f"[{host}]" if ":" in host else host
    scheme = "https" if config["Type"].startswith("HTTPS") else "http"
    url = f"{scheme}://{place}:{config['Port']}{config.get('ResourcePath') or '/'}"
    headers = {"user-agent": f"{_AGENT} (ref {check.id}; report http://amzn.to/1vsZADi)", "connection": "close"}
    if address and name:
        headers["host"] = name
    try:
        answer = await outbound.send(ctx, "GET", url, headers, timeout=_ANSWER_SECONDS)
    except outbound.Unreachable as error:
        return False, f"Failure: {error}"
    told = f"HTTP Status Code {answer.status}"
    if not 200 <= answer.status < 400:
        return False, f"Failure: {told}"
    wanted: str = config.get("SearchString") or ""
    if wanted.encode() not in answer.body[:_SEARCHED_BYTES]:
        return False, f"Failure: {told}. The SearchString was not found"
    return True, f"Success: {told}, OK"


async def _note(ctx: Context, ident: str, well: bool, text: str) -> None:
    """Note a look. The status changes when as many in a row say so as the threshold has."""
    check, status = await health_checks.get(ctx, ident), await statuses.get(ctx, ident)
    if check is None or status is None:
        return
    now = ctx.now()
    streak = status.streak + 1 if status.checked and status.said_well == well else 1
    threshold = check.config.get("FailureThreshold", 1)
    is_healthy = well if streak >= threshold else status.is_healthy
    changed = msgspec.structs.replace(
        status, is_healthy=is_healthy, streak=streak, said_well=well, checked=now, text=text
    )
    if not well:
        changed = msgspec.structs.replace(changed, failed=now, failure=text)
    statuses.put(ctx, changed, ident)
    if is_healthy != status.is_healthy:
        for other in await health_checks.scan(ctx):
            if ident in (other.config.get("ChildHealthChecks") or []):
                ctx.notify("health check", other.id)
    value = float(_as_told(check, is_healthy))
    dimensions = {"HealthCheckId": ident}
    metrics.note(
        ctx.at(region="us-east-1"),
        "AWS/Route53",
        [
            ("HealthCheckStatus", value, "None", dimensions),
            ("HealthCheckPercentageHealthy", value * 100, "Percent", dimensions),
        ],
    )


def _as_told(check: HealthCheck, is_healthy: bool) -> bool:
    """A disabled check is taken for healthy; one that is inverted for the opposite of what it is."""
    return (check.config["Disabled"] or is_healthy) != check.config["Inverted"]


async def is_well(ctx: Context, ident: str) -> bool:
    """Whether answers may have what this check looks after. A check that is gone says nothing against it."""
    check, status = await health_checks.get(ctx, ident), await statuses.get(ctx, ident)
    return check is None or status is None or _as_told(check, status.is_healthy)


# -- what was seen


@service.operation(**ON_CHECK)
async def get_health_check_status(ctx: Context, request: Request) -> Request:
    """API_GetHealthCheckStatus."""
    return {"HealthCheckObservations": await _observations(ctx, request, lambda status: (status.checked, status.text))}


@service.operation(**ON_CHECK)
async def get_health_check_last_failure_reason(ctx: Context, request: Request) -> Request:
    """API_GetHealthCheckLastFailureReason."""
    return {
        "HealthCheckObservations": await _observations(ctx, request, lambda status: (status.failed, status.failure))
    }


async def _observations(ctx: Context, request: Request, told: Any) -> list[Request]:
    check = await find(ctx, request["HealthCheckId"])
    status = await statuses.get(ctx, check.id) or Status()
    time, text = told(status)
    if not time:
        return []
    return [
        {"Region": region, "IPAddress": "127.0.0.1", "StatusReport": {"Status": text, "CheckedTime": time}}
        for region in check.config.get("Regions") or REGIONS
    ]
