"""Health checks: what they are, making, changing, listing and deleting them.

health_checks   (id)   HealthCheck   of an account
statuses        (id)   Status        what was seen last
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-types.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.route53 import errors, limits
from fogbank.services.route53.service import service
from fogbank.services.route53.zone import Request, arn_of, page_size, plain_id

Config = dict[str, Any]

CALCULATED, ALARM, TCP = "CALCULATED", "CLOUDWATCH_METRIC", "TCP"
_WEB = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH")
_URL = "https://route53.amazonaws.com/2013-04-01"
_PORTS = {"HTTP": 80, "HTTP_STR_MATCH": 80, "HTTPS": 443, "HTTPS_STR_MATCH": 443}
REGIONS = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
)


class HealthCheck(Record, frozen=True):
    """`config` is as answers have it, with its defaults."""

    id: str
    reference: str
    config: Config
    version: int = 1
    tags: dict[str, str] = {}


class Status(Record, frozen=True):
    """`streak`: so many looks in a row said the same, which was that it is well or not. Times in epoch seconds, 0 for never."""

    is_healthy: bool = True
    streak: int = 0
    said_well: bool = True
    checked: float = 0
    text: str = ""
    failed: float = 0
    failure: str = ""


health_checks = service.collection("health_checks", HealthCheck, scope="account")
statuses = service.collection("statuses", Status, scope="account")


def _resource(ctx: Context, request: Request) -> str:
    return arn_of(ctx, "healthcheck", request["HealthCheckId"])


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    return (await find(ctx, request["HealthCheckId"])).tags


ON_CHECK: dict[str, Any] = {"resource": _resource, "tags": _tags}


async def find(ctx: Context, ident: str) -> HealthCheck:
    """Raises NoSuchHealthCheck."""
    check = await health_checks.get(ctx, plain_id(ident))
    if check is None:
        raise errors.no_health_check(ident)
    return check


@service.operation
async def create_health_check(ctx: Context, request: Request) -> Request:
    """The same request again answers with the check that it made. API_CreateHealthCheck."""
    config = _completed(request["HealthCheckConfig"])
    _check(config)
    known = await health_checks.scan(ctx)
    for each in known:
        if each.reference == request["CallerReference"]:
            if each.config != config:
                raise errors.health_check_exists()
            return _answer(each)
    if len(known) >= limits.HEALTH_CHECKS:
        raise errors.too_many_health_checks()
    await _check_children(ctx, config)
    check = HealthCheck(ctx.ids.uuid(), request["CallerReference"], config)
    health_checks.put(ctx, check, check.id)
    statuses.put(ctx, Status(), check.id)
    await ctx.stand("watch_health", check.id)
    return _answer(check)


def _answer(check: HealthCheck) -> Request:
    return {"HealthCheck": shown(check), "Location": f"{_URL}/healthcheck/{check.id}"}


def shown(check: HealthCheck) -> Request:
    return {
        "Id": check.id,
        "CallerReference": check.reference,
        "HealthCheckConfig": check.config,
        "HealthCheckVersion": check.version,
    }


def _completed(given: Config) -> Config:
    """With the defaults of its type."""
    config = {name: value for name, value in given.items() if value is not None}
    kind = config["Type"]
    if kind in (*_WEB, TCP):
        config = {"RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False, **config}
        if kind in _PORTS:
            config.setdefault("Port", _PORTS[kind])
        config.setdefault("EnableSNI", kind.startswith("HTTPS"))
    return {"Inverted": False, "Disabled": False, **config}


def _check(config: Config) -> None:
    """Raises InvalidInput."""
    kind = config["Type"]
    if kind == "RECOVERY_CONTROL":
        raise errors.invalid("Health checks of type RECOVERY_CONTROL are not supported.")
    if kind in (*_WEB, TCP):
        _check_endpoint(config)
    if kind == CALCULATED and (not config.get("ChildHealthChecks") or config.get("HealthThreshold") is None):
        raise errors.invalid(
            "Invalid parameter : A calculated health check needs ChildHealthChecks and a HealthThreshold."
        )
    if kind == ALARM and not config.get("AlarmIdentifier"):
        raise errors.invalid("Invalid parameter : A health check of a CloudWatch alarm needs an AlarmIdentifier.")
    if kind != ALARM and config.get("AlarmIdentifier"):
        raise errors.invalid("Invalid parameter : AlarmIdentifier is for health checks of CloudWatch alarms only.")


def _check_endpoint(config: Config) -> None:
    kind = config["Type"]
    if not config.get("IPAddress") and not config.get("FullyQualifiedDomainName"):
        raise errors.invalid("Invalid parameter : Either an IPAddress or a FullyQualifiedDomainName must be specified.")
    if kind == TCP and not config.get("Port"):
        raise errors.invalid("Invalid parameter : Port must be specified for a TCP health check.")
    if config["RequestInterval"] not in (10, 30):
        raise errors.invalid("Invalid parameter : RequestInterval must be 10 or 30.")
    if kind.endswith("_STR_MATCH") != bool(config.get("SearchString")):
        raise errors.invalid(
            "Invalid parameter : SearchString must be specified for, and only for, types with STR_MATCH."
        )
    if config.get("ResourcePath") and not config["ResourcePath"].startswith("/"):
        config["ResourcePath"] = "/" + config["ResourcePath"]


async def _check_children(ctx: Context, config: Config) -> None:
    for child in config.get("ChildHealthChecks") or []:
        found = await health_checks.get(ctx, child)
        if found is None:
            raise errors.invalid(f"Invalid parameter : The child health check {child} does not exist.")
        if found.config["Type"] == CALCULATED:
            raise errors.invalid(
                "Invalid parameter : A calculated health check can't have other calculated ones as children."
            )


@service.operation(**ON_CHECK)
async def get_health_check(ctx: Context, request: Request) -> Request:
    """API_GetHealthCheck."""
    return {"HealthCheck": shown(await find(ctx, request["HealthCheckId"]))}


@service.operation(**ON_CHECK)
async def update_health_check(ctx: Context, request: Request) -> Request:
    """What is not given stays. API_UpdateHealthCheck."""
    check = await find(ctx, request["HealthCheckId"])
    version = request.get("HealthCheckVersion")
    if version is not None and version != check.version:
        raise errors.version_mismatch()
    config = dict(check.config)
    for name in request.get("ResetElements") or []:
        config.pop(name, None)
    skipped = ("HealthCheckId", "HealthCheckVersion", "ResetElements")
    config |= {name: value for name, value in request.items() if name not in skipped and value is not None}
    config = _completed(config)
    _check(config)
    await _check_children(ctx, config)
    check = msgspec.structs.replace(check, config=config, version=check.version + 1)
    health_checks.put(ctx, check, check.id)
    ctx.notify("health check", check.id)
    return {"HealthCheck": shown(check)}


@service.operation(**ON_CHECK)
async def delete_health_check(ctx: Context, request: Request) -> None:
    """Record sets that name it go on as if it were well. API_DeleteHealthCheck."""
    check = await find(ctx, request["HealthCheckId"])
    for other in await health_checks.scan(ctx):
        if check.id in (other.config.get("ChildHealthChecks") or []):
            raise errors.health_check_in_use(check.id)
    health_checks.delete(ctx, check.id)
    statuses.delete(ctx, check.id)
    await ctx.sit("watch_health", check.id)


@service.operation
async def list_health_checks(ctx: Context, request: Request) -> Request:
    """API_ListHealthChecks."""
    size, marker = page_size(request), request.get("Marker") or ""
    found = await health_checks.scan(ctx, since=(marker,), limit=size + 1)
    return {
        "HealthChecks": [shown(each) for each in found[:size]],
        "Marker": marker,
        "IsTruncated": len(found) > size,
        "NextMarker": found[size].id if len(found) > size else None,
        "MaxItems": str(size),
    }


@service.operation
async def get_health_check_count(ctx: Context, request: Request) -> Request:
    """API_GetHealthCheckCount."""
    return {"HealthCheckCount": await health_checks.count(ctx)}
