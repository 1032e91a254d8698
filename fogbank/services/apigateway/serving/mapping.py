"""Requests to what is behind a method, and answers from there, as mappings and templates make them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from fogbank.apis import expressions
from fogbank.apis.backends import Asked, Reply
from fogbank.apis.mapping import at_path, context_value, parsed, rendered, with_variables
from fogbank.apis.velocity import TemplateError
from fogbank.apis.velocity.values import written
from fogbank.apis.visits import matches_type
from fogbank.http import Response
from fogbank.services.apigateway.gateway_responses import Refused, misconfigured
from fogbank.services.apigateway.serving.exchange import Exchange
from fogbank.services.apigateway.serving.proxying import remapped

Document = dict[str, Any]
_JSON = "application/json"
_NOT_PASSED_ON = frozenset({"host", "content-length", "x-api-key"})


def _insensitive(pairs: Mapping[str, str], name: str) -> str | None:
    wanted = name.lower()
    return next((value for known, value in pairs.items() if known.lower() == wanted), None)


# -- the request


def source_value(exchange: Exchange, source: str) -> str | None:
    """What a mapping's right side stands for: `method.request.querystring.id`, `'fixed'`, `context.requestId` ..."""
    if source.startswith("'") and source.endswith("'"):
        return source[1:-1]
    if source.startswith("context."):
        return context_value(exchange.context(), source.removeprefix("context."))
    if source.startswith("stageVariables."):
        return exchange.variables.get(source.removeprefix("stageVariables."))
    kind, _, name = source.removeprefix("method.request.").partition(".")
    visit = exchange.visit
    if kind == "path":
        return exchange.matched.params.get(name)
    if kind == "querystring":
        return dict(visit.query).get(name)
    if kind == "multivaluequerystring":
        return ",".join(value for known, value in visit.query if known == name) or None
    if kind == "header":
        return visit.headers.get(name.lower())
    if kind == "multivalueheader":
        return ",".join(value for known, value in visit.pairs if known.lower() == name.lower()) or None
    return _body_value(exchange.body_text, name) if kind == "body" else None


def _body_value(body: str, path: str) -> str | None:
    if not path:
        return body
    found = at_path(parsed(body), path if path.startswith("$") else f"$.{path}")
    if found is None:
        return None
    return orjson.dumps(found).decode() if isinstance(found, dict | list) else written(found)


def template_for(templates: Mapping[str, str], content_type: str) -> str | None:
    return templates.get(content_type) if content_type in templates else templates.get("$default")


def request_body(exchange: Exchange, integration: Document) -> tuple[bytes, Document]:
    """The body as the integration gets it, and what its template overrides. Raises Refused (415, 400)."""
    templates = integration.get("requestTemplates") or {}
    template = template_for(templates, exchange.visit.content_type)
    if template is None:
        behaviour = integration["passthroughBehavior"]
        if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
            raise Refused("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type")
        return _converted(exchange, integration), {}
    try:
        made = rendered(template, exchange.given(exchange.body_text))
    except TemplateError as error:
        raise misconfigured(
            f"Execution failed due to configuration error: Unable to transform request: {error}"
        ) from error
    exchange.note(f"Endpoint request body after transformations: {made.text}")
    return made.text.encode(), made.overrides["requestOverride"]


