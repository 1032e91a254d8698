"""Cross-origin requests, as an API's configuration answers them. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.apis.visits import Visit

Cors = dict[str, Any]
_PREFIX = "access-control-"


def is_preflight(visit: Visit) -> bool:
    return visit.method == "OPTIONS" and "origin" in visit.headers and "access-control-request-method" in visit.headers


def allowed_origin(cors: Cors, origin: str) -> str | None:
    """What to say is allowed; `https://*` stands for all that begin so."""
    for allowed in cors.get("AllowOrigins") or []:
        if allowed == "*":
            return "*"
        pattern = re.escape(allowed.lower()).replace(r"\*", ".*")
        if re.fullmatch(pattern, origin.lower()):
            return origin
    return None


def headers(cors: Cors | None, visit: Visit) -> list[tuple[str, str]]:
    """What is added to an answer."""
    origin = visit.headers.get("origin")
    allowed = None if not cors or origin is None else allowed_origin(cors, origin)
    if not cors or allowed is None:
        return []
    found = [(f"{_PREFIX}allow-origin", allowed)]
    if allowed != "*":
        found.append(("vary", "Origin"))
    if cors.get("AllowCredentials"):
        found.append((f"{_PREFIX}allow-credentials", "true"))
    if not is_preflight(visit):
        return found + _listed("expose-headers", cors.get("ExposeHeaders"))
    found += _listed("allow-methods", _methods(cors.get("AllowMethods")))
    found += _listed("allow-headers", _header_names(cors.get("AllowHeaders"), visit))
    if cors.get("MaxAge") is not None:
        found.append((f"{_PREFIX}max-age", str(cors["MaxAge"])))
    return found


def _methods(methods: list[str] | None) -> list[str] | None:
    return ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] if methods and "*" in methods else methods


def _header_names(names: list[str] | None, visit: Visit) -> list[str] | None:
    """All of those that are asked for, where all are allowed."""
    if names and "*" in names:
        return [visit.headers.get("access-control-request-headers") or "*"]
    return [name.lower() for name in names] if names else None


def _listed(name: str, values: list[str] | None) -> list[tuple[str, str]]:
    return [(f"{_PREFIX}{name}", ",".join(values))] if values else []
