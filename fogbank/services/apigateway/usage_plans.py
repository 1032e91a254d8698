"""Usage plans: who may use which stages, how often and how much.

    plans      id           -> Part
    plan-keys  plan, key    -> Part: the key as the plan shows it
    key-plans  key, plan    -> b""
    usage      plan, key    -> Allowance: of the period that is
    days       plan, key, day  -> (used, remaining), for GetUsage

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from fogbank.apis.naming import Answer, Request, short_id
from fogbank.kernel import Context, Record
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.api_keys import key_of
from fogbank.services.apigateway.parts import Part, apis, given, paged, stages
from fogbank.services.apigateway.patches import Document, Rule, number, one_of, patched, value, whole
from fogbank.services.apigateway.service import operation, service

PERIODS = ("DAY", "WEEK", "MONTH")
# the path of a method as Terraform writes it, its slashes not escaped: /apiStages/x:prod/throttle//items/GET/rateLimit
_RAW = re.compile(r"(/apiStages/[^/]+/throttle/)(/.*?)(/[A-Z]+(?:/rateLimit|/burstLimit)?)")


class Allowance(Record, frozen=True):
    """What is left of a quota in the period that began then (ISO date)."""

    period: str
    remaining: int


plans = service.collection("plans", Part)
plan_keys = service.collection("plan-keys", Part)
key_plans = service.collection("key-plans", bytes)
usage = service.collection("usage", Allowance)
days = service.collection("days", list[int])


# -- plans


def _stages(document: Document, segments: list[str], op: str, given_value: str | None) -> None:
    api_id, _, stage = (given_value or "").partition(":")
    known = [each for each in document["apiStages"] if (each["apiId"], each["stage"]) != (api_id, stage)]
    if op == "remove" and len(known) == len(document["apiStages"]):
        raise errors.not_found("Invalid Stage specified")
    document["apiStages"] = known if op == "remove" else [*known, {"apiId": api_id, "stage": stage}]


def _stage_rate(document: Document, segments: list[str], op: str, given_value: str | None) -> None:
    """`/apiStages/<api>:<stage>/throttle/<path>/<verb>/rateLimit`; removed without the last part."""
    api_id, _, stage = segments[1].partition(":")
    found = next((each for each in document["apiStages"] if (each["apiId"], each["stage"]) == (api_id, stage)), None)
    if found is None:
        raise errors.not_found("Invalid Stage specified")
    throttle = found.setdefault("throttle", {})
    if len(segments) == 3:
        found.pop("throttle")
        return
    key = f"{segments[3]}/{segments[4]}"
    if op == "remove":
        throttle.pop(key, None)
    else:
        settings = throttle.setdefault(key, {"burstLimit": 0, "rateLimit": 0.0})
        settings[segments[5]] = (whole if segments[5] == "burstLimit" else number)(given_value or "")


def _forget(name: str) -> Any:
    def change(document: Document, segments: list[str], op: str, given_value: str | None) -> None:
        document.pop(name, None)

    return change


_RULES = (
    value("/name"),
    value("/description", ops="replace remove"),
    value("/productCode", ops="add replace remove"),
    value("/throttle/rateLimit", number, "add replace remove"),
    value("/throttle/burstLimit", whole, "add replace remove"),
    value("/quota/limit", whole, "add replace"),
    value("/quota/offset", whole, "add replace"),
    value("/quota/period", one_of(*PERIODS), "add replace"),
    Rule("/throttle", "remove", _forget("throttle")),
    Rule("/quota", "remove", _forget("quota")),
    Rule("/apiStages", "add remove", _stages),
    Rule("/apiStages/{}/throttle/{}/{}/rateLimit", "add replace", _stage_rate),
    Rule("/apiStages/{}/throttle/{}/{}/burstLimit", "add replace", _stage_rate),
    Rule("/apiStages/{}/throttle/{}/{}", "remove", _stage_rate),
    Rule("/apiStages/{}/throttle", "remove", _stage_rate),
)


async def plan_of(ctx: Context, identifier: str) -> Document:
    found = await plans.get(ctx, identifier)
    if found is None:
        raise errors.not_found("Invalid Usage Plan ID specified")
    return found.document


async def _check(ctx: Context, plan: Document) -> Document:
    """Raises BadRequestException, NotFoundException."""
    for each in plan["apiStages"]:
        if await apis.get(ctx, each.get("apiId") or "") is None:
            raise errors.not_found(f"Invalid API identifier specified {ctx.account}:{each.get('apiId')}")
        if await stages.get(ctx, each["apiId"], each.get("stage") or "") is None:
            raise errors.bad_request("API Stage not found: " + f"{each['apiId']}:{each.get('stage')}")
    quota, throttle = plan.get("quota"), plan.get("throttle")
    if quota is not None:
        if not quota.get("limit") or not quota.get("period"):
            raise errors.bad_request("Usage Plan quota must have a limit and a period")
        quota.setdefault("offset", 0)
        most = {"DAY": 0, "WEEK": 6, "MONTH": 27}[quota["period"]]
        if not 0 <= quota["offset"] <= most:
            allowed = f"between zero and {most} inclusive" if most else f"zero in the {quota['period']} period"
            raise errors.bad_request(f"Usage Plan quota offset must be {allowed}")
    if throttle is not None:
        throttle.setdefault("burstLimit", 0)
        throttle.setdefault("rateLimit", 0.0)
        if throttle["burstLimit"] < 0 or throttle["rateLimit"] < 0:
            raise errors.bad_request("Usage Plan throttle limits must not be negative")
    return plan


@operation
async def create_usage_plan(ctx: Context, request: Request) -> Answer:
    made = {
        "id": short_id(ctx),
        **given(request, "name", "description", "throttle", "quota"),
        "apiStages": request.get("apiStages") or [],
        "tags": request.get("tags") or {},
    }
    plans.put(ctx, Part(await _check(ctx, made)), made["id"])
    return made


@operation
async def get_usage_plan(ctx: Context, request: Request) -> Answer:
    return await plan_of(ctx, request["usagePlanId"])


@operation
async def get_usage_plans(ctx: Context, request: Request) -> Answer:
    found = [part.document for part in await plans.scan(ctx)]
    if request.get("keyId"):
        joined = {plan for (plan,), _ in await key_plans.items(ctx, (str,), request["keyId"])}
        found = [plan for plan in found if plan["id"] in joined]
    return paged(found, request)


def _escaped(step: Request) -> Request:
    raw = _RAW.fullmatch(step["path"])
    return step if raw is None else {**step, "path": raw[1] + raw[2].replace("/", "~1") + raw[3]}


@operation
async def update_usage_plan(ctx: Context, request: Request) -> Answer:
    before = await plan_of(ctx, request["usagePlanId"])
    patch = [_escaped(each) for each in request.get("patchOperations") or ()]
    plan = await _check(ctx, patched(before, patch, _RULES))
    plans.put(ctx, Part(plan), plan["id"])
    if plan.get("quota") != before.get("quota"):
        for (key,), _ in await usage.items(ctx, (str,), plan["id"]):
            usage.delete(ctx, plan["id"], key)
    return plan


@operation
async def delete_usage_plan(ctx: Context, request: Request) -> None:
    plan = await plan_of(ctx, request["usagePlanId"])
    if plan["apiStages"]:
        raise errors.bad_request(
            f"Cannot delete usage plan {plan['id']}, because it still has API stages associated with it"
        )
    for (key,), _ in await plan_keys.items(ctx, (str,), plan["id"]):
        leave(ctx, plan["id"], str(key))
    plans.delete(ctx, plan["id"])


# -- their keys


async def join(ctx: Context, plan: Document, key: Document) -> Document:
    """Raises ConflictException: a key has one plan for each stage."""
    if await plan_keys.get(ctx, plan["id"], key["id"]) is not None:
        raise errors.conflict("UsagePlan Key already exists")
    for (other,), _ in await key_plans.items(ctx, (str,), key["id"]):
        shared = _places(await plan_of(ctx, str(other))) & _places(plan)
        if shared:
            raise errors.conflict("A usage plan key can only be associated with one usage plan per API stage")
    made = {"id": key["id"], "type": "API_KEY", "value": key["value"], "name": key.get("name")}
    plan_keys.put(ctx, Part(made), plan["id"], key["id"])
    key_plans.put(ctx, b"", key["id"], plan["id"])
    return made


def _places(plan: Document) -> set[tuple[str, str]]:
    return {(each["apiId"], each["stage"]) for each in plan["apiStages"]}


def leave(ctx: Context, plan_id: str, key_id: str) -> None:
    plan_keys.delete(ctx, plan_id, key_id)
    key_plans.delete(ctx, key_id, plan_id)
    usage.delete(ctx, plan_id, key_id)


async def forget_key(ctx: Context, key_id: str) -> None:
    for (plan,), _ in await key_plans.items(ctx, (str,), key_id):
        leave(ctx, str(plan), key_id)


@operation
async def create_usage_plan_key(ctx: Context, request: Request) -> Answer:
    plan = await plan_of(ctx, request["usagePlanId"])
    if request["keyType"] != "API_KEY":
        raise errors.bad_request("Usage plan key type must be API_KEY")
    return await join(ctx, plan, await key_of(ctx, request["keyId"]))


@operation
async def get_usage_plan_key(ctx: Context, request: Request) -> Answer:
    await plan_of(ctx, request["usagePlanId"])
    found = await plan_keys.get(ctx, request["usagePlanId"], request["keyId"])
    if found is None:
        raise errors.not_found("Invalid Usage Plan Key identifier specified")
    return found.document


@operation
async def get_usage_plan_keys(ctx: Context, request: Request) -> Answer:
    await plan_of(ctx, request["usagePlanId"])
    found = [part.document for part in await plan_keys.scan(ctx, request["usagePlanId"])]
    if request.get("nameQuery"):
        found = [key for key in found if (key.get("name") or "").startswith(request["nameQuery"])]
    return paged(found, request)


@operation
async def delete_usage_plan_key(ctx: Context, request: Request) -> None:
    await get_usage_plan_key(ctx, request)
    leave(ctx, request["usagePlanId"], request["keyId"])


# -- usage


def period_of(quota: Document, now: float) -> str:
    """The first day (ISO date, UTC) of the period that a moment is in. `offset` is how many days later than usual one begins."""
    today = datetime.fromtimestamp(now, UTC).date()
    offset = quota.get("offset") or 0
    if quota["period"] == "DAY":
        return today.isoformat()
    shifted = today - timedelta(days=offset)
    begun = (
        shifted - timedelta(days=(shifted.weekday() + 1) % 7) if quota["period"] == "WEEK" else shifted.replace(day=1)
    )
    return (begun + timedelta(days=offset)).isoformat()


async def remaining(ctx: Context, plan: Document, key_id: str) -> int:
    """What the key has left of the quota."""
    quota = plan["quota"]
    period = period_of(quota, ctx.now())
    found = await usage.get(ctx, plan["id"], key_id)
    return found.remaining if found is not None and found.period == period else int(quota["limit"])


async def spend(ctx: Context, plan: Document, key_id: str) -> bool:
    """Count a request. False when the quota is used up."""
    today = datetime.fromtimestamp(ctx.now(), UTC).date().isoformat()
    left = 0
    if plan.get("quota"):
        left = await remaining(ctx, plan, key_id)
        if left <= 0:
            return False
        left -= 1
        usage.put(ctx, Allowance(period_of(plan["quota"], ctx.now()), left), plan["id"], key_id)
    used = (await days.get(ctx, plan["id"], key_id, today) or [0, 0])[0]
    days.put(ctx, [used + 1, left], plan["id"], key_id, today)
    return True


@operation
async def get_usage(ctx: Context, request: Request) -> Answer:
    """For each key and day, how much was used, and how much was left then."""
    plan = await plan_of(ctx, request["usagePlanId"])
    listed = _days(request["startDate"], request["endDate"])
    wanted = [part.document["id"] for part in await plan_keys.scan(ctx, plan["id"])]
    items: dict[str, Any] = {}
    for key in wanted:
        if request.get("keyId") not in (None, key):
            continue
        found = {day: counted for (day,), counted in await days.items(ctx, (str,), plan["id"], key, since=(listed[0],))}
        left = plan["quota"]["limit"] if plan.get("quota") else 0
        items[key] = []
        for day in listed:
            used, left = found.get(day, [0, left])
            items[key].append([used, left])
    return {"usagePlanId": plan["id"], "startDate": request["startDate"], "endDate": request["endDate"], "items": items}


def _days(start: str, end: str) -> list[str]:
    """All days from one to the other. Raises BadRequestException."""
    try:
        first, last = datetime.strptime(start, "%Y-%m-%d").date(), datetime.strptime(end, "%Y-%m-%d").date()
    except ValueError:
        raise errors.bad_request("Usage date must be in the format YYYY-MM-DD") from None
    if not 0 <= (last - first).days <= 90:
        raise errors.bad_request("Usage date range must be between 1 and 90 days")
    return [(first + timedelta(days=each)).isoformat() for each in range((last - first).days + 1)]


@operation
async def update_usage(ctx: Context, request: Request) -> Answer:
    """Grant more, or less, for the period that is."""
    plan = await plan_of(ctx, request["usagePlanId"])
    await get_usage_plan_key(ctx, request)
    if not plan.get("quota"):
        raise errors.bad_request("Usage Plan has no quota")
    changed = patched({}, request.get("patchOperations"), (value("/remaining", whole),))
    today = datetime.fromtimestamp(ctx.now(), UTC).date().isoformat()
    left = changed.get("remaining", await remaining(ctx, plan, request["keyId"]))
    usage.put(ctx, Allowance(period_of(plan["quota"], ctx.now()), left), plan["id"], request["keyId"])
    used = (await days.get(ctx, plan["id"], request["keyId"], today) or [0, 0])[0]
    days.put(ctx, [used, left], plan["id"], request["keyId"], today)
    items = {request["keyId"]: [[used, left]]}
    return {"usagePlanId": plan["id"], "startDate": today, "endDate": today, "items": items}