def _converted(exchange: Exchange, integration: Document) -> bytes:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html"""
    how, body = integration.get("contentHandling"), exchange.visit.body
    if how == "CONVERT_TO_TEXT" and exchange.is_binary:
        return b64encode(body)
    if how == "CONVERT_TO_BINARY" and not exchange.is_binary:
        try:
            return b64decode(body)
        except ValueError:
            raise Refused("BAD_REQUEST_BODY", "Unable to base64 decode the body.", why="base64") from None
    return body


def asked(exchange: Exchange, integration: Document) -> tuple[str, Asked]:
    """The URI with its variables, and the request. Proxies pass on what came."""
    body, overrides = request_body(exchange, integration)
    is_proxy = integration["type"] == "HTTP_PROXY"
    headers = (
        {name: value for name, value in exchange.visit.pairs if name.lower() not in _NOT_PASSED_ON} if is_proxy else {}
    )
    query = list(exchange.visit.query) if is_proxy else []
    path: dict[str, str] = {}
    for target, source in (integration.get("requestParameters") or {}).items():
        found = source_value(exchange, source)
        if found is None:
            continue
        kind, _, name = target.removeprefix("integration.request.").partition(".")
        if kind == "path":
            path[name] = found
        elif kind == "header":
            headers = {known: value for known, value in headers.items() if known.lower() != name.lower()} | {
                name: found
            }
        elif kind == "querystring":
            query = [pair for pair in query if pair[0] != name] + [(name, found)]
    path |= _texts(overrides.get("path"))
    headers |= _texts(overrides.get("header"))
    query = [pair for pair in query if pair[0] not in (overrides.get("querystring") or {})]
    query += _texts(overrides.get("querystring")).items()
    if not is_proxy and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = exchange.visit.content_type
    verb = integration.get("httpMethod") or exchange.visit.method
    verb = exchange.visit.method if verb == "ANY" else verb
    uri = with_variables(integration.get("uri") or "", exchange.variables)
    for name, value in path.items():
        uri = uri.replace(f"{{{name}}}", quote(value, safe="/:@")).replace(f"{{{name}+}}", quote(value, safe="/:@"))
    return uri, Asked(verb, headers, query, b"" if verb in ("GET", "HEAD") and is_proxy and not body else body)


def _texts(values: Any) -> dict[str, str]:
    return {name: written(value) for name, value in (values or {}).items()}


# -- the answer


def chosen(method: Document, subject: str | None) -> Document:
    """The integration response whose pattern fits the status (or error message); else the one without. Raises Refused (500)."""
    responses: list[Document] = list((method["methodIntegration"].get("integrationResponses") or {}).values())
    for response in responses:
        pattern = response.get("selectionPattern")
        if pattern and subject is not None and _fits(pattern, subject):
            return response
    for response in responses:
        if not response.get("selectionPattern"):
            return response
    raise misconfigured(
        "Execution failed due to configuration error: No match for output mapping and no default endpoint response configured. "
        f"Endpoint Response Status Code: {subject}"
    )


def _fits(pattern: str, subject: str) -> bool:
    """As Java has it: a dot is no line break. https://docs.aws.amazon.com/apigateway/latest/api/API_IntegrationResponse.html"""
    try:
        return bool(expressions.whole(pattern)(subject))
    except ValueError:
        return pattern == subject


def answer(exchange: Exchange, response: Document, reply: Reply) -> Response:
    """The answer to the caller. Raises Refused (500) where a template cannot be rendered."""
    body, kind, overrides = _answer_body(exchange, response, reply)
    headers = {"Content-Type": kind}
    for target, source in (response.get("responseParameters") or {}).items():
        value = _reply_value(exchange, source, reply)
        if value is not None:
            _put(headers, target.removeprefix("method.response.header."), value)
    for name, value in _texts(overrides.get("header")).items():
        _put(headers, name, value)
    status = overrides.get("status")
    try:
        code = int(status) if status is not None else int(response["statusCode"])
    except ValueError:
        code = int(response["statusCode"])
    return Response(code, [remapped(name, value) for name, value in headers.items()], body)


def _put(headers: dict[str, str], name: str, value: str) -> None:
    for known in [known for known in headers if known.lower() == name.lower()]:
        del headers[known]
    headers[name] = value


def _answer_body(exchange: Exchange, response: Document, reply: Reply) -> tuple[bytes, str, Document]:
    templates = response.get("responseTemplates") or {}
    accepted = exchange.visit.headers.get("accept", "").partition(",")[0].partition(";")[0].strip()
    kind = accepted if accepted in templates else _JSON if _JSON in templates else next(iter(templates), "")
    if not templates or templates[kind] is None:
        return _converted_reply(response, reply), kind or _kind_of(exchange, response, reply), {}
    try:
        made = rendered(templates[kind], exchange.given(reply.body.decode(errors="replace")))
    except TemplateError as error:
        raise misconfigured(
            f"Execution failed due to configuration error: Unable to transform response: {error}"
        ) from error
    exchange.note(f"Method response body after transformations: {made.text}")
    return made.text.encode(), kind, made.overrides["responseOverride"]


def _kind_of(exchange: Exchange, response: Document, reply: Reply) -> str:
    """The type of a body that is passed through: JSON unless the method says which models it answers with."""
    declared = (exchange.method.get("methodResponses") or {}).get(response["statusCode"]) or {}
    models = declared.get("responseModels") or {}
    kind = reply.headers.get("content-type", "").partition(";")[0]
    if matches_type(kind, exchange.binary_types):
        return kind
    return _JSON if _JSON in models or not models else next(iter(models))


def _converted_reply(response: Document, reply: Reply) -> bytes:
    how = response.get("contentHandling")
    if how == "CONVERT_TO_TEXT":
        return b64encode(reply.body)
    if how == "CONVERT_TO_BINARY":
        try:
            return b64decode(reply.body)
        except ValueError:
            raise misconfigured("Execution failed: Unable to base64 decode the body.") from None
    return reply.body


def _reply_value(exchange: Exchange, source: str, reply: Reply) -> str | None:
    if not source.startswith("integration.response."):
        return source_value(exchange, source)
    kind, _, name = source.removeprefix("integration.response.").partition(".")
    if kind in ("header", "multivalueheader"):
        return _insensitive(reply.headers, name)
    return _body_value(reply.body.decode(errors="replace"), name)
