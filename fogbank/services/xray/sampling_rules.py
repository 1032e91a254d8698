"""Sampling rules: CreateSamplingRule, GetSamplingRules, UpdateSamplingRule, DeleteSamplingRule.

rules  (name)  Rule; the default rule only once it was changed

https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.xray import errors, limits, tags
from fogbank.services.xray.records import arn
from fogbank.services.xray.service import service

Request = dict[str, Any]

DEFAULT = "Default"
_CRITERIA = ("ResourceARN", "ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath")
_CHANGEABLE = (*_CRITERIA, "Priority", "FixedRate", "ReservoirSize", "Attributes", "SamplingRateBoost")
_OF_DEFAULT = {"RuleName", "RuleARN", "FixedRate", "ReservoirSize"}
_MOST_ATTRIBUTES = 5


class Rule(Record, frozen=True):
    """`document` has the members of the API's SamplingRule but its name and ARN; times are epoch seconds."""

    name: str
    document: dict[str, Any]
    created: float
    modified: float
    tags: dict[str, str] = {}

    @property
    def rate(self) -> float:
        return float(self.document["FixedRate"])

    @property
    def reservoir(self) -> int:
        return int(self.document["ReservoirSize"])


rules = service.collection("sampling-rules", Rule, cached=True)

_FIRST_DEFAULT = Rule(
    DEFAULT,
    {**dict.fromkeys(_CRITERIA, "*"), "Priority": 10000, "FixedRate": 0.05, "ReservoirSize": 1, "Version": 1},
    0.0,
    0.0,
)


async def get(ctx: Context, name: str) -> Rule | None:
    found = await rules.get(ctx, name)
    return _FIRST_DEFAULT if found is None and name == DEFAULT else found


async def every(ctx: Context) -> list[Rule]:
    """In the order in which they are tried."""
    found = {rule.name: rule for rule in (_FIRST_DEFAULT, *await rules.scan(ctx))}
    return sorted(found.values(), key=lambda rule: (rule.document["Priority"], rule.name))


async def _find(ctx: Context, request: Request) -> Rule:
    """Raises InvalidRequestException."""
    name, given = request.get("RuleName"), request.get("RuleARN")
    if (name is None) == (given is None):
        raise errors.name_and_arn("rule")
    if name is None:
        name = str(given).partition(":sampling-rule/")[2]
    found = await get(ctx, name)
    if found is None or given not in (None, arn(ctx, "sampling-rule", name)):
        raise errors.rule_not_found()
    return found


def shown(ctx: Context, rule: Rule) -> Request:
    document = {
        "RuleName": rule.name,
        "RuleARN": arn(ctx, "sampling-rule", rule.name),
        "Attributes": {},
        **rule.document,
    }
    return {"SamplingRule": document, "CreatedAt": rule.created, "ModifiedAt": rule.modified}


def _arn_of(given: Request, ctx: Context) -> str:
    return given.get("RuleARN") or arn(ctx, "sampling-rule", given.get("RuleName") or "*")


@service.operation(resource=lambda ctx, request: _arn_of(request["SamplingRule"], ctx))
async def create_sampling_rule(ctx: Context, request: Request) -> Request:
    """API_CreateSamplingRule."""
    given = request["SamplingRule"]
    name = given.get("RuleName")
    if name is None or given.get("RuleARN") is not None:
        raise errors.invalid_request("RuleName is required, and RuleARN must be omitted")
    if await get(ctx, name) is not None:
        raise errors.rule_exists()
    if given["Version"] != 1:
        raise errors.invalid_request("Version must be 1")
    if await rules.count(ctx) >= limits.SAMPLING_RULES:
        raise errors.too_many_rules(limits.SAMPLING_RULES)
    _check(given)
    document = {key: value for key, value in given.items() if key not in ("RuleName", "RuleARN")}
    its_tags = tags.added({}, request.get("Tags") or (), arn(ctx, "sampling-rule", name))
    rule = Rule(name, document, ctx.now(), ctx.now(), its_tags)
    rules.put(ctx, rule, name)
    return {"SamplingRuleRecord": shown(ctx, rule)}


def _check(given: Request) -> None:
    """What the model does not say of a rule. Raises InvalidRequestException."""
    if not 1 <= given.get("Priority", 1) <= 9999:
        raise errors.invalid_request("Priority must be between 1 and 9999")
    if not 0 <= given.get("FixedRate", 0) <= 1:
        raise errors.invalid_request("FixedRate must be between 0 and 1")
    if given.get("ReservoirSize", 0) < 0:
        raise errors.invalid_request("ReservoirSize must not be negative")
    if len(given.get("Attributes") or {}) > _MOST_ATTRIBUTES:
        raise errors.invalid_request(f"A rule can have at most {_MOST_ATTRIBUTES} attributes")


@service.operation
async def get_sampling_rules(ctx: Context, request: Request) -> Request:
    """All rules by priority. API_GetSamplingRules."""
    if request.get("NextToken") is not None:
        raise errors.invalid_token()
    return {"SamplingRuleRecords": [shown(ctx, rule) for rule in await every(ctx)]}


@service.operation(resource=lambda ctx, request: _arn_of(request["SamplingRuleUpdate"], ctx))
async def update_sampling_rule(ctx: Context, request: Request) -> Request:
    """Change what is given; of the default rule only its rate and its reservoir. API_UpdateSamplingRule."""
    given = request["SamplingRuleUpdate"]
    found = await _find(ctx, given)
    if found.name == DEFAULT and not given.keys() <= _OF_DEFAULT:
        raise errors.default_rule("changed but for its fixed rate and its reservoir size")
    _check(given)
    changes = {key: given[key] for key in _CHANGEABLE if key in given}
    rule = msgspec.structs.replace(found, document={**found.document, **changes}, modified=ctx.now())
    rules.put(ctx, rule, rule.name)
    return {"SamplingRuleRecord": shown(ctx, rule)}


@service.operation(resource=lambda ctx, request: _arn_of(request, ctx))
async def delete_sampling_rule(ctx: Context, request: Request) -> Request:
    """API_DeleteSamplingRule."""
    found = await _find(ctx, request)
    if found.name == DEFAULT:
        raise errors.default_rule("deleted")
    rules.delete(ctx, found.name)
    return {"SamplingRuleRecord": shown(ctx, found)}
