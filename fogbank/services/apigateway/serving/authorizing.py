"""May they? The API's policy, IAM, and authorizers, in the order in which API Gateway asks.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.apis import expressions, functions, permits, tokens
from fogbank.apis.mapping import context_value, with_variables
from fogbank.apis.velocity.values import written
from fogbank.identity import ANONYMOUS
from fogbank.services.apigateway.gateway_responses import Refused, missing_token, unauthorized
from fogbank.services.apigateway.rest_apis import resolved_policy
from fogbank.services.apigateway.service import service
from fogbank.services.apigateway.serving import proxying
from fogbank.services.apigateway.serving.exchange import Exchange

Document = dict[str, Any]

_SECONDS = 10
_EXPLICIT = "User is not authorized to access this resource with an explicit deny"
_IMPLICIT = "User is not authorized to access this resource"


def _policy(exchange: Exchange) -> str | None:
    text = exchange.api.get("policy")
    ctx = exchange.ctx
    return None if not text else resolved_policy(text, ctx.account, ctx.region, exchange.visit.api)


service.task(permits.forget_verdict)


async def check_resource_policy(exchange: Exchange) -> None:
    """For methods that ask IAM, it is asked together with the caller's own policies; else the caller is nobody in particular."""
    policy = _policy(exchange)
    kind = exchange.match.method["authorizationType"] if exchange.match is not None else "NONE"
    if policy is None or kind == "AWS_IAM":
        return
    nobody = exchange.ctx.at()
    nobody.principal = ANONYMOUS
    why = await permits.may_invoke(nobody, exchange.arn(), policy)
    if why is not None:
        raise _denied_by_iam(why)


def _denied(message: str) -> Refused:
    return Refused("ACCESS_DENIED", message)


def _denied_by_iam(message: str) -> Refused:
    """IAM's refusals begin with a capital letter."""
    refused = _denied(message)
    refused.member = "Message"
    return refused


async def authorize(exchange: Exchange) -> None:
    """Raises Refused."""
    kind = exchange.method["authorizationType"]
    if kind == "AWS_IAM":
        await _by_iam(exchange)
    elif kind != "NONE":
        authorizer = exchange.routes.named("authorizers", "id", exchange.method.get("authorizerId"))
        if authorizer is None:
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR", "Internal server error", why="there is no such authorizer")
        if kind == "COGNITO_USER_POOLS":
            await by_pool(exchange, authorizer)
        else:
            await _by_function(exchange, authorizer)


# -- IAM


async def _by_iam(exchange: Exchange) -> None:
    principal = exchange.ctx.principal
    if principal.kind == "anonymous":
        raise missing_token()
    why = await permits.may_invoke(exchange.ctx, exchange.arn(), _policy(exchange))
    if why is not None:
        raise _denied_by_iam(why)
    exchange.identity = {
        "accountId": principal.account,
        "caller": principal.user_id,
        "accessKey": principal.access_key,
        "userArn": principal.arn,
        "user": principal.user_id,
    }


# -- user pools


async def by_pool(exchange: Exchange, authorizer: Document) -> None:
    """A token of one of the pools: an id token, or with scopes an access token that has one of them."""
    source = authorizer.get("identitySource") or "method.request.header.Authorization"
    token = _source(exchange, source)
    if not token:
        raise unauthorized()
    token = token.removeprefix("Bearer ").strip()
    scopes = exchange.method.get("authorizationScopes") or []
    claims = await _claims(exchange, authorizer, token)
    if scopes and (claims.get("token_use") != "access" or not set(scopes) & set(tokens.scopes_of(claims))):
        raise unauthorized()
    if not scopes and claims.get("token_use") != "id":
        raise unauthorized()
    exchange.authorizer = {"claims": {name: _claim(value) for name, value in claims.items()}}


def _claim(value: Any) -> str:
    """Groups are told as a list between commas."""
    return ",".join(map(str, value)) if isinstance(value, list) else written(value)


async def _claims(exchange: Exchange, authorizer: Document, token: str) -> Document:
    for arn in authorizer["providerARNs"]:
        region, pool = arn.split(":")[3], arn.rpartition("/")[2]
        try:
            return await tokens.claims_of(exchange.ctx, token, f"https://cognito-idp.{region}.amazonaws.com/{pool}")
        except tokens.Invalid as error:
            exchange.note(f"Unauthorized: {error}")
            if "expired" in str(error):
                raise Refused("UNAUTHORIZED", "The incoming token has expired") from error
    raise unauthorized()


# -- functions


