"""Tags of APIs, stages and domain names; and VPC links, of which there are none: there is no network here that one could lead into."""

from __future__ import annotations

from typing import Any

from fogbank.apis.domains import Domain, domains
from fogbank.apis.naming import Answer, Request
from fogbank.kernel import Context
from fogbank.services.apigatewayv2 import errors
from fogbank.services.apigatewayv2.parts import Document, Part, apis, stages
from fogbank.services.apigatewayv2.service import operation

_MOST = 50


async def _tagged(ctx: Context, arn: str) -> tuple[Document, str, Any]:
    """The document that has the tags, under which name, and how to put a changed one."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "apigateway":
        raise errors.bad_request("Invalid ARN specified in the request")
    path = parts[5].strip("/").split("/")
    if path[0] == "apis" and len(path) == 2:
        found = await apis.get(ctx, path[1])
        if found is not None:
            return found.document, "Tags", lambda document: apis.put(ctx, Part(document), path[1])
    if path[0] == "apis" and len(path) == 4 and path[2] == "stages":
        found = await stages.get(ctx, path[1], path[3])
        if found is not None:
            return found.document, "Tags", lambda document: stages.put(ctx, Part(document), path[1], path[3])
    if path[0] == "domainnames" and len(path) == 2:
        domain = await domains.get(ctx, path[1])
        if domain is not None:
            settings = domain.settings
            return domain.document, "tags", lambda document: domains.put(ctx, Domain(document, settings), path[1])
    raise errors.not_found(f"Invalid resource identifier specified: {arn}")


@operation
async def get_tags(ctx: Context, request: Request) -> Answer:
    document, name, _ = await _tagged(ctx, request["ResourceArn"])
    return {"Tags": document.get(name) or {}}


@operation
async def tag_resource(ctx: Context, request: Request) -> Answer:
    document, name, put = await _tagged(ctx, request["ResourceArn"])
    tags = {**(document.get(name) or {}), **(request.get("Tags") or {})}
    if len(tags) > _MOST:
        raise errors.bad_request(f"A resource may have at most {_MOST} tags")
    put({**document, name: tags})
    return {}


@operation
async def untag_resource(ctx: Context, request: Request) -> None:
    document, name, put = await _tagged(ctx, request["ResourceArn"])
    put(
        {
            **document,
            name: {key: value for key, value in (document.get(name) or {}).items() if key not in request["TagKeys"]},
        }
    )


# -- VPC links: CreateVpcLink is not implemented


@operation
async def get_vpc_links(ctx: Context, request: Request) -> Answer:
    return {"Items": []}


@operation
async def get_vpc_link(ctx: Context, request: Request) -> Answer:
    raise errors.missing("VPC Link")


@operation
async def update_vpc_link(ctx: Context, request: Request) -> Answer:
    raise errors.missing("VPC Link")


@operation
async def delete_vpc_link(ctx: Context, request: Request) -> Answer:
    raise errors.missing("VPC Link")
