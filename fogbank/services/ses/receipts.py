"""Receipt rules: what is done with mail that comes in; and filters, which say from where none is taken.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-concepts.html
"""

from __future__ import annotations

import ipaddress
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record
from fogbank.mail import problems
from fogbank.mail.receiving import HERE, Active, RuleSet, active, rule_sets
from fogbank.services.ses.service import service
from fogbank.services.ses.shared import ANY, Answer, Request, page, start_of

_SETS, _RULES, _ACTIONS, _RECIPIENTS, _FILTERS = 40, 200, 10, 500, 100
_PAGE = 100


class Filter(Record, frozen=True):
    name: str
    policy: str
    cidr: str


filters = service.collection("receipt_filters", Filter)


# -- rule sets


async def _find(ctx: Context, name: str) -> RuleSet:
    found = await rule_sets.get(ctx, name)
    if found is None:
        raise AWSError("RuleSetDoesNotExistException", f"Rule set does not exist: {name}", name=name)
    return found


async def _add(ctx: Context, made: RuleSet) -> None:
    if await rule_sets.get(ctx, made.name) is not None:
        raise AWSError("AlreadyExistsException", f"Rule set already exists: {made.name}")
    if await rule_sets.count(ctx, limit=_SETS) >= _SETS:
        raise problems.problem(ctx, "limit", f"There can be no more than {_SETS} rule sets.")
    rule_sets.put(ctx, made, made.name)


@service.operation(**ANY)
async def create_receipt_rule_set(ctx: Context, request: Request) -> None:
    await _add(ctx, RuleSet(request["RuleSetName"], ctx.now()))


@service.operation(**ANY)
async def clone_receipt_rule_set(ctx: Context, request: Request) -> None:
    original = await _find(ctx, request["OriginalRuleSetName"])
    await _add(ctx, RuleSet(request["RuleSetName"], ctx.now(), original.rules))


@service.operation(**ANY)
async def describe_receipt_rule_set(ctx: Context, request: Request) -> Answer:
    return _described(await _find(ctx, request["RuleSetName"]))


def _described(found: RuleSet) -> Answer:
    return {"Metadata": _metadata(found), "Rules": found.rules}


def _metadata(found: RuleSet) -> Answer:
    return {"Name": found.name, "CreatedTimestamp": found.created}


@service.operation(**ANY)
async def list_receipt_rule_sets(ctx: Context, request: Request) -> Answer:
    rows = await rule_sets.scan(ctx, after=start_of(request), limit=_PAGE + 1)
    shown, following = page(rows, _PAGE, lambda found: found.name)
    return {"RuleSets": [_metadata(found) for found in shown], "NextToken": following}


@service.operation(**ANY)
async def delete_receipt_rule_set(ctx: Context, request: Request) -> None:
    """One that is not there is gone, too; the active one stays."""
    name = request["RuleSetName"]
    found = await active.get(ctx)
    if found is not None and found.name == name:
        raise AWSError("CannotDeleteException", f"Cannot delete active rule set: {name}", name=name)
    rule_sets.delete(ctx, name)


@service.operation(**ANY)
async def set_active_receipt_rule_set(ctx: Context, request: Request) -> None:
    """Without a name none is active."""
    name = request.get("RuleSetName")
    if not name:
        active.delete(ctx)
        return
    active.put(ctx, Active((await _find(ctx, name)).name))


@service.operation(**ANY)
async def describe_active_receipt_rule_set(ctx: Context, request: Request) -> Answer:
    found = await active.get(ctx)
    return {} if found is None else _described(await _find(ctx, found.name))


# -- rules


def _kept(given: Request) -> dict[str, Any]:
    """A rule with its defaults."""
    defaults = {"Enabled": False, "TlsPolicy": "Optional", "Recipients": [], "Actions": [], "ScanEnabled": False}
    return {**defaults, **{name: value for name, value in given.items() if value is not None}}


async def _check(ctx: Context, rule: dict[str, Any]) -> None:
    if len(rule["Actions"]) > _ACTIONS or len(rule["Recipients"]) > _RECIPIENTS:
        raise problems.problem(
            ctx, "limit", f"A rule can have no more than {_ACTIONS} actions and {_RECIPIENTS} recipients."
        )
    for action in rule["Actions"]:
        kinds = [name for name, value in action.items() if value]
        if len(kinds) != 1:
            raise problems.invalid(ctx, "Exactly one kind of action must be specified for each action.")
        if kinds[0] not in HERE:
            raise problems.invalid(ctx, f"Fogbank has no service for the action {kinds[0]}.")
        await _check_action(ctx, kinds[0], action[kinds[0]])


async def _check_action(ctx: Context, kind: str, settings: dict[str, Any]) -> None:
    """What the action needs has to be there."""
    if kind == "S3Action":
        await _require(
            ctx, "s3", "HeadBucket", {"Bucket": settings["BucketName"]}, "InvalidS3ConfigurationException",
            f"Could not write to bucket: {settings['BucketName']}",
        )  # fmt: skip
        if role := settings.get("IamRoleArn"):
            await ctx.pass_role(role)
    if kind == "LambdaAction":
        arn = settings["FunctionArn"]
        await _require(
            ctx, "lambda", "GetFunctionConfiguration", {"FunctionName": arn}, "InvalidLambdaFunctionException",
            f"Could not invoke Lambda function: {arn}",
        )  # fmt: skip
    if topic := settings.get("TopicArn"):
        await _require(
            ctx, "sns", "GetTopicAttributes", {"TopicArn": topic}, "InvalidSnsTopicException",
            f"Invalid SNS topic: {topic}",
        )  # fmt: skip


