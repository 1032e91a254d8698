"""Query logging: each question that a zone answers, in a log group.

configs   (id)   Config   of an account
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import AWSError, Context, Record
from fogbank.protocols.timestamps import iso8601
from fogbank.services.route53 import errors
from fogbank.services.route53.service import service
from fogbank.services.route53.zone import Request, Zone, arn_of, find, names, on_zone, page_size, plain_id

_GROUP = re.compile(r"arn:aws[a-z-]*:logs:us-east-1:\d{12}:log-group:([^:*]+)(:\*)?")
_EDGE = "FOG1-C1"
_URL = "https://route53.amazonaws.com/2013-04-01"


class Config(Record, frozen=True):
    id: str
    zone: str
    group: str


configs = service.collection("query_logging", Config, scope="account")


def shown(config: Config) -> Request:
    return {"Id": config.id, "HostedZoneId": config.zone, "CloudWatchLogsLogGroupArn": config.group}


async def _find(ctx: Context, ident: str) -> Config:
    found = await configs.get(ctx, ident)
    if found is None:
        raise AWSError("NoSuchQueryLoggingConfig", "The query logging configuration does not exist.", 404)
    return found


@service.operation(**on_zone("HostedZoneId"))
async def create_query_logging_config(ctx: Context, request: Request) -> Request:
    """The group's resource policy has to let route53.amazonaws.com in. API_CreateQueryLoggingConfig."""
    zone, group = await find(ctx, request["HostedZoneId"]), request["CloudWatchLogsLogGroupArn"]
    if not _GROUP.fullmatch(group):
        raise errors.invalid("The ARN of the log group is not valid: it must be of a group in us-east-1.")
    if any(each.zone == zone.id for each in await configs.scan(ctx)):
        raise AWSError(
            "QueryLoggingConfigAlreadyExists", "A query logging configuration already exists for this hosted zone.", 409
        )
    config = Config(ctx.ids.uuid(), zone.id, group)
    try:
        await _have_stream(ctx, config)
    except AWSError as error:
        if error.code == "ResourceNotFoundException":
            raise AWSError("NoSuchCloudWatchLogsLogGroup", "The specified log group doesn't exist.", 404) from error
        message = "The CloudWatch Logs Resource Policy for your account must be set to grant Route 53 permission."
        raise AWSError("InsufficientCloudWatchLogsResourcePolicy", message, 400) from error
    configs.put(ctx, config, config.id)
    return {"QueryLoggingConfig": shown(config), "Location": f"{_URL}/queryloggingconfig/{config.id}"}


async def _have_stream(ctx: Context, config: Config) -> dict[str, str]:
    parts = _GROUP.fullmatch(config.group)
    assert parts is not None
    where = {"logGroupName": parts[1], "logStreamName": f"{config.zone}/{_EDGE}"}
    scope = ctx.at(region="us-east-1")
    try:
        await scope.call(
            "logs", "CreateLogStream", where, source_arn=f"arn:{ctx.partition}:route53:::hostedzone/{config.zone}"
        )
    except AWSError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
    return where


def _resource(ctx: Context, request: Request) -> str:
    return arn_of(ctx, "queryloggingconfig", request["Id"])


@service.operation(resource=_resource)
async def get_query_logging_config(ctx: Context, request: Request) -> Request:
    """API_GetQueryLoggingConfig."""
    return {"QueryLoggingConfig": shown(await _find(ctx, request["Id"]))}


@service.operation(resource=_resource)
async def delete_query_logging_config(ctx: Context, request: Request) -> None:
    """API_DeleteQueryLoggingConfig."""
    configs.delete(ctx, (await _find(ctx, request["Id"])).id)


@service.operation
async def list_query_logging_configs(ctx: Context, request: Request) -> Request:
    """All, or that of a zone. API_ListQueryLoggingConfigs."""
    if request.get("NextToken"):
        raise errors.invalid("The NextToken is not valid.")
    given = request.get("HostedZoneId")
    zone = (await find(ctx, plain_id(given))).id if given else None
    found = [each for each in await configs.scan(ctx) if zone in (None, each.zone)]
    return {
        "QueryLoggingConfigs": [shown(each) for each in found[: page_size({"MaxItems": request.get("MaxResults")})]]
    }


# -- logging


async def note(ctx: Context, zone: Zone, name: str, kind: str, code: str, asker: str) -> None:
    """Have a question logged, if its zone has that. Outside of transactions."""
    await ctx.transact(_note, ctx, zone, name, kind, code, asker)


async def _note(ctx: Context, zone: Zone, name: str, kind: str, code: str, asker: str) -> None:
    owners = await names.scan(ctx, zone.name, -int(zone.created * 1000), zone.id)
    if not owners:
        return
    scope = ctx.at(account=owners[0].account)
    config = next((each for each in await configs.scan(scope) if each.zone == zone.id), None)
    if config is None:
        return
    line = f"1.0 {iso8601(int(ctx.now()))} {zone.id} {name.rstrip('.')} {kind} {code} UDP {_EDGE} {asker} -"
    payload: dict[str, Any] = {"config": config.id, "time": int(ctx.now() * 1000), "line": line}
    await scope.schedule("log_query", payload)


@service.task
async def log_query(ctx: Context, payload: dict[str, Any]) -> None:
    """Write a line. What the group refuses is lost, as on AWS."""
    config = await configs.get(ctx, payload["config"])
    if config is None:
        return
    try:
        where = await _have_stream(ctx, config)
        event = {"timestamp": payload["time"], "message": payload["line"]}
        arn = f"arn:{ctx.partition}:route53:::hostedzone/{config.zone}"
        await ctx.at(region="us-east-1").call("logs", "PutLogEvents", {**where, "logEvents": [event]}, source_arn=arn)
    except AWSError:
        return
