"""Contributor Insights: what a rule makes of log events. Rules are stored as they were put; events are read from the logs when asked for.

rules   (name)
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import orjson

from fogbank.identity.principals import root
from fogbank.kernel import AWSError, Context, Record
from fogbank.services.cloudwatch import contributor_rules, errors
from fogbank.services.cloudwatch.contributor_rules import Definition
from fogbank.services.cloudwatch.math_functions import BadExpression
from fogbank.services.cloudwatch.series import Series
from fogbank.services.cloudwatch.service import service

ENABLED, DISABLED = "ENABLED", "DISABLED"

METRICS = ("UniqueContributors", "MaxContributorValue", "SampleCount", "Sum", "Minimum", "Maximum", "Average")

_FIELDS_OF_CLF = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')
_PAGE = 10_000


class Rule(Record, frozen=True):
    """`spans` are when it was enabled, epoch seconds; the last one has no end (0) while it is."""

    name: str
    definition: str
    spans: list[tuple[float, float]]
    transformed: bool = False
    tags: dict[str, str] = {}

    @property
    def state(self) -> str:
        return ENABLED if self.spans and not self.spans[-1][1] else DISABLED


class Contribution(NamedTuple):
    """What an event adds, in milliseconds since the epoch."""

    at: float
    keys: tuple[str, ...]
    value: float


rules = service.collection("insight_rules", Rule)


async def find(ctx: Context, name: str) -> Rule:
    rule = await rules.get(ctx, name)
    if rule is None:
        raise errors.not_found(f"The rule {name} does not exist.")
    return rule


# -- reading the logs


def _reader(ctx: Context) -> Context:
    """CloudWatch reads the account's logs for its rules; who asks for a report needs no permission on logs."""
    reader = ctx.at()
    reader.principal = root(ctx.account)
    return reader


async def contributions(ctx: Context, rule: Rule, start: float, end: float) -> list[Contribution]:
    """Of the events between the two moments (epoch seconds) that came while the rule was enabled."""
    definition = contributor_rules.parse(rule.definition)
    found: list[Contribution] = []
    for group in await _groups(ctx, definition):
        for since, until in rule.spans:
            window = max(start, since), min(end, until or end)
            if window[0] < window[1]:
                found += [each async for each in _of_group(ctx, definition, group, *window)]
    return found


async def _groups(ctx: Context, definition: Definition) -> list[str]:
    names: dict[str, None] = {}
    for given in definition.groups:
        if not given.endswith("*"):
            names[given] = None
            continue
        request: dict[str, Any] = {"logGroupNamePrefix": given[:-1]} if len(given) > 1 else {}
        async for answer in _pages(ctx, "DescribeLogGroups", request):
            names |= dict.fromkeys(group["logGroupName"] for group in answer["logGroups"])
    return list(names)


async def _pages(ctx: Context, operation: str, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """The answers of CloudWatch Logs to the request, until there are no more."""
    token: str | None = None
    while True:
        more = {"nextToken": token} if token else {}
        answer = await _reader(ctx).call("logs", operation, request | more, as_caller=True)
        yield answer
        token = answer.get("nextToken")
        if token is None:
            return


async def _of_group(
    ctx: Context, definition: Definition, group: str, start: float, end: float
) -> AsyncIterator[Contribution]:
    window = {"startTime": int(start * 1000), "endTime": int(end * 1000) - 1, "limit": _PAGE}
    try:
        async for answer in _pages(ctx, "FilterLogEvents", {"logGroupName": group, **window}):
            for event in answer["events"]:
                document = read(definition, event["message"])
                found = None if document is None else contributor_rules.contribution(definition, document)
                if found is not None:
                    yield Contribution(event["timestamp"] / 1000, *found)
    except AWSError as error:
        if error.code != "ResourceNotFoundException":
            raise


def read(definition: Definition, message: str) -> Any:
    """The fields of an event; None when it has another format."""
    if definition.is_json:
        try:
            document = orjson.loads(message)
        except ValueError:
            return None
        return document if isinstance(document, dict) else None
    parts = [next(part for part in match.groups() if part is not None) for match in _FIELDS_OF_CLF.finditer(message)]
    return {name: parts[nth - 1] for nth, name in definition.fields.items() if nth <= len(parts)}


# -- as a metric


async def rule_metric(ctx: Context, args: list[Any], period: int, start: float, end: float) -> Series:
    """INSIGHT_RULE_METRIC("rule", UniqueContributors)"""
    if len(args) != 2 or args[1] not in METRICS:
        raise BadExpression(f"INSIGHT_RULE_METRIC takes the name of a rule, and one of {', '.join(METRICS)}")
    rule = await rules.get(ctx, str(args[0]))
    if rule is None:
        raise BadExpression(f"The rule {args[0]} does not exist")
    found = await contributions(ctx, rule, start, end)
    points = by_period(found, period)
    return Series({moment: measured(each)[args[1]] for moment, each in points.items()}).named(f"{args[0]} {args[1]}")


def by_period(found: list[Contribution], period: int) -> dict[float, list[Contribution]]:
    parts: dict[float, list[Contribution]] = {}
    for each in found:
        parts.setdefault(each.at // period * period, []).append(each)
    return dict(sorted(parts.items()))


def totals(found: list[Contribution]) -> dict[tuple[str, ...], float]:
    """By contributor, the greatest first."""
    sums: dict[tuple[str, ...], float] = {}
    for each in found:
        sums[each.keys] = sums.get(each.keys, 0.0) + each.value
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def measured(found: list[Contribution]) -> dict[str, float]:
    """The metrics of one period, which has contributions."""
    values, by_contributor = [each.value for each in found], totals(found)
    return {
        "UniqueContributors": float(len(by_contributor)),
        "MaxContributorValue": max(by_contributor.values()),
        "SampleCount": float(len(values)),
        "Sum": sum(values),
        "Minimum": min(values),
        "Maximum": max(values),
        "Average": sum(values) / len(values),
    }
