"""GetExport: a stage's API as an OpenAPI document.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-export-api.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from fogbank.apis.naming import Answer, Request, endpoint
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.deployments import stage_of
from fogbank.services.apigateway.parts import Snapshot, snapshots
from fogbank.services.apigateway.patches import Document
from fogbank.services.apigateway.service import operation

_KINDS = ("oas30", "swagger")
_PLACES = {"path": "path", "querystring": "query", "header": "header"}


@operation
async def get_export(ctx: Context, request: Request) -> Answer:
    """`extensions` are `integrations`, `authorizers`, `apigateway` (both), or `documentation`."""
    stage = await stage_of(ctx, request)
    kind, accepts = request["exportType"], request.get("accepts") or "application/json"
    if kind not in _KINDS:
        raise errors.bad_request(f"No API exporter for type '{kind}'")
    if accepts not in ("application/json", "application/yaml"):
        raise errors.bad_request(f"Invalid Accept header: {accepts}")
    snapshot = await snapshots.get(ctx, request["restApiId"], stage["deploymentId"])
    if snapshot is None:
        raise errors.not_found("Invalid Deployment identifier specified")
    wanted = set((request.get("parameters") or {}).get("extensions", "").split(","))
    host = endpoint(ctx, snapshot.api["id"]).partition("://")[2]
    document = _Export(snapshot, stage, kind, wanted).document(host)
    if accepts == "application/yaml":
        import yaml

        body = yaml.safe_dump(document, sort_keys=False).encode()
    else:
        body = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    suffix = "yaml" if accepts == "application/yaml" else "json"
    name = f"{kind}_{datetime.fromtimestamp(ctx.now(), UTC):%Y-%m-%dT%H:%M:%SZ}.{suffix}"
    return {
        "contentType": "application/octet-stream",
        "contentDisposition": f'attachment; filename="{name}"',
        "body": body,
    }


class _Export:
    """A document that is being written."""

    def __init__(self, snapshot: Snapshot, stage: Document, kind: str, wanted: set[str]) -> None:
        self.snapshot = snapshot
        self.stage = stage
        self.is_version_3 = kind == "oas30"
        self.integrations = bool(wanted & {"integrations", "apigateway"})
        self.authorizers = bool(wanted & {"authorizers", "apigateway"})

    def document(self, host: str) -> Document:
        api = self.snapshot.api
        info = {"title": api["name"], **({"description": api["description"]} if api.get("description") else {})}
        info["version"] = api.get("version") or datetime.fromtimestamp(api["createdDate"], UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
        base = f"/{self.stage['stageName']}"
        found: Document = {"openapi": "3.0.1", "info": info} if self.is_version_3 else {"swagger": "2.0", "info": info}
        if self.is_version_3:
            found["servers"] = [{"url": f"https://{host}/{{basePath}}", "variables": {"basePath": {"default": base}}}]
        else:
            found |= {"host": host, "basePath": base, "schemes": ["https"]}
        found["paths"] = {
            each["path"]: self._item(each)
            for each in sorted(self.snapshot.resources, key=lambda each: each["path"])
            if each.get("resourceMethods")
        }
        schemas, schemes = self._schemas(), self._schemes()
        if self.is_version_3:
            found["components"] = {
                **({"schemas": schemas} if schemas else {}),
                **({"securitySchemes": schemes} if schemes else {}),
            }
        else:
            found |= {
                **({"securityDefinitions": schemes} if schemes else {}),
                **({"definitions": schemas} if schemas else {}),
            }
        return found | self._extensions()

    def _extensions(self) -> Document:
        if not self.integrations:
            return {}
        api, found = self.snapshot.api, {}
        if api.get("binaryMediaTypes"):
            found["x-amazon-apigateway-binary-media-types"] = api["binaryMediaTypes"]
        if api.get("policy"):
            found["x-amazon-apigateway-policy"] = orjson.loads(api["policy"])
        if self.snapshot.responses:
            found["x-amazon-apigateway-gateway-responses"] = {
                each["responseType"]: {
                    name: each[name]
                    for name in ("statusCode", "responseParameters", "responseTemplates")
                    if each.get(name)
                }
                for each in self.snapshot.responses
            }
        if self.snapshot.validators:
            found["x-amazon-apigateway-request-validators"] = {
                each["name"]: {name: each[name] for name in ("validateRequestBody", "validateRequestParameters")}
                for each in self.snapshot.validators
            }
        return found

    def _item(self, resource: Document) -> Document:
        return {
            "x-amazon-apigateway-any-method" if verb == "ANY" else verb.lower(): self._operation(method)
            for verb, method in resource["resourceMethods"].items()
        }

    def _operation(self, method: Document) -> Document:
        found: Document = {}
        if method.get("operationName"):
            found["operationId"] = method["operationName"]
        parameters = [self._parameter(name, needed) for name, needed in (method.get("requestParameters") or {}).items()]
        models = method.get("requestModels") or {}
        if models and self.is_version_3:
            found["requestBody"] = {
                "content": {kind: {"schema": self._ref(name)} for kind, name in models.items()},
                "required": True,
            }
        elif models:
            found["consumes"] = list(models)
            name = next(iter(models.values()))
            parameters.append({"in": "body", "name": name, "required": True, "schema": self._ref(name)})
        if parameters:
            found["parameters"] = parameters
        found["responses"] = {
            status: self._response(each) for status, each in (method.get("methodResponses") or {}).items()
        }
        security = self._security(method)
        if security:
            found["security"] = security
        validator = next(
            (each for each in self.snapshot.validators if each["id"] == method.get("requestValidatorId")), None
        )
        if validator is not None and self.integrations:
            found["x-amazon-apigateway-request-validator"] = validator["name"]
        if self.integrations and "methodIntegration" in method:
            found["x-amazon-apigateway-integration"] = self._integration(method["methodIntegration"])
        return found

    def _parameter(self, name: str, needed: bool) -> Document:
        _, _, kind, name = name.split(".", 3)
        place = _PLACES.get(kind.removeprefix("multivalue"), "query")
        found: Document = {"name": name, "in": place, "required": needed or place == "path"}
        return found | ({"schema": {"type": "string"}} if self.is_version_3 else {"type": "string"})

    def _ref(self, name: str) -> Document:
        return {"$ref": f"#/components/schemas/{name}" if self.is_version_3 else f"#/definitions/{name}"}

    def _response(self, told: Document) -> Document:
        found: Document = {"description": f"{told['statusCode']} response"}
        names = [name.rpartition("header.")[2] for name in told.get("responseParameters") or {}]
        if names:
            typed = {"schema": {"type": "string"}} if self.is_version_3 else {"type": "string"}
            found["headers"] = {name: dict(typed) for name in names}
        models = told.get("responseModels") or {}
        if models and self.is_version_3:
            found["content"] = {kind: {"schema": self._ref(name)} for kind, name in models.items()}
        elif models:
            found["schema"] = self._ref(next(iter(models.values())))
        return found

    def _security(self, method: Document) -> list[Document]:
        found: list[Document] = []
        if method["authorizationType"] == "AWS_IAM":
            found.append({"sigv4": []})
        authorizer = next(
            (each for each in self.snapshot.authorizers if each["id"] == method.get("authorizerId")), None
        )
        if authorizer is not None:
            found.append({authorizer["name"]: method.get("authorizationScopes") or []})
        if method["apiKeyRequired"]:
            found.append({"api_key": []})
        return found

    def _schemes(self) -> Document:
        methods = [method for each in self.snapshot.resources for method in each.get("resourceMethods", {}).values()]
        found: Document = {}
        if any(method["apiKeyRequired"] for method in methods):
            found["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        if any(method["authorizationType"] == "AWS_IAM" for method in methods):
            found["sigv4"] = {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "awsSigv4",
            }
        for each in self.snapshot.authorizers:
            name = (each.get("identitySource") or "").rpartition(".")[2] or "Authorization"
            found[each["name"]] = {
                "type": "apiKey",
                "name": name,
                "in": "header",
                "x-amazon-apigateway-authtype": each["authType"],
            }
            if self.authorizers:
                found[each["name"]]["x-amazon-apigateway-authorizer"] = {
                    "type": each["type"].lower(),
                    **{name: each[name] for name in _AUTHORIZER if each.get(name) is not None},
                }
        return found

    def _schemas(self) -> Document:
        return {model["name"]: self._schema(orjson.loads(model["schema"])) for model in self.snapshot.models}

    def _schema(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self._schema(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        reference = schema.get("$ref")
        if isinstance(reference, str) and "/models/" in reference:
            return self._ref(reference.rpartition("/")[2])
        return {name: self._schema(each) for name, each in schema.items() if name not in ("$schema", "id")}

    def _integration(self, integration: Document) -> Document:
        found = {name: integration[name] for name in _INTEGRATION if integration.get(name)}
        found["type"] = integration["type"].lower()
        found["passthroughBehavior"] = integration["passthroughBehavior"].lower()
        responses = {}
        for response in (integration.get("integrationResponses") or {}).values():
            told = {
                name: response[name]
                for name in ("statusCode", "responseParameters", "responseTemplates", "contentHandling")
                if response.get(name)
            }
            responses[response.get("selectionPattern") or "default"] = told
        return {**found, **({"responses": responses} if responses else {})}


_AUTHORIZER = (
    "authorizerUri",
    "authorizerCredentials",
    "authorizerResultTtlInSeconds",
    "identitySource",
    "identityValidationExpression",
    "providerARNs",
)
_INTEGRATION = (
    "httpMethod",
    "uri",
    "credentials",
    "connectionType",
    "connectionId",
    "contentHandling",
    "requestParameters",
    "requestTemplates",
    "timeoutInMillis",
    "cacheKeyParameters",
    "tlsConfig",
)
