"""Custom domain names, and which APIs they lead to: the same for REST APIs and for HTTP and WebSocket APIs.

    domains   name       -> Domain
    mappings  name, key  -> Mapping; the key is the base path, empty for what no other takes

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Collection, Context, Record


class Domain(Record, frozen=True):
    """`document` has the members of REST's DomainName; `settings` what only HTTP and WebSocket APIs have."""

    document: dict[str, Any]
    settings: dict[str, Any] = {}


class Mapping(Record, frozen=True):
    """`id` is what HTTP and WebSocket APIs call it by."""

    id: str
    key: str
    api: str
    stage: str


domains: Collection[Domain] = Collection("apigateway", "domains", Domain)
mappings: Collection[Mapping] = Collection("apigateway", "mappings", Mapping)


async def is_mapped(ctx: Context, api_id: str) -> bool:
    return any(each.api == api_id for each in await mappings.scan(ctx))


async def mapping_for(ctx: Context, domain: str, path: str) -> tuple[Mapping, str, str] | None:
    """The mapping with the longest base path that a path begins with: (mapping, base path, rest of the path)."""
    found = sorted(await mappings.scan(ctx, domain), key=lambda each: -len(each.key))
    for each in found:
        base = f"/{each.key}" if each.key else ""
        if path == base or path.startswith(base + "/"):
            return each, base, path[len(base) :] or "/"
    return None
