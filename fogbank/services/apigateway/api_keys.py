"""API keys. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-restapi.html

keys        id     -> Part
key-values  value  -> id
"""

from __future__ import annotations

import csv
import io

from fogbank.apis.naming import Answer, Request, key_value, short_id
from fogbank.http import Payload
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.parts import Part, apis, given, paged, stages
from fogbank.services.apigateway.patches import Document, Rule, boolean, patched, value
from fogbank.services.apigateway.service import operation, service

keys = service.collection("keys", Part)
key_values = service.collection("key-values", str)

_SHORTEST, _LONGEST = 20, 128


def _stage_keys(document: Document, segments: list[str], op: str, given_value: str | None) -> None:
    """The stages of keys from before there were usage plans: `<api>/<stage>`."""
    known = [each for each in document["stageKeys"] if each != given_value]
    document["stageKeys"] = known if op == "remove" else [*known, given_value]


_RULES = (
    value("/name"),
    value("/description", ops="replace remove"),
    value("/enabled", boolean),
    value("/customerId", ops="replace remove"),
    Rule("/stages", "add remove", _stage_keys),
)


def put(ctx: Context, key: Document) -> Document:
    keys.put(ctx, Part(key), key["id"])
    key_values.put(ctx, key["id"], key["value"])
    return key


async def key_of(ctx: Context, identifier: str) -> Document:
    found = await keys.get(ctx, identifier)
    if found is None:
        raise errors.not_found("Invalid API Key identifier specified")
    return found.document


async def make(ctx: Context, request: Request) -> Document:
    """Raises BadRequestException, ConflictException."""
    secret = request.get("value") or key_value(ctx)
    if not _SHORTEST <= len(secret) <= _LONGEST:
        raise errors.bad_request(f"API Key value should be at least {_SHORTEST} characters")
    if await key_values.get(ctx, secret) is not None:
        raise errors.conflict("API Key already exists")
    now = int(ctx.now())
    return put(
        ctx,
        {
            "id": short_id(ctx, 10),
            "value": secret,
            **given(request, "name", "description", "customerId"),
            "enabled": bool(request.get("enabled")),
            "createdDate": now,
            "lastUpdatedDate": now,
            "stageKeys": [
                f"{each.get('restApiId')}/{each.get('stageName')}" for each in request.get("stageKeys") or ()
            ],
            "tags": request.get("tags") or {},
        },
    )


@operation
async def create_api_key(ctx: Context, request: Request) -> Answer:
    for each in request.get("stageKeys") or ():
        if await apis.get(ctx, each.get("restApiId") or "") is None:
            raise errors.no_api(ctx.account, each.get("restApiId") or "")
        if await stages.get(ctx, each["restApiId"], each.get("stageName") or "") is None:
            raise errors.not_found("Invalid stage identifier specified")
    return await make(ctx, request)


def _shown(key: Document, with_value: bool | None) -> Answer:
    return key if with_value else {name: each for name, each in key.items() if name != "value"}


@operation
async def get_api_key(ctx: Context, request: Request) -> Answer:
    return _shown(await key_of(ctx, request["apiKey"]), request.get("includeValue"))


@operation
async def get_api_keys(ctx: Context, request: Request) -> Answer:
    """`nameQuery` is how names begin."""
    found = [part.document for part in await keys.scan(ctx)]
    if request.get("nameQuery"):
        found = [key for key in found if key.get("name", "").startswith(request["nameQuery"])]
    if request.get("customerId"):
        found = [key for key in found if key.get("customerId") == request["customerId"]]
    page = paged(found, request)
    return {**page, "items": [_shown(key, request.get("includeValues")) for key in page["items"]]}


@operation
async def update_api_key(ctx: Context, request: Request) -> Answer:
    key = patched(await key_of(ctx, request["apiKey"]), request.get("patchOperations"), _RULES)
    return _shown(put(ctx, {**key, "lastUpdatedDate": int(ctx.now())}), True)


@operation
async def delete_api_key(ctx: Context, request: Request) -> None:
    from fogbank.services.apigateway.usage_plans import forget_key

    key = await key_of(ctx, request["apiKey"])
    keys.delete(ctx, key["id"])
    key_values.delete(ctx, key["value"])
    await forget_key(ctx, key["id"])


@operation(transaction=False)
async def import_api_keys(ctx: Context, request: Request) -> Answer:
    """A table with a head: name, key, description, enabled, usageplanIds. What it cannot take, it warns of."""
    body = request["body"]
    data = await body.read() if isinstance(body, Payload) else body
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig", "replace"))))
    return await ctx.transact(_import, ctx, rows, bool(request.get("failOnWarnings")))


async def _import(ctx: Context, rows: list[dict[str, str]], strict: bool) -> Answer:
    from fogbank.kernel import AWSError
    from fogbank.services.apigateway.usage_plans import join, plan_of

    made, warnings = [], []
    for number, row in enumerate(rows, 1):
        fields = {
            (name or "").strip().lower(): (each or "").strip() for name, each in row.items() if isinstance(each, str)
        }
        asked: Request = {
            "name": fields.get("name"),
            "value": fields.get("key"),
            "description": fields.get("description"),
        }
        asked["enabled"] = fields.get("enabled", "true").lower() == "true"
        try:
            key = await make(ctx, asked)
            for plan in (fields.get("usageplanids") or "").replace(";", ",").split(","):
                if plan.strip():
                    await join(ctx, await plan_of(ctx, plan.strip()), key)
        except AWSError as error:
            if strict:
                raise errors.bad_request(f"Failed to import row {number}: {error.message}") from error
            warnings.append(f"Failed to import row {number}: {error.message}")
            continue
        made.append(key["id"])
    return {"ids": made, "warnings": warnings}
