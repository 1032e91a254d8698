"""Putting, getting, listing and deleting mute rules. What they do is in `muting.py`."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.kernel.schedules import InvalidSchedule
from fogbank.services.cloudwatch import alarm_records, errors, muting, tag_rules
from fogbank.services.cloudwatch.muting import MuteRule, rules
from fogbank.services.cloudwatch.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_PAGE = 50


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:cloudwatch:{ctx.region}:{ctx.account}:alarm-mute-rule:{name}"


def _arn(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["AlarmMuteRuleName"])


def _rule_and_alarms(ctx: Context, request: Request) -> list[str]:
    """Who mutes alarms needs permission on the rule and on each of them."""
    return [arn_of(ctx, request["Name"]), *(alarm_records.arn_of(ctx, name) for name in _targets(request))]


def _targets(request: Request) -> list[str]:
    return list(dict.fromkeys((request.get("MuteTargets") or {}).get("AlarmNames") or []))


@service.operation(
    resource=_rule_and_alarms,
    action=with_members("cloudwatch:PutAlarmMuteRule", {"Tags": "cloudwatch:TagResource"}),
)
async def put_alarm_mute_rule(ctx: Context, request: Request) -> None:
    schedule = request["Rule"]["Schedule"]
    try:
        muting.schedule_of(schedule)
        muting.duration_of(schedule["Duration"])
    except InvalidSchedule as error:
        raise errors.validation(str(error)) from None
    start, expire = request.get("StartDate"), request.get("ExpireDate")
    if expire is not None and expire <= (ctx.now() if start is None else start):
        raise errors.validation("The parameter ExpireDate must be later than now and than StartDate.")
    before = await rules.get(ctx, request["Name"])
    tags = tag_rules.checked({}, request.get("Tags") or []) if before is None else before.tags
    rule = MuteRule(
        request["Name"],
        {name: value for name, value in schedule.items() if value is not None},
        ctx.now(),
        request.get("Description") or "",
        tuple(_targets(request)),
        start,
        expire,
        tags,
    )
    rules.put(ctx, rule, rule.name)
    if before is not None:
        await muting.look_again(ctx, before.alarms)


@service.operation(resource=_arn)
async def get_alarm_mute_rule(ctx: Context, request: Request) -> Answer:
    rule = await rules.get(ctx, request["AlarmMuteRuleName"])
    if rule is None:
        raise errors.not_found(f"Alarm mute rule {request['AlarmMuteRuleName']} does not exist.")
    return {
        **_summary(ctx, rule),
        "Name": rule.name,
        "Description": rule.description or None,
        "Rule": {"Schedule": rule.schedule},
        "MuteTargets": {"AlarmNames": list(rule.alarms)} if rule.alarms else None,
        "StartDate": rule.start,
    }


def _summary(ctx: Context, rule: MuteRule) -> Answer:
    return {
        "AlarmMuteRuleArn": arn_of(ctx, rule.name),
        "ExpireDate": rule.expire,
        "Status": muting.status(rule, ctx.now()),
        "MuteType": "ONE_TIME" if muting.is_once(rule) else "RECURRING",
        "LastUpdatedTimestamp": rule.updated,
    }


@service.operation(resource=lambda ctx, request: arn_of(ctx, "*"))
async def list_alarm_mute_rules(ctx: Context, request: Request) -> Answer:
    alarm, statuses = request.get("AlarmName"), request.get("Statuses") or []
    if alarm is not None and await alarm_records.alarms.get(ctx, alarm) is None:
        raise errors.not_found(f"Alarm {alarm} does not exist.")
    if unknown := set(statuses) - {muting.SCHEDULED, muting.ACTIVE, muting.EXPIRED}:
        raise errors.validation(f"The value {min(unknown)} for parameter Statuses is invalid.")
    found = [
        rule
        for rule in await rules.scan(ctx)
        if (alarm is None or alarm in rule.alarms) and (not statuses or muting.status(rule, ctx.now()) in statuses)
    ]
    token = request.get("NextToken")
    if token is not None:
        last = pages.position(token, errors.invalid_token())
        found = [rule for rule in found if rule.name > last]
    shown, following = pages.page(found, request.get("MaxRecords") or _PAGE, lambda rule: rule.name)
    return {"AlarmMuteRuleSummaries": [_summary(ctx, rule) for rule in shown], "NextToken": following}


@service.operation(resource=_arn)
async def delete_alarm_mute_rule(ctx: Context, request: Request) -> None:
    """Alarms that it mutes are unmuted at once. A rule that is not there is no error."""
    rule = await rules.get(ctx, request["AlarmMuteRuleName"])
    if rule is not None:
        rules.delete(ctx, rule.name)
        await muting.look_again(ctx, rule.alarms)
