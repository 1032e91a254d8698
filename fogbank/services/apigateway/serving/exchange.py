"""One request to a REST API, and everything that is known about it on its way: `$context` above all.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#context-variable-reference
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from fogbank.apis.mapping import Given
from fogbank.apis.naming import execution_arn
from fogbank.apis.visits import Visit, matches_type
from fogbank.kernel import Context
from fogbank.services.apigateway.deployments import SETTINGS
from fogbank.services.apigateway.serving.routes import Match, Routes

Document = dict[str, Any]


class Exchange:
    """`ctx` is in the API's account and region, with the caller as its principal; `stage` is the stage's document.

    `match` is there as soon as the resource is known. `api_key` is the key's document, where the caller showed one.
    `log` has the lines of the execution log.
    """

    def __init__(self, ctx: Context, visit: Visit, stage: Document, routes: Routes, is_canary: bool) -> None:
        self.ctx = ctx
        self.visit = visit
        self.stage = stage
        self.routes = routes
        self.is_canary = is_canary
        self.match: Match | None = None
        self.authorizer: Document = {}
        self.api_key: Document | None = None
        self.usage_key = ""
        self.identity: Document = {}
        self.errors: Document = {}
        self.log: list[str] = []
        self.integration_status = ""
        self.integration_latency = 0
        self.cached = ""

    @property
    def api(self) -> Document:
        return self.routes.snapshot.api

    @property
    def matched(self) -> Match:
        assert self.match is not None
        return self.match

    @property
    def method(self) -> Document:
        return self.matched.method

    @cached_property
    def variables(self) -> dict[str, str]:
        canary = self.stage.get("canarySettings") or {}
        overrides = (canary.get("stageVariableOverrides") or {}) if self.is_canary else {}
        return {**(self.stage.get("variables") or {}), **overrides}

    @cached_property
    def settings(self) -> Document:
        """Of the method, else of all methods of the stage."""
        found = self.stage.get("methodSettings") or {}
        if self.match is not None:
            path = self.match.resource["path"].lstrip("/")
            for verb in (self.visit.method, self.method["httpMethod"]):
                for key, settings in found.items():
                    name, _, of = key.rpartition("/")
                    if name.replace("~1", "/").lstrip("/") == path and of == verb:
                        return dict(settings)
        return dict(found.get("*/*") or SETTINGS)

    @property
    def trace(self) -> str:
        """The trace for what is behind the method."""
        return self.visit.onward_trace if self.stage.get("tracingEnabled") else self.visit.trace

    @property
    def log_level(self) -> str:
        return str(self.settings["loggingLevel"])

    def note(self, line: str) -> None:
        """Say something in the execution log."""
        self.log.append(f"({self.visit.request_id}) {line}")

    # -- names

    def arn(self) -> str:
        """The method that is called, for policies: with the path as it was asked."""
        visit = self.visit
        return execution_arn(
            self.ctx.account, self.ctx.region, visit.api, f"{visit.stage}/{visit.method}{visit.decoded_path}"
        )

    def source_arn(self) -> str:
        """The method on whose behalf others are asked: with the resource's path, whose variables are asterisks."""
        parts = [("*" if part.startswith("{") else part) for part in self.matched.resource["path"].split("/")]
        verb = self.visit.method if self.method["httpMethod"] == "ANY" else self.method["httpMethod"]
        return execution_arn(
            self.ctx.account, self.ctx.region, self.visit.api, f"{self.visit.stage}/{verb}{'/'.join(parts)}"
        )

    # -- bodies

    @property
    def binary_types(self) -> list[str]:
        return self.api.get("binaryMediaTypes") or []

    @property
    def is_binary(self) -> bool:
        return matches_type(self.visit.headers.get("content-type", ""), self.binary_types)

    @property
    def body_text(self) -> str:
        return self.visit.body.decode(errors="replace")

    # -- context

    @cached_property
    def params(self) -> dict[str, dict[str, str]]:
        visit = self.visit
        path = self.match.params if self.match is not None else {}
        return {"path": path, "querystring": dict(visit.query), "header": dict(visit.pairs)}

    def caller_identity(self) -> Document:
        signer = self.identity
        visit = self.visit
        key = {"apiKey": self.api_key["value"], "apiKeyId": self.api_key["id"]} if self.api_key else {}
        return {
            "cognitoIdentityPoolId": None,
            "accountId": signer.get("accountId"),
            "cognitoIdentityId": None,
            "caller": signer.get("caller"),
            "sourceIp": visit.source_ip,
            "principalOrgId": None,
            "accessKey": signer.get("accessKey"),
            "cognitoAuthenticationType": None,
            "cognitoAuthenticationProvider": None,
            "userArn": signer.get("userArn"),
            "userAgent": visit.user_agent,
            "user": signer.get("user"),
            **key,
        }

    def request_context(self) -> Document:
        """What Lambda's proxy events have as `requestContext`."""
        visit = self.visit
        found: Document = {
            "resourceId": self.matched.resource["id"],
            "resourcePath": self.matched.resource["path"],
            "httpMethod": visit.method,
            "extendedRequestId": visit.extended_id,
            "requestTime": visit.time_text,
            "path": f"/{visit.stage}{visit.path}" if not visit.base else f"{visit.base}{visit.path}",
            "accountId": self.ctx.account,
            "protocol": visit.protocol,
            "stage": visit.stage,
            "domainPrefix": visit.prefix,
            "requestTimeEpoch": int(visit.now * 1000),
            "requestId": visit.request_id,
            "identity": self.caller_identity(),
            "domainName": visit.domain,
            "deploymentId": self.deployment_id,
            "apiId": visit.api,
        }
        if self.authorizer:
            found["authorizer"] = dict(self.authorizer)
        if self.method.get("operationName"):
            found["operationName"] = self.method["operationName"]
        if self.stage.get("canarySettings"):
            found["isCanaryRequest"] = self.is_canary
        return found

    @property
    def deployment_id(self) -> str:
        canary = self.stage.get("canarySettings") or {}
        return str(canary["deploymentId"] if self.is_canary else self.stage["deploymentId"])

    def context(self) -> Document:
        """`$context` of templates, mappings and logs."""
        found = self.request_context() if self.match is not None else self._unmatched()
        found["error"] = dict(self.errors)
        found["xrayTraceId"] = self.visit.trace
        found["integration"] = {"status": self.integration_status, "latency": self.integration_latency}
        found["integrationLatency"] = self.integration_latency
        found["integrationStatus"] = self.integration_status
        return found

    def _unmatched(self) -> Document:
        visit = self.visit
        return {
            "accountId": self.ctx.account,
            "apiId": visit.api,
            "domainName": visit.domain,
            "domainPrefix": visit.prefix,
            "extendedRequestId": visit.extended_id,
            "httpMethod": visit.method,
            "identity": self.caller_identity(),
            "path": f"/{visit.stage}{visit.path}",
            "protocol": visit.protocol,
            "requestId": visit.request_id,
            "requestTime": visit.time_text,
            "requestTimeEpoch": int(visit.now * 1000),
            "resourcePath": visit.path,
            "stage": visit.stage,
        }

    def given(self, body: str) -> Given:
        """What a mapping template sees, with this as its body."""
        return Given(body, self.params, self.context(), self.variables)