async def _require(ctx: Context, service_name: str, operation: str, request: Request, code: str, message: str) -> None:
    """Raises `code` unless the call finds something. Who may not look, is believed."""
    try:
        await ctx.call(service_name, operation, request, as_caller=True)
    except AWSError as error:
        if not error.code.startswith("AccessDenied") and error.code != "Forbidden":
            raise AWSError(code, message) from error


def _place(found: RuleSet, name: str) -> int:
    for place, rule in enumerate(found.rules):
        if rule["Name"] == name:
            return place
    raise AWSError("RuleDoesNotExistException", f"Rule does not exist: {name}", name=name)


def _with(ctx: Context, found: RuleSet, rules: list[dict[str, Any]]) -> None:
    rule_sets.put(ctx, msgspec.structs.replace(found, rules=rules), found.name)


@service.operation(**ANY)
async def create_receipt_rule(ctx: Context, request: Request) -> None:
    """It is the first one, unless it is to be after another."""
    found, rule = await _find(ctx, request["RuleSetName"]), _kept(request["Rule"])
    if any(each["Name"] == rule["Name"] for each in found.rules):
        raise AWSError("AlreadyExistsException", f"Rule already exists: {rule['Name']}")
    if len(found.rules) >= _RULES:
        raise problems.problem(ctx, "limit", f"A rule set can have no more than {_RULES} rules.")
    await _check(ctx, rule)
    place = _place(found, request["After"]) + 1 if request.get("After") else 0
    _with(ctx, found, [*found.rules[:place], rule, *found.rules[place:]])


@service.operation(**ANY)
async def update_receipt_rule(ctx: Context, request: Request) -> None:
    found, rule = await _find(ctx, request["RuleSetName"]), _kept(request["Rule"])
    place = _place(found, rule["Name"])
    await _check(ctx, rule)
    _with(ctx, found, [*found.rules[:place], rule, *found.rules[place + 1 :]])


@service.operation(**ANY)
async def describe_receipt_rule(ctx: Context, request: Request) -> Answer:
    found = await _find(ctx, request["RuleSetName"])
    return {"Rule": found.rules[_place(found, request["RuleName"])]}


@service.operation(**ANY)
async def delete_receipt_rule(ctx: Context, request: Request) -> None:
    """One that is not there is gone, too."""
    found = await _find(ctx, request["RuleSetName"])
    _with(ctx, found, [rule for rule in found.rules if rule["Name"] != request["RuleName"]])


@service.operation(**ANY)
async def set_receipt_rule_position(ctx: Context, request: Request) -> None:
    found = await _find(ctx, request["RuleSetName"])
    rule = found.rules[_place(found, request["RuleName"])]
    left = msgspec.structs.replace(found, rules=[each for each in found.rules if each is not rule])
    place = _place(left, request["After"]) + 1 if request.get("After") else 0
    _with(ctx, found, [*left.rules[:place], rule, *left.rules[place:]])


@service.operation(**ANY)
async def reorder_receipt_rule_set(ctx: Context, request: Request) -> None:
    found, names = await _find(ctx, request["RuleSetName"]), request["RuleNames"]
    rules = [found.rules[_place(found, name)] for name in names]
    if len(names) != len(found.rules) or len(set(names)) < len(names):
        raise problems.invalid(ctx, "All rules of the rule set must be named, each once.")
    _with(ctx, found, rules)


# -- filters


@service.operation(**ANY)
async def create_receipt_filter(ctx: Context, request: Request) -> None:
    name, given = request["Filter"]["Name"], request["Filter"]["IpFilter"]
    try:
        ipaddress.ip_network(given["Cidr"], strict=False)
    except ValueError as error:
        raise problems.invalid(ctx, f"Invalid CIDR: {given['Cidr']}") from error
    if await filters.get(ctx, name) is not None:
        raise AWSError("AlreadyExistsException", f"Filter already exists: {name}", name=name)
    if await filters.count(ctx, limit=_FILTERS) >= _FILTERS:
        raise problems.problem(ctx, "limit", f"There can be no more than {_FILTERS} filters.")
    filters.put(ctx, Filter(name, given["Policy"], given["Cidr"]), name)


@service.operation(**ANY)
async def list_receipt_filters(ctx: Context, request: Request) -> Answer:
    return {
        "Filters": [
            {"Name": each.name, "IpFilter": {"Policy": each.policy, "Cidr": each.cidr}}
            for each in await filters.scan(ctx)
        ]
    }


@service.operation(**ANY)
async def delete_receipt_filter(ctx: Context, request: Request) -> None:
    """One that is not there is gone, too."""
    filters.delete(ctx, request["FilterName"])
