"""Log groups as targets.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.events.deliveries import Delivery
from fogbank.services.events.kinds import call, declare
from fogbank.services.events.names import parse


async def write(ctx: Context, delivery: Delivery) -> None:
    """Write an event to a log group, into a stream of the rule's own. Raises AWSError."""
    arn = parse(delivery.target["Arn"])
    assert arn is not None
    scope = ctx.at(account=arn.account, region=arn.region)
    group = arn.resource.split(":")[1]
    stream = hashlib.sha256(delivery.rule.encode()).hexdigest()[:32]
    place = {"logGroupName": group, "logStreamName": stream}
    try:
        await call(scope, delivery, "logs", "CreateLogStream", place)
    except AWSError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
    moment, message = _line(delivery)
    line = {"timestamp": int(moment * 1000), "message": message}
    await call(scope, delivery, "logs", "PutLogEvents", {**place, "logEvents": [line]})


def _line(delivery: Delivery) -> tuple[float, str]:
    """When (epoch seconds) and what: what a template says, else the time of the event and all of it."""
    text, event = delivery.text(), delivery.event
    if "InputTransformer" in delivery.target:
        try:
            made = orjson.loads(text)
            return _moment(made["timestamp"], event.ingested), str(made["message"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            pass
    return _moment(event.document["time"], event.ingested), text


def _moment(given: object, otherwise: float) -> float:
    if isinstance(given, int | float):
        return given / 1000
    try:
        return datetime.fromisoformat(str(given)).timestamp()
    except ValueError:
        return otherwise


declare(r"logs:log-group:.+", write, service="logs", operation="PutLogEvents")
