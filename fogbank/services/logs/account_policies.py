"""PutAccountPolicy, DescribeAccountPolicies, DeleteAccountPolicy: what is said once for all log groups, or for some.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from fogbank.kernel import Context, Record, pages
from fogbank.services.logs import errors, indexes, limits, retention_policies, rulings, selections, subscriptions
from fogbank.services.logs.account import Exclusion, Rules, rules, rules_or_none
from fogbank.services.logs.filtering import compiled
from fogbank.services.logs.protection import admission, documents
from fogbank.services.logs.records import Answer, Request, SubscriptionFilter, milliseconds
from fogbank.services.logs.rulings import Ruling
from fogbank.services.logs.selections import Selection
from fogbank.services.logs.service import service
from fogbank.services.logs.transforming import operations as transforming

PROTECTION, SUBSCRIPTION, INDEX = "DATA_PROTECTION_POLICY", "SUBSCRIPTION_FILTER_POLICY", "FIELD_INDEX_POLICY"
TRANSFORMER, METRICS, RETENTION = "TRANSFORMER_POLICY", "METRIC_EXTRACTION_POLICY", "RETENTION_POLICY"

_MOST = {PROTECTION: 1, SUBSCRIPTION: 1, INDEX: 20, TRANSFORMER: 20, METRICS: 5, RETENTION: 20}
# what else the caller needs to be allowed to
_ACTIONS = {
    PROTECTION: "logs:PutDataProtectionPolicy",
    SUBSCRIPTION: "logs:PutSubscriptionFilter",
    INDEX: "logs:PutIndexPolicy",
    TRANSFORMER: "logs:PutTransformer",
    METRICS: "logs:PutMetricExtractionPolicy",
    RETENTION: "logs:PutRetentionPolicy",
}


class AccountPolicy(Record, frozen=True):
    """`updated` is in milliseconds; `criteria` are the selection criteria, empty for all groups."""

    name: str
    type: str
    document: str
    updated: int
    criteria: str = ""


account_policies = service.collection("account-policies", AccountPolicy)


def _action(ctx: Context, request: Request) -> tuple[str, ...]:
    return "logs:PutAccountPolicy", _ACTIONS[request["policyType"]]


@service.operation(action=_action)
async def put_account_policy(ctx: Context, request: Request) -> Answer:
    name, kind = request["policyName"], request["policyType"]
    if name.lower().startswith("aws/"):
        raise errors.invalid_parameter("Policy names cannot start with aws/.")
    if request.get("dryRun") and kind != RETENTION:
        raise errors.invalid_parameter("dryRun is valid for RETENTION_POLICY only.")
    policy = AccountPolicy(
        name, kind, request["policyDocument"], milliseconds(ctx), request.get("selectionCriteria") or ""
    )
    others = [each for each in await account_policies.scan(ctx, kind) if each.name != name]
    if len(others) >= _MOST[kind]:
        raise errors.limit_exceeded()
    selection = _selection(policy)
    if request.get("dryRun"):
        return {"dryRunResult": await retention_policies.preview(ctx, _retention(policy, selection))}
    await _PUT[kind](ctx, policy, selection, others)
    account_policies.put(ctx, policy, kind, name)
    return {"accountPolicy": _described(ctx, policy)}


def _selection(policy: AccountPolicy) -> Selection | None:
    """Raises InvalidParameterException for criteria that the type does not take."""
    if not policy.criteria:
        return None
    try:
        selection = selections.parse(policy.criteria)
    except selections.InvalidSelection as error:
        raise errors.invalid_parameter(str(error)) from None
    prefixed, inverted = selection.prefixed, selection.inverted
    allowed = {
        SUBSCRIPTION: not prefixed and inverted,
        INDEX: prefixed and not inverted,
        TRANSFORMER: prefixed and not inverted,
        RETENTION: prefixed and not inverted,
        METRICS: True,
    }
    if not allowed.get(policy.type, False):
        raise errors.invalid_parameter(f"These selectionCriteria are not valid for {policy.type}.")
    return selection


def _values(selection: Selection | None) -> tuple[str, ...]:
    return selection.values if selection is not None else ()


def _require_apart(selection: Selection | None, others: list[AccountPolicy]) -> None:
    """No two policies may be for the same group."""
    for other in others:
        if selections.overlap(_values(selection), _values(_selection(other))):
            raise errors.invalid_parameter(f"The selection criteria overlap with those of the policy {other.name}.")


def _parsed(policy: AccountPolicy, kind: type) -> Any:
    try:
        document = json.loads(policy.document)
    except ValueError:
        document = None
    if not isinstance(document, kind):
        raise errors.invalid_parameter("The policy document is not valid JSON of its type.")
    return document


# -- by type


async def _put_protection(
    ctx: Context, policy: AccountPolicy, selection: Selection | None, others: list[AccountPolicy]
) -> None:
    documents.check(policy.document)
    await admission.admit(ctx, documents.destinations_of(policy.document))
    found = await rules_or_none(ctx)
    begun = rulings.begun(found.protections, Ruling(policy.document, policy.updated, name=policy.name))
    rules.put(ctx, msgspec.structs.replace(found, protections=begun))


async def _put_subscription(
    ctx: Context, policy: AccountPolicy, selection: Selection | None, others: list[AccountPolicy]
) -> None:
    document = _parsed(policy, dict)
    if not document.get("DestinationArn"):
        raise errors.not_deliverable("")
    compiled(document.get("FilterPattern"))
    made = SubscriptionFilter(
        policy.name,
        document.get("FilterPattern") or "",
        document["DestinationArn"],
        policy.updated,
        document.get("RoleArn") or "",
        document.get("Distribution") or "ByLogStream",
    )
    await subscriptions.try_out(ctx, "*", made)
    found = await rules_or_none(ctx)
    rules.put(ctx, msgspec.structs.replace(found, subscription=made, not_subscribed=_values(selection)))


async def _put_index(
    ctx: Context, policy: AccountPolicy, selection: Selection | None, others: list[AccountPolicy]
) -> None:
    indexes.check(policy.document)
    _require_apart(selection, others)


async def _put_transformer(
    ctx: Context, policy: AccountPolicy, selection: Selection | None, others: list[AccountPolicy]
) -> None:
    processors = _parsed(policy, list)
    transforming.check(processors)
    _require_apart(selection, others)
    found = await rules_or_none(ctx)
    ruling = Ruling(policy.document, policy.updated, prefixes=_values(selection), name=policy.name)
    rules.put(ctx, msgspec.structs.replace(found, transformers=rulings.begun(found.transformers, ruling)))


async def _put_metrics(
    ctx: Context, policy: AccountPolicy, selection: Selection | None, others: list[AccountPolicy]
) -> None:
    """Where there is such a policy, no metrics are taken from embedded ones."""
    _parsed(policy, dict)
    rules.put(ctx, await _unmeasured(ctx, [*others, policy]))


async def _unmeasured(ctx: Context, policies: list[AccountPolicy]) -> Rules:
    found = tuple(_exclusion(_selection(each)) for each in policies)
    return msgspec.structs.replace(await rules_or_none(ctx), unmeasured=found)


def _exclusion(selection: Selection | None) -> Exclusion:
    if selection is None:
        return Exclusion(inverted=True)
    names, prefixes = ((), selection.values) if selection.prefixed else (selection.values, ())
    return Exclusion(names, prefixes, selection.inverted)


async def _put_retention(
    ctx: Context, policy: AccountPolicy, selection: Selection | None, others: list[AccountPolicy]
) -> None:
    await retention_policies.announce(ctx, _retention(policy, selection))


def _retention(policy: AccountPolicy, selection: Selection | None) -> retention_policies.Retention:
    document = _parsed(policy, dict)
    return retention_policies.checked(policy.name, document, _values(selection), policy.updated)


Put = Callable[[Context, AccountPolicy, "Selection | None", list[AccountPolicy]], Awaitable[None]]
_PUT: dict[str, Put] = {
    PROTECTION: _put_protection,
    SUBSCRIPTION: _put_subscription,
    INDEX: _put_index,
    TRANSFORMER: _put_transformer,
    METRICS: _put_metrics,
    RETENTION: _put_retention,
}

# -- deleting and finding


@service.operation(action="logs:DeleteAccountPolicy")
async def delete_account_policy(ctx: Context, request: Request) -> Answer:
    name, kind = request["policyName"], request["policyType"]
    if await account_policies.get(ctx, kind, name) is None:
        raise errors.not_found("account policy")
    if request.get("dryRun"):
        if kind != RETENTION:
            raise errors.invalid_parameter("dryRun is valid for RETENTION_POLICY only.")
        return {"dryRunResult": await retention_policies.preview_without(ctx, name)}
    account_policies.delete(ctx, kind, name)
    if kind == RETENTION:
        await retention_policies.withdraw(ctx, name)
    else:
        rules.put(ctx, await _without(ctx, kind, name))
    return {}


async def _without(ctx: Context, kind: str, name: str) -> Rules:
    found, now = await rules_or_none(ctx), milliseconds(ctx)
    if kind == PROTECTION:
        return msgspec.structs.replace(found, protections=rulings.ended(found.protections, now, name))
    if kind == TRANSFORMER:
        return msgspec.structs.replace(found, transformers=rulings.ended(found.transformers, now, name))
    if kind == SUBSCRIPTION:
        return msgspec.structs.replace(found, subscription=None, not_subscribed=())
    if kind == METRICS:
        return await _unmeasured(ctx, [each for each in await account_policies.scan(ctx, kind) if each.name != name])
    return found


@service.operation
async def describe_account_policies(ctx: Context, request: Request) -> Answer:
    kind, name = request.get("policyType"), request.get("policyName")
    if kind is None:
        raise errors.invalid_parameter("policyType is required.")
    accounts = request.get("accountIdentifiers")
    rows = [each for each in await account_policies.scan(ctx, kind) if name in (None, each.name)]
    if accounts is not None and ctx.account not in accounts:
        rows = []
    token = request.get("nextToken")
    if token is not None:
        last = pages.position(token, errors.invalid_token())
        rows = [each for each in rows if each.name > last]
    found, following = pages.page(rows, limits.PAGE, lambda each: each.name)
    return {"accountPolicies": [_described(ctx, each) for each in found], "nextToken": following}


def _described(ctx: Context, policy: AccountPolicy) -> Answer:
    return {
        "policyName": policy.name,
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated,
        "policyType": policy.type,
        "scope": "ALL",
        "selectionCriteria": policy.criteria or None,
        "accountId": ctx.account,
    }


async def index_policies(ctx: Context) -> list[tuple[AccountPolicy, tuple[str, ...]]]:
    """The field index policies of the account, with the prefixes that each is for."""
    return [(each, _values(_selection(each))) for each in await account_policies.scan(ctx, INDEX)]
