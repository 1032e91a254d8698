"""Rules: PutRule, DeleteRule, DescribeRule, ListRules, EnableRule, DisableRule; TestEventPattern."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context, patterns, schedules
from fogbank.kernel.actions import with_members
from fogbank.services.events import errors, limits, scheduled, tagging
from fogbank.services.events.bus import named_bus, on_bus
from fogbank.services.events.listing import page
from fogbank.services.events.names import DEFAULT, locate, rule_arn
from fogbank.services.events.rule import (
    DISABLED,
    Rule,
    check_not_managed,
    find_rule,
    keep,
    manager,
    modify,
    on_rule,
    remove,
    rules,
)
from fogbank.services.events.service import service

Request = dict[str, Any]

SCHEDULES = frozenset({"rate", "cron"})
_EVENT_FIELDS = ("id", "detail-type", "source", "account", "time", "region", "resources")


@service.operation(action=with_members("events:PutRule", {"Tags": "events:TagResource"}), **on_rule())
async def put_rule(ctx: Context, request: Request) -> Request:
    """Make a rule, or replace one; its targets and tags stay. API_PutRule."""
    scope, bus = await named_bus(ctx, request)
    present = await rules.get(scope, bus.name, request["Name"])
    check_not_managed(ctx, present)
    _check(request, bus.name)
    if request.get("RoleArn"):
        await ctx.pass_role(request["RoleArn"])
    if present is None:
        await _check_room(scope, bus.name)
    rule = _rule(ctx, request, bus.name, present)
    keep(scope, rule)
    await scheduled.arrange(scope, rule)
    return {"RuleArn": rule_arn(scope, bus.name, rule.name)}


def _check(request: Request, bus: str) -> None:
    pattern, schedule = request.get("EventPattern"), request.get("ScheduleExpression")
    if not pattern and not schedule:
        raise errors.neither_pattern_nor_schedule()
    if schedule:
        check_schedule(schedule, bus)
    if pattern:
        check_pattern(pattern)


def check_schedule(expression: str, bus: str) -> None:
    """Raises ValidationException."""
    try:
        schedules.parse(expression, SCHEDULES)
    except schedules.InvalidSchedule:
        raise errors.invalid_schedule() from None
    if bus != DEFAULT:
        raise errors.schedule_on_custom_bus()


def check_pattern(document: str) -> patterns.Pattern:
    """Raises InvalidEventPatternException, LimitExceededException."""
    try:
        pattern = patterns.compile(document)
    except patterns.InvalidPattern as error:
        raise errors.invalid_pattern(str(error)) from None
    if pattern.combinations > limits.PATTERN_COMBINATIONS:
        raise errors.limit_exceeded()
    return pattern


async def _check_room(ctx: Context, bus: str) -> None:
    if await rules.count(ctx, bus, limit=limits.RULES_PER_BUS) >= limits.RULES_PER_BUS:
        raise errors.limit_exceeded()


def _rule(ctx: Context, request: Request, bus: str, present: Rule | None) -> Rule:
    rule = Rule(
        bus,
        request["Name"],
        ctx.principal.account,
        request.get("State") or "ENABLED",
        request.get("EventPattern") or None,
        request.get("ScheduleExpression") or None,
        request.get("Description") or None,
        request.get("RoleArn") or None,
        since=ctx.now(),
        managed_by=manager(ctx.principal),
    )
    if present is None:
        return msgspec.structs.replace(rule, tags=tagging.added({}, request.get("Tags") or []))
    same = (rule.schedule, rule.state) == (present.schedule, present.state)
    since = present.since if same else rule.since
    return msgspec.structs.replace(rule, tags=present.tags, targets=present.targets, since=since)


@service.operation(**on_rule())
async def delete_rule(ctx: Context, request: Request) -> None:
    """Delete a rule that has no targets; one that is not there is passed over. API_DeleteRule."""
    scope, bus = await named_bus(ctx, request)
    rule = await rules.get(scope, bus.name, request["Name"])
    if rule is None:
        return
    check_not_managed(ctx, rule, request.get("Force", False))
    if rule.targets:
        raise errors.rule_has_targets()
    await remove(scope, rule)
    await scheduled.cancel(scope, rule)


async def _named(ctx: Context, request: Request) -> tuple[Context, Rule]:
    scope, bus = await named_bus(ctx, request)
    return scope, await find_rule(scope, bus.name, request["Name"])


@service.operation(**on_rule())
async def describe_rule(ctx: Context, request: Request) -> Request:
    """API_DescribeRule."""
    scope, rule = await _named(ctx, request)
    return {**_shown(scope, rule), "CreatedBy": rule.created_by}


def _shown(ctx: Context, rule: Rule) -> Request:
    return {
        "Name": rule.name,
        "Arn": rule_arn(ctx, rule.bus, rule.name),
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "State": rule.state,
        "Description": rule.description,
        "RoleArn": rule.role,
        "ManagedBy": rule.managed_by or None,
        "EventBusName": rule.bus,
    }


@service.operation(
    resource=lambda ctx, request: rule_arn(*locate(ctx, request.get("EventBusName")), "*"),
    **{name: option for name, option in on_bus().items() if name != "resource"},
)
async def list_rules(ctx: Context, request: Request) -> Request:
    """The rules of a bus by name. API_ListRules."""
    scope, bus = await named_bus(ctx, request)
    found, token = await page(scope, rules, request, bus.name)
    return {"Rules": [_shown(scope, rule) for rule in found], "NextToken": token}


@service.operation(**on_rule())
async def enable_rule(ctx: Context, request: Request) -> None:
    """API_EnableRule."""
    await _switch(ctx, request, "ENABLED")


@service.operation(**on_rule())
async def disable_rule(ctx: Context, request: Request) -> None:
    """API_DisableRule."""
    await _switch(ctx, request, DISABLED)


async def _switch(ctx: Context, request: Request, state: str) -> None:
    scope, rule = await _named(ctx, request)
    check_not_managed(ctx, rule)
    if rule.state != state:
        await scheduled.arrange(scope, modify(scope, rule, state=state, since=ctx.now()))


# -- patterns


@service.operation(resource=lambda ctx, request: "*")
async def test_event_pattern(ctx: Context, request: Request) -> Request:
    """Would the pattern match the event, which has to be a whole one? API_TestEventPattern."""
    pattern = check_pattern(request["EventPattern"])
    try:
        event = orjson.loads(request["Event"])
    except orjson.JSONDecodeError as error:
        raise errors.invalid_event(str(error)) from None
    if not isinstance(event, dict):
        raise errors.invalid_event("Event is not an object")
    missing = [name for name in _EVENT_FIELDS if name not in event]
    if missing:
        raise errors.invalid_event(f"The event must have the fields {', '.join(_EVENT_FIELDS)}")
    return {"Result": pattern(event)}
