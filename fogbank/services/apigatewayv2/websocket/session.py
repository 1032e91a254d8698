"""One connection, and what happens by its routes: `$connect`, messages, `$disconnect`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html
"""

from __future__ import annotations

import re
import time
from base64 import b64encode
from typing import Any, NamedTuple

import orjson

from fogbank.apis import functions
from fogbank.apis.backends import Asked, ask_http, ask_service, service_of
from fogbank.apis.mapping import Given, at_path, parsed, rendered, with_variables
from fogbank.apis.naming import execution_arn
from fogbank.apis.velocity import TemplateError
from fogbank.apis.velocity.values import written
from fogbank.apis.visits import Visit, multiple, single
from fogbank.kernel import AWSError, Context
from fogbank.kernel.outbound import Unreachable
from fogbank.services.apigatewayv2.parts import Snapshot, snapshots, stages

Document = dict[str, Any]
CONNECT, DISCONNECT, DEFAULT = "$connect", "$disconnect", "$default"
_KINDS = {CONNECT: "CONNECT", DISCONNECT: "DISCONNECT"}
_SELECTION = re.compile(r"\$\{?request\.body\.([\w.\-\[\]]+)\}?")


class Failed(Exception):
    """What is behind the route has not answered; the text says why."""


class Result(NamedTuple):
    """What a route's integration answered."""

    status: int
    body: str
    headers: dict[str, str]


