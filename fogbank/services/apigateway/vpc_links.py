"""VPC links, of which there are none: there is no network here that one could lead into, so CreateVpcLink is not implemented."""

from __future__ import annotations

from fogbank.apis.naming import Answer, Request
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.service import operation


@operation
async def get_vpc_links(ctx: Context, request: Request) -> Answer:
    return {"items": []}


@operation
async def get_vpc_link(ctx: Context, request: Request) -> Answer:
    raise errors.not_found("Invalid Vpc Link identifier specified")


@operation
async def update_vpc_link(ctx: Context, request: Request) -> Answer:
    raise errors.not_found("Invalid Vpc Link identifier specified")


@operation
async def delete_vpc_link(ctx: Context, request: Request) -> None:
    raise errors.not_found("Invalid Vpc Link identifier specified")
