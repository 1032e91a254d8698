"""Contributor Insights rules: putting, switching, reporting.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutInsightRule.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.cloudwatch import contributor_rules, contributors, errors, tag_rules
from fogbank.services.cloudwatch.contributors import DISABLED, ENABLED, METRICS, Contribution, Rule, find, rules
from fogbank.services.cloudwatch.reading import require_period
from fogbank.services.cloudwatch.service import service

Request = dict[str, Any]
Answer = dict[str, Any]
Keys = tuple[str, ...]

_RULES = 100
_CONTRIBUTORS = 100
_PAGE = 500


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:cloudwatch:{ctx.region}:{ctx.account}:insight-rule/{name}"


def _arn(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["RuleName"])


def _arns(ctx: Context, request: Request) -> list[str]:
    return [arn_of(ctx, name) for name in request["RuleNames"]] or [arn_of(ctx, "*")]


@service.operation(resource=_arn, action=with_members("cloudwatch:PutInsightRule", {"Tags": "cloudwatch:TagResource"}))
async def put_insight_rule(ctx: Context, request: Request) -> None:
    """A rule begins to count when it is enabled; one that is changed keeps its tags."""
    state = request.get("RuleState") or ENABLED
    if state not in (ENABLED, DISABLED):
        raise errors.invalid_value(f"The value {state} for parameter RuleState must be ENABLED or DISABLED.")
    try:
        contributor_rules.parse(request["RuleDefinition"])
    except contributor_rules.BadRule as error:
        raise errors.invalid_value(str(error)) from None
    before = await rules.get(ctx, request["RuleName"])
    if before is None:
        if await rules.count(ctx) >= _RULES:
            raise errors.limit_exceeded(f"You have reached the limit of {_RULES} rules.")
        tags = tag_rules.checked({}, request.get("Tags") or [])
        before = Rule(request["RuleName"], "", [], tags=tags)
    transformed = bool(request.get("ApplyOnTransformedLogs"))
    changed = msgspec.structs.replace(before, definition=request["RuleDefinition"], transformed=transformed)
    rules.put(ctx, _switched(ctx, changed, state), before.name)


def _switched(ctx: Context, rule: Rule, state: str) -> Rule:
    if rule.state == state:
        return rule
    spans = [*rule.spans, (ctx.now(), 0.0)] if state == ENABLED else [*rule.spans[:-1], (rule.spans[-1][0], ctx.now())]
    return msgspec.structs.replace(rule, spans=spans)


@service.operation
async def describe_insight_rules(ctx: Context, request: Request) -> Answer:
    token, limit = request.get("NextToken"), request.get("MaxResults") or _PAGE
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    shown, following = pages.page(await rules.scan(ctx, after=after, limit=limit + 1), limit, lambda rule: rule.name)
    return {"InsightRules": [_described(rule) for rule in shown], "NextToken": following}


def _described(rule: Rule) -> Answer:
    return {
        "Name": rule.name,
        "State": rule.state,
        "Schema": '{"Name":"CloudWatchLogRule","Version":1}',
        "Definition": rule.definition,
        "ManagedRule": False,
        "ApplyOnTransformedLogs": rule.transformed,
    }


# -- several at once: those that are not there are told of


def _missing(name: str) -> Answer:
    return {
        "FailureResource": name,
        "ExceptionType": "ResourceNotFoundException",
        "FailureCode": "ResourceNotFound",
        "FailureDescription": f"The rule {name} does not exist.",
    }


async def _switch(ctx: Context, request: Request, state: str) -> Answer:
    failures = []
    for name in request["RuleNames"]:
        rule = await rules.get(ctx, name)
        if rule is None:
            failures.append(_missing(name))
        else:
            rules.put(ctx, _switched(ctx, rule, state), name)
    return {"Failures": failures}


@service.operation(resource=_arns)
async def enable_insight_rules(ctx: Context, request: Request) -> Answer:
    return await _switch(ctx, request, ENABLED)


@service.operation(resource=_arns)
async def disable_insight_rules(ctx: Context, request: Request) -> Answer:
    return await _switch(ctx, request, DISABLED)


@service.operation(resource=_arns)
async def delete_insight_rules(ctx: Context, request: Request) -> Answer:
    failures = []
    for name in request["RuleNames"]:
        if await rules.get(ctx, name) is None:
            failures.append(_missing(name))
        rules.delete(ctx, name)
    return {"Failures": failures}


# -- managed rules: there are templates for none of the resources that Fogbank has


@service.operation
async def list_managed_insight_rules(ctx: Context, request: Request) -> Answer:
    return {"ManagedRules": []}


@service.operation
async def put_managed_insight_rules(ctx: Context, request: Request) -> Answer:
    failures = [
        {
            "FailureResource": rule["ResourceARN"],
            "ExceptionType": "InvalidParameterValueException",
            "FailureCode": "InvalidParameterValue",
            "FailureDescription": f"There is no template {rule['TemplateName']} for the resource.",
        }
        for rule in request["ManagedRules"]
    ]
    return {"Failures": failures}


# -- reports


@service.operation(resource=_arn)
async def get_insight_rule_report(ctx: Context, request: Request) -> Answer:
    rule = await find(ctx, request["RuleName"])
    start, end, period = request["StartTime"], request["EndTime"], request["Period"]
    most = request.get("MaxContributorCount") or 10
    order, metrics = request.get("OrderBy") or "Sum", request.get("Metrics") or []
    require_period(period)
    if start >= end:
        raise errors.invalid_value("The parameter StartTime must be less than the parameter EndTime.")
    if not 0 < most <= _CONTRIBUTORS:
        raise errors.invalid_value(f"The parameter MaxContributorCount must be between 1 and {_CONTRIBUTORS}.")
    if order not in ("Sum", "Maximum"):
        raise errors.invalid_value("The parameter OrderBy must be Sum or Maximum.")
    if unknown := set(metrics) - set(METRICS):
        raise errors.invalid_value(f"The value {min(unknown)} for parameter Metrics is not in [{', '.join(METRICS)}].")
    definition = contributor_rules.parse(rule.definition)
    found = await contributors.contributions(ctx, rule, start, end)
    ranked = contributors.totals(found)
    by_period = contributors.by_period(found, period)
    shown = _by_greatest(ranked, by_period) if order == "Maximum" else list(ranked)
    return {
        "KeyLabels": list(definition.keys),
        "AggregationStatistic": definition.aggregate,
        "AggregateValue": sum(ranked.values()),
        "ApproximateUniqueCount": len(ranked),
        "Contributors": [_contributor(keys, ranked[keys], by_period) for keys in shown[:most]],
        "MetricDatapoints": [_datapoint(moment, each, metrics) for moment, each in by_period.items()]
        if metrics
        else [],
    }


def _by_greatest(ranked: Iterable[Keys], by_period: dict[float, list[Contribution]]) -> list[Keys]:
    """Who contributed most in one period comes first."""
    totals = [contributors.totals(each) for each in by_period.values()]
    return sorted(ranked, key=lambda keys: -max(each.get(keys, 0.0) for each in totals))


def _contributor(keys: tuple[str, ...], total: float, by_period: dict[float, list[Contribution]]) -> Answer:
    sums = {moment: [each.value for each in found if each.keys == keys] for moment, found in by_period.items()}
    points = [{"Timestamp": moment, "ApproximateValue": sum(values)} for moment, values in sums.items() if values]
    return {"Keys": list(keys), "ApproximateAggregateValue": total, "Datapoints": points}


def _datapoint(moment: float, found: list[Contribution], metrics: list[str]) -> Answer:
    known = contributors.measured(found)
    return {"Timestamp": moment, **{name: known[name] for name in metrics}}
