"""Sharing a rule's reservoir: GetSamplingTargets, GetSamplingStatisticSummaries.

Every client that uses a rule tells every ten seconds what it has sampled, and gets a part of the rule's reservoir for the next ten
seconds. What all clients hold at a time is never more than the reservoir: who comes new takes what is free, and a fair share as soon as
the others have come back. Who does not come back loses its part.

clients     (rule, client id)      Client
statistics  (rule, slot)           Statistics of ten seconds
boosts      (rule, service name)   Boost

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.xray import errors, sampling_rules
from fogbank.services.xray.sampling_rules import Rule
from fogbank.services.xray.service import service

Request = dict[str, Any]

_INTERVAL = 10
_HELD_SECONDS = 15
"""A part is held a little longer than until the next report."""
_BOOST_SECONDS = 60
_SWEPT_AT_ONCE = 20


class Client(Record, frozen=True):
    """`quota` requests a second are its, until the epoch second `until`."""

    quota: int
    until: float


class Statistics(Record, frozen=True):
    requests: int = 0
    borrowed: int = 0
    sampled: int = 0


class Boost(Record, frozen=True):
    """Until when the rate is higher, and when that may be so again (epoch seconds)."""

    rate: float
    until: float
    next: float


_clients = service.collection("sampling-clients", Client)
_statistics = service.collection("sampling-statistics", Statistics)
_boosts = service.collection("sampling-boosts", Boost)


@service.operation
async def get_sampling_targets(ctx: Context, request: Request) -> Request:
    """API_GetSamplingTargets."""
    boosts, refused_boosts = await _boosted(ctx, request.get("SamplingBoostStatisticsDocuments") or ())
    targets, refused = [], []
    for report in request["SamplingStatisticsDocuments"]:
        rule = await sampling_rules.get(ctx, report["RuleName"])
        if rule is None:
            refused.append(_refused(report))
            continue
        await _count(ctx, report)
        targets.append({**await _target(ctx, rule, report["ClientID"]), "SamplingBoost": boosts.get(rule.name)})
    modified = max(rule.modified for rule in await sampling_rules.every(ctx))
    return {
        "SamplingTargetDocuments": targets,
        "LastRuleModification": modified,
        "UnprocessedStatistics": refused,
        "UnprocessedBoostStatistics": refused_boosts,
    }


def _refused(report: Request) -> Request:
    return {"RuleName": report["RuleName"], "ErrorCode": "400", "Message": "Unknown rule"}


async def _target(ctx: Context, rule: Rule, client: str) -> Request:
    now = ctx.now()
    quota = await _share(ctx, rule, client)
    _clients.put(ctx, Client(quota, now + _HELD_SECONDS), rule.name, client)
    return {
        "RuleName": rule.name,
        "FixedRate": rule.rate,
        "ReservoirQuota": quota,
        "ReservoirQuotaTTL": now + _HELD_SECONDS,
        "Interval": _INTERVAL,
    }


async def _share(ctx: Context, rule: Rule, client: str) -> int:
    """A fair part of the reservoir, as far as the other clients do not hold it still."""
    others: list[Client] = []
    swept = 0
    for (name,), held in await _clients.items(ctx, (str,), rule.name):
        if held.until <= ctx.now():
            if swept < _SWEPT_AT_ONCE:
                _clients.delete(ctx, rule.name, name)
            swept += 1
        elif name != client:
            others.append(held)
    free = max(rule.reservoir - sum(held.quota for held in others), 0)
    fair = -(-rule.reservoir // (len(others) + 1))
    return min(fair, free)


# -- statistics


async def _count(ctx: Context, report: Request) -> None:
    slot = int(ctx.now()) // _INTERVAL * _INTERVAL
    name = report["RuleName"]
    before = await _statistics.get(ctx, name, slot)
    if before is None:
        for (old,), _ in await _statistics.items(ctx, (int,), name, limit=_SWEPT_AT_ONCE):
            _statistics.delete(ctx, name, old)
        before = Statistics()
    sums = Statistics(
        before.requests + report["RequestCount"],
        before.borrowed + report.get("BorrowCount", 0),
        before.sampled + report["SampledCount"],
    )
    _statistics.put(ctx, sums, name, slot)


@service.operation
async def get_sampling_statistic_summaries(ctx: Context, request: Request) -> Request:
    """Of every rule that is used, the last ten seconds in which clients told of it. API_GetSamplingStatisticSummaries."""
    if request.get("NextToken") is not None:
        raise errors.invalid_token()
    summaries = [
        {
            "RuleName": rule,
            "Timestamp": slot,
            "RequestCount": found.requests,
            "BorrowCount": found.borrowed,
            "SampledCount": found.sampled,
        }
        for (rule, slot), found in await _statistics.items(ctx, (str, int))
    ]
    return {"SamplingStatisticSummaries": summaries}


# -- boosts


async def _boosted(ctx: Context, reports: Any) -> tuple[dict[str, Request], list[Request]]:
    """(boosts by rule, what could not be processed)"""
    boosts: dict[str, Request] = {}
    refused = []
    for report in reports:
        rule = await sampling_rules.get(ctx, report["RuleName"])
        wanted = None if rule is None else rule.document.get("SamplingRateBoost")
        if rule is None or wanted is None:
            refused.append(_refused(report))
        elif boost := await _boost(ctx, report, wanted):
            boosts[rule.name] = {"BoostRate": boost.rate, "BoostRateTTL": boost.until}
    return boosts, refused


async def _boost(ctx: Context, report: Request, wanted: Request) -> Boost | None:
    """The boost that holds; one begins when anomalies are told of, once in a cool-down window.

    Its rate is that at which the anomalies would all have been sampled, up to the rule's maximum.
    """
    place, now = (report["RuleName"], report["ServiceName"]), ctx.now()
    found = await _boosts.get(ctx, *place)
    if found is not None and found.until > now:
        return found
    if not report["AnomalyCount"] or (found is not None and found.next > now):
        return None
    rate = min(float(wanted["MaxRate"]), report["AnomalyCount"] / max(report["TotalCount"], report["AnomalyCount"]))
    boost = Boost(rate, now + _BOOST_SECONDS, now + wanted["CooldownWindowMinutes"] * 60)
    _boosts.put(ctx, boost, *place)
    return boost
