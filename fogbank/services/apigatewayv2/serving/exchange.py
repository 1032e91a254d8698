"""One request to an HTTP API, and everything that is known about it on its way.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import orjson

from fogbank.apis.naming import execution_arn
from fogbank.apis.visits import Visit
from fogbank.http import Response
from fogbank.kernel import Context
from fogbank.services.apigatewayv2.parts import Snapshot

Document = dict[str, Any]


class Refused(Exception):
    """API Gateway answers by itself."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None, why: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}
        self.why = why

    def response(self) -> Response:
        body = orjson.dumps({"message": self.message})
        return Response(self.status, [("content-type", "application/json"), *self.headers.items()], body)


def internal(why: str) -> Refused:
    return Refused(500, "Internal Server Error", why=why)


class Exchange:
    """`ctx` is in the API's account and region, with the caller as its principal. `route` and `params` are there when it is routed."""

    def __init__(self, ctx: Context, visit: Visit, stage: Document, snapshot: Snapshot) -> None:
        self.ctx = ctx
        self.visit = visit
        self.stage = stage
        self.snapshot = snapshot
        self.route: Document = {}
        self.params: dict[str, str] = {}
        self.authorizer: Document = {}
        self.why = ""
        self.integration_status = ""
        self.integration_latency = 0

    @property
    def api(self) -> Document:
        return self.snapshot.api

    @property
    def variables(self) -> dict[str, str]:
        return self.stage.get("StageVariables") or {}

    @cached_property
    def request_id(self) -> str:
        """As HTTP APIs tell it: 16 characters of Base64."""
        return self.visit.extended_id

    @property
    def base(self) -> str:
        """What stands before the path of the route: the stage, unless it is the default one."""
        return "" if self.visit.stage == "$default" else f"/{self.visit.stage}"

    @property
    def full_path(self) -> str:
        return f"{self.visit.base or self.base}{self.visit.path}"

    def integration(self) -> Document:
        wanted = str(self.route.get("Target") or "").removeprefix("integrations/")
        found = next((each for each in self.snapshot.integrations if each["IntegrationId"] == wanted), None)
        if found is None:
            raise internal("the route has no integration")
        return found

    def settings(self) -> Document:
        own = (self.stage.get("RouteSettings") or {}).get(self.route.get("RouteKey", ""))
        return {**(self.stage.get("DefaultRouteSettings") or {}), **(own or {})}

    # -- names

    def arn(self) -> str:
        """The route that is called, for policies: with the path as it was asked."""
        visit = self.visit
        rest = "$default" if self.route["RouteKey"] == "$default" else f"{visit.method}{visit.decoded_path}"
        return execution_arn(self.ctx.account, self.ctx.region, visit.api, f"{visit.stage}/{rest}")

    def source_arn(self) -> str:
        """The route on whose behalf others are asked: with its own path, as it was written: so CDK's permissions have it."""
        verb, _, path = self.route["RouteKey"].partition(" ")
        verb = "*" if verb == "ANY" else verb
        rest = "$default" if verb == "$default" else f"{verb}{path}"
        return execution_arn(self.ctx.account, self.ctx.region, self.visit.api, f"{self.visit.stage}/{rest}")

    # -- context

    def context(self) -> Document:
        """`$context` of mappings and access logs."""
        visit = self.visit
        return {
            "accountId": self.ctx.account,
            "apiId": visit.api,
            "authorizer": self._flat_authorizer(),
            "awsEndpointRequestId": visit.request_id,
            "domainName": visit.domain,
            "domainPrefix": visit.prefix,
            "error": {"message": self.why or "-", "responseType": "-"},
            "extendedRequestId": self.request_id,
            "httpMethod": visit.method,
            "identity": {"sourceIp": visit.source_ip, "userAgent": visit.user_agent},
            "integration": {
                "status": self.integration_status,
                "latency": self.integration_latency,
                "error": self.why or "-",
            },
            "integrationErrorMessage": self.why or "-",
            "integrationLatency": self.integration_latency,
            "integrationStatus": self.integration_status,
            "path": self.full_path,
            "protocol": visit.protocol,
            "requestId": self.request_id,
            "requestTime": visit.time_text,
            "requestTimeEpoch": int(visit.now * 1000),
            "routeKey": self.route.get("RouteKey", "-"),
            "stage": visit.stage,
        }

    def _flat_authorizer(self) -> Document:
        found = dict(self.authorizer.get("lambda") or {})
        if "jwt" in self.authorizer:
            found["claims"] = self.authorizer["jwt"]["claims"]
        return found
