"""OAuth 2.0 client credentials (RFC 6749, section 4.4): an access token for a connection."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson

from fogbank.kernel import Context, outbound
from fogbank.services.events import http_parts, limits
from fogbank.services.events.failures import Failure


async def token(ctx: Context, parameters: dict[str, Any]) -> str:
    """Ask the authorization endpoint for an access token. Raises Failure."""
    client = parameters["ClientParameters"]
    extra = parameters.get("OAuthHttpParameters") or {}
    form = {
        "grant_type": "client_credentials",
        "client_id": client["ClientID"],
        "client_secret": client["ClientSecret"],
        **http_parts.pairs(extra, "BodyParameters"),
    }
    url = http_parts.with_query(parameters["AuthorizationEndpoint"], http_parts.pairs(extra, "QueryStringParameters"))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Accept": "application/json",
        "User-Agent": http_parts.USER_AGENT,
        **http_parts.pairs(extra, "HeaderParameters"),
    }
    method = parameters["HttpMethod"]
    if method == "GET":
        url, body = http_parts.with_query(url, form), b""
    else:
        body = urlencode(form).encode()
    try:
        answer = await outbound.send(ctx, method, url, headers, body, limits.HTTP_SECONDS)
    except outbound.Unreachable as error:
        raise Failure("CONNECTION_FAILURE", f"The authorization endpoint cannot be reached: {error}", True) from None
    return _access_token(answer.status, answer.body)


def _access_token(status: int, body: bytes) -> str:
    if status != 200:
        raise Failure("CONNECTION_FAILURE", f"The authorization endpoint answered with status {status}.", True)
    try:
        return str(orjson.loads(body)["access_token"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Failure(
            "CONNECTION_FAILURE", "The answer of the authorization endpoint has no access token.", True
        ) from None
