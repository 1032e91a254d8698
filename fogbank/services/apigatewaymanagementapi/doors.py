"""The doors of APIs: requests to `<id>.execute-api.<region>...`, and to the paths that stand for it, go to the service of the API's kind.

Services of APIs provide `execute(ctx, visit, place, own_host)`.
"""

from __future__ import annotations

import orjson

from fogbank.apis.addresses import MANAGEMENT, MARK, PREFIX, Address, Place, addresses, place_of
from fogbank.apis.domains import mapping_for
from fogbank.apis.visits import Visit
from fogbank.http import Request, Response
from fogbank.kernel import Context
from fogbank.services.apigatewaymanagementapi.service import service

_DOMAIN = "DOMAIN"


def is_for_api(request: Request) -> bool:
    if request.path.startswith(MANAGEMENT):
        return False
    return MARK in request.headers.get("host", "") or request.path.startswith(PREFIX) or place_of(request) is not None


@service.edge(is_for_api)
async def serve(ctx: Context, request: Request) -> Response:
    place = place_of(request)
    found = None if place is None else await ctx.transact(_located, ctx, place.api)
    if place is None or found is None:
        return _nobody()
    visit = Visit(request, await request.payload.read(), ctx.request_id, ctx.now())
    own_host = True
    scope = ctx.at(account=found.account, region=found.region)
    if found.kind == _DOMAIN:
        own_host = False
        mapped = await scope.transact(_mapped, scope, visit, found, place.path)
        if mapped is None:
            return _forbidden()
        place, found = mapped
        scope = ctx.at(account=found.account, region=found.region)
    visit.api, visit.account, visit.region = place.api, found.account, found.region
    kind = scope.service = ctx.app.services["apigateway" if found.kind == "REST" else "apigatewayv2"]
    answer: Response = await kind.provided["execute"](scope, visit, place, own_host)
    return answer


async def _located(ctx: Context, name: str) -> Address | None:
    return await addresses.get(ctx, name)


async def _mapped(ctx: Context, visit: Visit, domain: Address, path: str) -> tuple[Place, Address] | None:
    """The API that a domain's path is mapped to; what is mapped without a stage has it in the path."""
    found = await mapping_for(ctx, domain.name, path)
    if found is None:
        return None
    mapping, visit.base, rest = found
    address = await addresses.get(ctx, mapping.api)
    if address is None:
        return None
    stage = mapping.stage
    if not stage:
        stage, _, rest = rest[1:].partition("/")
        rest = f"/{rest}"
    return Place(mapping.api, stage, rest), address


def _nobody() -> Response:
    """On AWS the name of an API that is not there cannot be resolved."""
    return _said(404, "Not Found")


def _forbidden() -> Response:
    return _said(403, "Forbidden")


def _said(status: int, message: str) -> Response:
    return Response(status, [("content-type", "application/json")], orjson.dumps({"message": message}))
