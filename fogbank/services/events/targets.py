"""Targets of rules: PutTargets, RemoveTargets, ListTargetsByRule, ListRuleNamesByTarget."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context, pages
from fogbank.services.events import errors, inputs, kinds, limits
from fogbank.services.events.bus import named_bus, on_bus
from fogbank.services.events.kinds import Kind
from fogbank.services.events.names import Arn, locate, parse, rule_arn
from fogbank.services.events.rule import Rule, check_not_managed, find_rule, modify, on_rule, rules
from fogbank.services.events.service import service

Request = dict[str, Any]
Target = dict[str, Any]


async def _named(ctx: Context, request: Request) -> tuple[Context, Rule]:
    scope, bus = await named_bus(ctx, request)
    return scope, await find_rule(scope, bus.name, request["Rule"])


def _target_arns(ctx: Context, request: Request) -> dict[str, tuple[str, ...]]:
    return {"events:TargetArn": tuple(target["Arn"] for target in request["Targets"])}


@service.operation(keys=_target_arns, **on_rule("Rule"))
async def put_targets(ctx: Context, request: Request) -> Request:
    """Add targets to a rule, or replace those with the same ids. API_PutTargets.

    A target that cannot be right is refused with the whole request; one that nothing here could deliver to fails alone.
    """
    scope, rule = await _named(ctx, request)
    check_not_managed(ctx, rule)
    for target in request["Targets"]:
        await _check(scope, target)
    failures = [failure for target in request["Targets"] if (failure := _failure(ctx, target)) is not None]
    failed = {failure["TargetId"] for failure in failures}
    added = {target["Id"]: _kept(target) for target in request["Targets"] if target["Id"] not in failed}
    targets = {**rule.targets, **added}
    if len(targets) > limits.TARGETS_PER_RULE:
        raise errors.limit_exceeded()
    if added:
        modify(scope, rule, targets=targets)
    return {"FailedEntryCount": len(failures), "FailedEntries": failures}


def _kept(target: Target) -> Target:
    return {name: value for name, value in target.items() if value is not None}


async def _check(ctx: Context, target: Target) -> None:
    """Raises ValidationException for a target that could never be delivered to."""
    arn = parse(target["Arn"])
    if arn is None:
        raise errors.invalid_arn(target["Arn"])
    inputs.check(_kept(target))
    kind = kinds.of(target["Arn"])
    if kind is not None:
        _check_place(ctx, arn)
        _check_parameters(ctx, kind, arn, target)
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead_letters:
        check_queue(ctx, dead_letters)
    if target.get("RoleArn"):
        await _check_role(ctx, target["RoleArn"])


def _check_place(ctx: Context, arn: Arn) -> None:
    """Of what is in another Region only buses may be targets."""
    if arn.region not in ("", ctx.region) and not arn.resource.startswith("event-bus/"):
        raise errors.invalid_arn(arn.text)


def _check_parameters(ctx: Context, kind: Kind, arn: Arn, target: Target) -> None:
    if kind.parameters and not target.get(kind.parameters):
        raise errors.parameters_required(kind.parameters, target["Id"])
    if arn.service == "sqs" and arn.resource.endswith(".fifo") and not _group(target):
        raise errors.parameters_required("SqsParameters", target["Id"])
    # a bus needs one where it is another account's or in another Region: eb-cross-account.html
    is_away = arn.resource.startswith("event-bus/") and (arn.account, arn.region) != (ctx.account, ctx.region)
    if (kind.role or is_away) and not target.get("RoleArn"):
        raise errors.role_required(arn.text)


def _group(target: Target) -> str | None:
    group: str | None = (target.get("SqsParameters") or {}).get("MessageGroupId")
    return group


def check_queue(ctx: Context, text: str) -> None:
    """Raises ValidationException unless it is the ARN of a standard queue of this Region."""
    arn = parse(text)
    if arn is None or arn.service != "sqs" or arn.region != ctx.region or arn.resource.endswith(".fifo"):
        raise errors.invalid_dead_letter_queue(text)


async def _check_role(ctx: Context, role: str) -> None:
    """Raises AccessDenied unless the caller may pass the role, ValidationException unless EventBridge may take it."""
    await ctx.pass_role(role)
    try:
        await ctx.assume(role)
    except AWSError:
        raise errors.role_not_assumable(role) from None


def _failure(ctx: Context, target: Target) -> Request | None:
    """Why a target alone fails, if it does: there is nothing here that could take its events."""
    kind = kinds.of(target["Arn"])
    if kind is None:
        message = f"Fogbank does not deliver events to targets like {target['Arn']} yet."
    elif not kind.is_there(ctx.app):
        message = f"Fogbank does not implement {kind.service}:{kind.operation} yet."
    else:
        return None
    return {"TargetId": target["Id"], "ErrorCode": "NotImplemented", "ErrorMessage": message}


@service.operation(**on_rule("Rule"))
async def remove_targets(ctx: Context, request: Request) -> Request:
    """Take targets from a rule; an id that it does not have fails alone. API_RemoveTargets."""
    scope, rule = await _named(ctx, request)
    check_not_managed(ctx, rule, request.get("Force", False))
    ids = request["Ids"]
    failures = [_missing(rule, id) for id in ids if id not in rule.targets]
    modify(scope, rule, targets={id: target for id, target in rule.targets.items() if id not in ids})
    return {"FailedEntryCount": len(failures), "FailedEntries": failures}


def _missing(rule: Rule, id: str) -> Request:
    message = f"Rule {rule.name} does not have a target with the Id {id}."
    return {"TargetId": id, "ErrorCode": "ResourceNotFoundException", "ErrorMessage": message}


@service.operation(**on_rule("Rule"))
async def list_targets_by_rule(ctx: Context, request: Request) -> Request:
    """The targets of a rule by their ids. API_ListTargetsByRule."""
    _, rule = await _named(ctx, request)
    token = request.get("NextToken")
    after = "" if token is None else pages.position(token, errors.invalid_next_token())
    ids = sorted(id for id in rule.targets if id > after)
    shown, following = pages.page(ids, request.get("Limit") or limits.PAGE, lambda id: id)
    return {"Targets": [rule.targets[id] for id in shown], "NextToken": following}


@service.operation(
    resource=lambda ctx, request: rule_arn(*locate(ctx, request.get("EventBusName")), "*"),
    **{name: option for name, option in on_bus().items() if name != "resource"},
)
async def list_rule_names_by_target(ctx: Context, request: Request) -> Request:
    """The names of the rules of a bus that have a target. API_ListRuleNamesByTarget."""
    scope, bus = await named_bus(ctx, request)
    token, arn = request.get("NextToken"), request["TargetArn"]
    after = None if token is None else (pages.position(token, errors.invalid_next_token()),)
    found = await rules.scan(scope, bus.name, after=after)
    names = [rule.name for rule in found if any(target["Arn"] == arn for target in rule.targets.values())]
    shown, following = pages.page(names, request.get("Limit") or limits.PAGE, lambda name: name)
    return {"RuleNames": list(shown), "NextToken": following}
