"""What follows from a change of an alarm's state: an event on the bus, and the alarm's actions."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, regions, service_events
from fogbank.services.cloudwatch import messages, muting, verdicts
from fogbank.services.cloudwatch.alarm_records import Alarm, arn_of, record
from fogbank.services.cloudwatch.service import service

_ACTIONS = {
    verdicts.OK: "OKActions",
    verdicts.ALARM: "AlarmActions",
    verdicts.INSUFFICIENT_DATA: "InsufficientDataActions",
}

# the service that invokes functions for alarms
_INVOKER = "lambda.alarms.cloudwatch"


@service.task
async def tell(ctx: Context, payload: dict[str, Any]) -> None:
    """An event for whoever has a rule for it, and the alarm's actions if nothing holds them back."""
    before = msgspec.convert(payload["before"], Alarm)
    after = msgspec.convert(payload["after"], Alarm)
    detail = messages.event(before, after)
    await service_events.tell(ctx, "CloudWatch Alarm State Change", detail, [arn_of(ctx, after.name)])
    if not after.suppressed_by:
        await act(ctx, before, after)


async def act(ctx: Context, before: Alarm, after: Alarm) -> None:
    actions = after.config.get(_ACTIONS[after.state]) or []
    if not after.config.get("ActionsEnabled", True) or not actions or await muting.holds_back(ctx, before, after):
        return
    for action in actions:
        await _act(ctx, before, after, action)


async def _act(ctx: Context, before: Alarm, after: Alarm, action: str) -> None:
    try:
        await ctx.undoing(_take, ctx, before, after, action)
    except AWSError as error:
        summary = f"Failed to execute action {action}. Received error: {error.message}"
        data = {"actionState": "Failed", "stateUpdateTimestamp": after.state_updated, "notificationResource": action}
        record(ctx, after, "Action", summary[:255], data | {"error": error.message})
        return
    data = {"actionState": "Succeeded", "stateUpdateTimestamp": after.state_updated, "notificationResource": action}
    record(ctx, after, "Action", f"Successfully executed action {action}"[:255], data)


async def _take(ctx: Context, before: Alarm, after: Alarm, action: str) -> None:
    """Raises AWSError for what does not want it, and for actions that there are not."""
    arn = arn_of(ctx, after.name)
    kind = action.split(":")[2] if action.count(":") >= 5 else ""
    if kind == "sns":
        subject = f'{after.state}: "{after.name}" in {regions.description(ctx.region)}'
        text = json.dumps(messages.notification(ctx, before, after), separators=(",", ":"))
        notice = {"TopicArn": action, "Subject": subject[:100], "Message": text}
        await messages.as_alarm(ctx, arn).call("sns", "Publish", notice, as_caller=True)
    elif kind == "lambda":
        payload = json.dumps(messages.invocation(ctx, before, after)).encode()
        event = {"FunctionName": action, "InvocationType": "Event", "Payload": payload}
        await messages.as_alarm(ctx, arn, _INVOKER).call("lambda", "Invoke", event, as_caller=True)
    elif kind == "autoscaling" and ":resource/" in action:
        await ctx.app.services["application-autoscaling"].provided["alarm"](ctx, action, after.name)
    else:
        raise AWSError("NotImplemented", f"Fogbank has no alarm action for {action}.", 501)


@service.task
async def unmute(ctx: Context, payload: dict[str, Any]) -> None:
    """No window mutes the alarm any more, or one of them is gone: what was held back is done, if the alarm is still raised."""
    held = await muting.released(ctx, payload["name"])
    if held is not None and held.after.state == verdicts.ALARM and held.before.state != held.after.state:
        await act(ctx, held.before, held.after)