class Session:
    """A connection's identity. `ctx` is in the API's account and region; `visit` is the request that opened it."""

    def __init__(self, ctx: Context, visit: Visit, identifier: str, stage: Document, snapshot: Snapshot) -> None:
        self.ctx = ctx
        self.visit = visit
        self.id = identifier
        self.stage = stage
        self.snapshot = snapshot
        self.connected = ctx.now()
        self.authorizer: Document = {}

    async def refresh(self) -> None:
        """The stage and its deployment as they are now; what was deleted stays as it was for who is connected."""
        ctx, visit = self.ctx, self.visit

        async def look() -> None:
            stage = await stages.get(ctx, visit.api, visit.stage)
            found = (
                None if stage is None else await snapshots.get(ctx, visit.api, stage.document.get("DeploymentId") or "")
            )
            if stage is not None and found is not None:
                self.stage, self.snapshot = stage.document, found

        await ctx.transact(look)

    def route(self, key: str) -> Document | None:
        return next((each for each in self.snapshot.routes if each["RouteKey"] == key), None)

    def selected(self, text: str) -> Document | None:
        """The route of a message: by what the expression finds in it, else the default one."""
        expression = self.snapshot.api["RouteSelectionExpression"]

        def value(found: re.Match[str]) -> str:
            document = parsed(text)
            inner = at_path(document, f"$.{found[1]}") if isinstance(document, dict) else None
            return "" if inner is None else written(inner)

        key = _SELECTION.sub(value, expression)
        own = self.route(key) if key and not key.startswith("$") else None
        return own or self.route(DEFAULT)

    # -- events

    def context(self, key: str, request_id: str, message_id: str = "") -> Document:
        visit, now = self.visit, self.ctx.now()
        found: Document = {
            "routeKey": key,
            "eventType": _KINDS.get(key, "MESSAGE"),
            "extendedRequestId": visit.extended_id,
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "messageDirection": "IN",
            "stage": visit.stage,
            "connectedAt": int(self.connected * 1000),
            "requestTimeEpoch": int(now * 1000),
            "identity": {"sourceIp": visit.source_ip, **({"userAgent": visit.user_agent} if visit.user_agent else {})},
            "requestId": request_id,
            "domainName": visit.domain,
            "connectionId": self.id,
            "apiId": visit.api,
        }
        if message_id:
            found["messageId"] = message_id
        if self.authorizer:
            found["authorizer"] = self.authorizer
        return found

    def event(self, key: str, body: str | bytes | None, context: Document) -> Document:
        found: Document = {"requestContext": context, "isBase64Encoded": isinstance(body, bytes)}
        if key == CONNECT:
            found |= self.head()
        if body is not None:
            found["body"] = b64encode(body).decode() if isinstance(body, bytes) else body
        if self.stage.get("StageVariables"):
            found["stageVariables"] = self.stage["StageVariables"]
        return found

    def head(self) -> Document:
        """The request that wants the connection."""
        visit = self.visit
        found: Document = {"headers": single(visit.pairs), "multiValueHeaders": multiple(visit.pairs)}
        if visit.query:
            found |= {
                "queryStringParameters": single(visit.query),
                "multiValueQueryStringParameters": multiple(visit.query),
            }
        return found

    def source_arn(self, key: str) -> str:
        return execution_arn(self.ctx.account, self.ctx.region, self.visit.api, f"{self.visit.stage}/{key}")

    # -- integrations

    async def ask(self, route: Document, event: Document) -> Result:
        """Raises Failed."""
        wanted = str(route.get("Target") or "").removeprefix("integrations/")
        integration = next((each for each in self.snapshot.integrations if each["IntegrationId"] == wanted), None)
        if integration is None:
            raise Failed("the route has no integration")
        try:
            return await _ASK[integration["IntegrationType"]](self, route, integration, event)
        except TemplateError as error:
            raise Failed(str(error)) from error

    async def _function(self, uri: str, integration: Document, payload: bytes, key: str) -> functions.Function:
        done = await functions.ask(
            self.ctx,
            with_variables(uri, self.stage.get("StageVariables") or {}),
            payload,
            self.source_arn(key),
            integration["TimeoutInMillis"] / 1000,
            integration.get("CredentialsArn"),
        )
        if done.how:
            raise Failed(f"{done.how}: {done.why}")
        return done

    async def ask_function(self, route: Document, integration: Document, event: Document) -> Result:
        done = await self._function(integration["IntegrationUri"], integration, orjson.dumps(event), route["RouteKey"])
        try:
            returned = orjson.loads(done.payload or b"null")
        except orjson.JSONDecodeError as error:
            raise Failed("the function has not returned JSON") from error
        if not isinstance(returned, dict) or not isinstance(returned.get("statusCode", 200), int):
            raise Failed("the function's answer is none")
        body = returned.get("body")
        text = body if isinstance(body, str) else "" if body is None else orjson.dumps(body).decode()
        headers = {name.lower(): str(value) for name, value in (returned.get("headers") or {}).items()}
        return Result(returned.get("statusCode", 200), text, headers)

    def _made(self, integration: Document, event: Document) -> str:
        """The body as the integration's template makes it."""
        body = str(event.get("body") or "")
        templates = integration.get("RequestTemplates") or {}
        expression = integration.get("TemplateSelectionExpression")
        name = expression.strip("\\$") if expression and expression.startswith("\\$") else "$default"
        template = templates.get(name) or templates.get("$default") or templates.get("application/json")
        return body if template is None else rendered(template, self._given(body, event)).text

    def _given(self, body: str, event: Document) -> Given:
        params: dict[str, dict[str, str]] = {
            "path": {},
            "querystring": dict(self.visit.query),
            "header": dict(self.visit.pairs),
        }
        return Given(body, params, event["requestContext"], self.stage.get("StageVariables") or {})

    def _answered(self, integration: Document, status: int, body: str, event: Document) -> Result:
        """The answer as the integration's response for its status makes it."""
        responses = {each.get("IntegrationResponseKey"): each for each in integration.get("Responses") or ()}
        found = responses.get(f"/{status}/") or responses.get(DEFAULT)
        templates = (found or {}).get("ResponseTemplates") or {}
        template = templates.get("$default") or templates.get(str(status)) or next(iter(templates.values()), None)
        return Result(status, body if template is None else rendered(template, self._given(body, event)).text, {})

    async def ask_mock(self, route: Document, integration: Document, event: Document) -> Result:
        made = parsed(self._made(integration, event) or '{"statusCode": 200}')
        status = (
            int(made["statusCode"]) if isinstance(made, dict) and str(made.get("statusCode", "")).isdecimal() else 200
        )
        return self._answered(integration, status, "", event)

    async def ask_aws(self, route: Document, integration: Document, event: Document) -> Result:
        uri, body = integration["IntegrationUri"], self._made(integration, event).encode()
        if ":lambda:path/" in uri:
            done = await self._function(uri, integration, body or b"{}", route["RouteKey"])
            return self._answered(integration, 200, done.payload.decode(errors="replace"), event)
        service = service_of(uri)
        if service is None:
            raise Failed("the URI names no service")
        asked = Asked(integration.get("IntegrationMethod") or "POST", self._headers(integration), [], body)
        try:
            reply = await ask_service(
                self.ctx, service, asked, integration.get("CredentialsArn"), self.source_arn(route["RouteKey"])
            )
        except AWSError as error:
            raise Failed(str(error)) from error
        return self._answered(integration, reply.status, reply.body.decode(errors="replace"), event)

    def _headers(self, integration: Document) -> dict[str, str]:
        mapped = integration.get("RequestParameters") or {}
        prefix = "integration.request.header."
        return {
            name.removeprefix(prefix): value.strip("'") for name, value in mapped.items() if name.startswith(prefix)
        }

    async def ask_http(self, route: Document, integration: Document, event: Document) -> Result:
        """A proxy gets the message as it is, and who it is from in headers that are mapped."""
        is_proxy = integration["IntegrationType"] == "HTTP_PROXY"
        body = str(event.get("body") or "") if is_proxy else self._made(integration, event)
        headers = {"Content-Type": "application/json", **self._headers(integration)}
        asked = Asked(integration.get("IntegrationMethod") or "POST", headers, [], body.encode())
        try:
            reply = await ask_http(
                self.ctx, integration["IntegrationUri"], asked, integration["TimeoutInMillis"] / 1000
            )
        except (Unreachable, TimeoutError) as error:
            raise Failed(str(error)) from error
        text = reply.body.decode(errors="replace")
        return (
            Result(reply.status, text, reply.headers)
            if is_proxy
            else self._answered(integration, reply.status, text, event)
        )


_ASK: dict[str, Any] = {
    "AWS_PROXY": Session.ask_function,
    "AWS": Session.ask_aws,
    "MOCK": Session.ask_mock,
    "HTTP": Session.ask_http,
    "HTTP_PROXY": Session.ask_http,
}