def _source(exchange: Exchange, source: str) -> str | None:
    visit = exchange.visit
    if source.startswith("method.request.header."):
        return visit.headers.get(source.removeprefix("method.request.header.").lower())
    if source.startswith("method.request.multivalueheader."):
        return visit.headers.get(source.removeprefix("method.request.multivalueheader.").lower())
    if source.startswith("method.request.querystring."):
        return dict(visit.query).get(source.removeprefix("method.request.querystring."))
    if source.startswith("stageVariables."):
        return exchange.variables.get(source.removeprefix("stageVariables."))
    return context_value(exchange.context(), source.removeprefix("context."))


async def _by_function(exchange: Exchange, authorizer: Document) -> None:
    identity = identity_of(exchange, authorizer)
    answer = await _answer(exchange, authorizer, identity)
    try:
        allowed, denied = permits.allows(answer.get("policyDocument"), exchange.arn(), exchange.ctx)
    except ValueError as error:
        raise _misconfigured(f"Invalid policy document: {error}") from error
    if not allowed:
        raise _denied(_EXPLICIT if denied else _IMPLICIT)
    context = answer.get("context") or {}
    exchange.authorizer = {name: None if value is None else written(value) for name, value in context.items()}
    exchange.authorizer |= {"principalId": answer["principalId"], "integrationLatency": 0}
    exchange.usage_key = str(answer.get("usageIdentifierKey") or "")


def identity_of(exchange: Exchange, authorizer: Document) -> list[str]:
    """What identifies the caller. Raises Refused (401) when a part is missing, or no token has that form."""
    sources = [each.strip() for each in (authorizer.get("identitySource") or "").split(",") if each.strip()]
    values = [_source(exchange, source) for source in sources]
    if not all(values):
        raise unauthorized()
    pattern = authorizer.get("identityValidationExpression")
    if authorizer["type"] == "TOKEN" and pattern and not _has_form(pattern, values[0] or ""):
        raise unauthorized()
    return [value for value in values if value]


def _has_form(pattern: str, token: str) -> bool:
    try:
        return bool(expressions.whole(pattern)(token))
    except ValueError as error:
        raise _misconfigured(str(error)) from error


async def _answer(exchange: Exchange, authorizer: Document, identity: list[str]) -> Document:
    """What the function says of the caller, now or for as long as it is remembered."""
    ctx, visit = exchange.ctx, exchange.visit
    seconds = authorizer.get("authorizerResultTtlInSeconds", 300)
    flushed = str(exchange.stage.get("flushedAuthorizers", 0))
    key = (visit.api, visit.stage, authorizer["id"], permits.key_of(flushed, *identity))
    if seconds and identity:
        known = await permits.remembered(ctx, *key)
        if known is not None:
            return known
    answer = await ask(exchange, authorizer, identity)
    if seconds and identity:
        await permits.remember(ctx, answer, seconds, *key)
    return answer


def authorizer_event(exchange: Exchange, authorizer: Document, identity: list[str]) -> Document:
    if authorizer["type"] == "TOKEN":
        return {"type": "TOKEN", "authorizationToken": identity[0], "methodArn": exchange.arn()}
    event = proxying.event(exchange)
    event = {name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")}
    for name in ("pathParameters", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables"):
        event[name] = event[name] or {}
    return {"type": "REQUEST", "methodArn": exchange.arn(), **event}


async def ask(exchange: Exchange, authorizer: Document, identity: list[str]) -> Document:
    """Raises Refused: 401 when the function says so, 500 when it fails or answers what is none."""
    ctx = exchange.ctx
    event = orjson.dumps(authorizer_event(exchange, authorizer, identity))
    source = f"arn:aws:execute-api:{ctx.region}:{ctx.account}:{exchange.visit.api}/authorizers/{authorizer['id']}"
    uri = with_variables(authorizer["authorizerUri"], exchange.variables)
    done = await functions.ask(ctx, uri, event, source, _SECONDS, authorizer.get("authorizerCredentials"))
    if done.how == "failed" and _says_unauthorized(done.payload):
        raise unauthorized()
    if done.how:
        raise _misconfigured(f"Execution failed due to an authorizer error: {done.how} {done.why}")
    try:
        answer = functions.document_of(done.payload)
    except ValueError as error:
        raise _misconfigured("the authorizer has not returned JSON") from error
    if not isinstance(answer, dict) or not answer.get("principalId") or "policyDocument" not in answer:
        raise _misconfigured("the authorizer's answer has no principalId or policyDocument")
    context = answer.get("context") or {}
    if not isinstance(context, dict) or any(isinstance(value, dict | list) for value in context.values()):
        raise _misconfigured("the authorizer's context has values that are no texts, numbers or booleans")
    return answer


def _says_unauthorized(payload: bytes) -> bool:
    try:
        return bool(orjson.loads(payload).get("errorMessage") == "Unauthorized")
    except (ValueError, AttributeError):
        return False


def _misconfigured(why: str) -> Refused:
    return Refused("AUTHORIZER_CONFIGURATION_ERROR", None, why=why)
