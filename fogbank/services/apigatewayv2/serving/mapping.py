"""Parameter mapping of HTTP APIs: what is changed about requests and answers. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

from fogbank.apis.mapping import at_path, context_value, parsed
from fogbank.apis.velocity.values import written
from fogbank.http import Response
from fogbank.services.apigatewayv2.serving.exchange import Exchange

Document = dict[str, Any]
Pairs = list[tuple[str, str]]
_REFERENCE = re.compile(r"\$\{([^}]+)\}|\$([a-zA-Z][\w.\-\[\]*]*)")


def _body(body: bytes, path: str) -> str | None:
    text = body.decode(errors="replace")
    if not path:
        return text
    found = at_path(parsed(text), f"$.{path}")
    if found is None:
        return None
    return orjson.dumps(found).decode() if isinstance(found, dict | list) else written(found)


def request_value(exchange: Exchange, name: str) -> str | None:
    """What `request.header.x`, `context.requestId`, `stageVariables.y` ... stand for."""
    visit = exchange.visit
    if name.startswith("context."):
        return context_value(exchange.context(), name.removeprefix("context."))
    if name.startswith("stageVariables."):
        return exchange.variables.get(name.removeprefix("stageVariables."))
    kind, _, rest = name.removeprefix("request.").partition(".")
    if kind == "header":
        return visit.headers.get(rest.lower())
    if kind == "querystring":
        return ",".join(value for known, value in visit.query if known == rest) or None
    if kind == "path":
        return exchange.params.get(rest) if rest else visit.path
    if kind == "method":
        return visit.method
    return _body(visit.body, rest) if kind == "body" else None


def resolved(source: str, value: Callable[[str], str | None]) -> str | None:
    """A text with its references replaced; None where the text is one reference to what is not there."""
    whole = _REFERENCE.fullmatch(source)
    if whole is not None:
        return value(whole[1] or whole[2])
    return _REFERENCE.sub(lambda found: value(found[1] or found[2]) or "", source)


def parameters(exchange: Exchange, given: dict[str, str]) -> dict[str, str]:
    """The parameters of an operation of AWS's; what is not there is left out."""
    found = {name: resolved(source, lambda name: request_value(exchange, name)) for name, source in given.items()}
    return {name: value for name, value in found.items() if value is not None}


class Changed:
    """A request, or an answer, as mappings change it. `path` is that of a request, `status` that of an answer."""

    def __init__(self, headers: Pairs, query: Pairs, path: str = "", status: int = 0) -> None:
        self.headers = headers
        self.query = query
        self.path = path
        self.status = status

    def apply(self, mapping: dict[str, str], value: Callable[[str], str | None]) -> None:
        """`append:header.x`, `overwrite:querystring.y`, `remove:header.z`, `overwrite:path`, `overwrite:statuscode`."""
        for target, source in mapping.items():
            how, _, place = target.partition(":")
            kind, _, name = place.partition(".")
            found = resolved(source, value) if how != "remove" else ""
            if found is None:
                continue
            if kind == "path":
                self.path = found if found.startswith("/") else f"/{found}"
            elif kind == "statuscode":
                self.status = int(found) if found.isdecimal() else self.status
            elif kind == "header":
                self.headers = _put(self.headers, how, name.lower(), found, lambda each: each.lower())
            elif kind == "querystring":
                self.query = _put(self.query, how, name, found, lambda each: each)


def _put(pairs: Pairs, how: str, name: str, value: str, same: Callable[[str], str]) -> Pairs:
    kept = pairs if how == "append" else [pair for pair in pairs if same(pair[0]) != same(name)]
    return kept if how == "remove" else [*kept, (name, value)]


def answer(exchange: Exchange, integration: Document, response: Response) -> Response:
    """The answer as the mappings of its status change it."""
    mapping = (integration.get("ResponseParameters") or {}).get(str(response.status))
    if not mapping:
        return response
    body = response.body if isinstance(response.body, bytes) else b""
    own = {name.lower(): value for name, value in response.headers}

    def value(name: str) -> str | None:
        if not name.startswith("response."):
            return request_value(exchange, name)
        kind, _, rest = name.removeprefix("response.").partition(".")
        return own.get(rest.lower()) if kind == "header" else _body(body, rest)

    changed = Changed(list(response.headers), [], status=response.status)
    changed.apply(mapping, value)
    return Response(changed.status, changed.headers, body)
