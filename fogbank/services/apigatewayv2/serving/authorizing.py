"""May they? JWTs, functions and IAM.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.apis import functions, permits, tokens
from fogbank.apis.velocity.values import written
from fogbank.services.apigatewayv2.service import service
from fogbank.services.apigatewayv2.serving import events
from fogbank.services.apigatewayv2.serving.exchange import Exchange, Refused, internal
from fogbank.services.apigatewayv2.serving.mapping import request_value

Document = dict[str, Any]
_SECONDS = 10

service.task(permits.forget_verdict)


def _unauthorized(said: str = "Bearer") -> Refused:
    return Refused(401, "Unauthorized", {"www-authenticate": said} if said else None)


def _forbidden() -> Refused:
    return Refused(403, "Forbidden")


async def authorize(exchange: Exchange) -> None:
    """Raises Refused."""
    kind = exchange.route["AuthorizationType"]
    if kind == "NONE":
        return
    if kind == "AWS_IAM":
        await _by_iam(exchange)
        return
    wanted = exchange.route.get("AuthorizerId")
    authorizer = next((each for each in exchange.snapshot.authorizers if each["AuthorizerId"] == wanted), None)
    if authorizer is None:
        raise internal("there is no such authorizer")
    await (_by_token if kind == "JWT" else _by_function)(exchange, authorizer)


async def _by_iam(exchange: Exchange) -> None:
    principal = exchange.ctx.principal
    if principal.kind == "anonymous" or await permits.may_invoke(exchange.ctx, exchange.arn(), None) is not None:
        raise _forbidden()
    exchange.authorizer = {
        "iam": {
            "accessKey": principal.access_key,
            "accountId": principal.account,
            "callerId": principal.user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": principal.arn,
            "userId": principal.user_id,
        }
    }


# -- tokens


async def _by_token(exchange: Exchange, authorizer: Document) -> None:
    source = authorizer["IdentitySource"][0].removeprefix("$")
    given = request_value(exchange, source)
    if not given:
        raise _unauthorized()
    token = given.partition(" ")[2].strip() if given.lower().startswith("bearer ") else given
    jwt = authorizer["JwtConfiguration"]
    try:
        claims = await tokens.claims_of(exchange.ctx, token, jwt["Issuer"])
    except tokens.Invalid as error:
        exchange.why = str(error)
        raise _unauthorized(f'Bearer scope="" error="{error.kind}" error_description="{error}"') from error
    if not tokens.audience_fits(claims, jwt["Audience"]):
        said = "aud claim does not match"
        raise _unauthorized(f'Bearer scope="" error="invalid_token" error_description="{said}"')
    scopes = tokens.scopes_of(claims)
    wanted = exchange.route.get("AuthorizationScopes") or []
    if wanted and not set(wanted) & set(scopes):
        said = f'Bearer scope="{" ".join(wanted)}" error="insufficient_scope" error_description="insufficient_scope"'
        raise Refused(403, "Forbidden", {"www-authenticate": said})
    told = {name: _claim(value) for name, value in claims.items()}
    exchange.authorizer = {"jwt": {"claims": told, "scopes": scopes if wanted else None}}


def _claim(value: Any) -> str:
    """Lists are told as `[a b]`."""
    return f"[{' '.join(map(str, value))}]" if isinstance(value, list) else written(value)


# -- functions


async def _by_function(exchange: Exchange, authorizer: Document) -> None:
    sources = [source.removeprefix("$") for source in authorizer.get("IdentitySource") or []]
    identity = [request_value(exchange, source) for source in sources]
    if not all(identity):
        raise _unauthorized("")
    answer = await _answer(exchange, authorizer, [each for each in identity if each])
    if authorizer.get("EnableSimpleResponses"):
        if not isinstance(answer.get("isAuthorized"), bool):
            raise internal("the authorizer's answer has no isAuthorized")
        allowed = answer["isAuthorized"]
    else:
        try:
            allowed, _ = permits.allows(answer.get("policyDocument"), exchange.arn(), exchange.ctx)
        except ValueError as error:
            raise internal(str(error)) from error
    if not allowed:
        raise _forbidden()
    context = answer.get("context")
    context = context if isinstance(context, dict) else {}
    if authorizer["AuthorizerPayloadFormatVersion"] == "1.0":
        context = {**context, "principalId": answer.get("principalId")}
    exchange.authorizer = {"lambda": context or None}


async def _answer(exchange: Exchange, authorizer: Document, identity: list[str]) -> Document:
    ctx, visit = exchange.ctx, exchange.visit
    seconds = authorizer.get("AuthorizerResultTtlInSeconds") or 0
    digest = permits.key_of(str(exchange.stage.get("Flushed", 0)), *identity)
    key = (visit.api, visit.stage, authorizer["AuthorizerId"], digest)
    known = await permits.remembered(ctx, *key) if seconds and identity else None
    if known is not None:
        return known
    answer = await _asked(exchange, authorizer, identity)
    if seconds and identity:
        await permits.remember(ctx, answer, seconds, *key)
    return answer


def authorizer_event(exchange: Exchange, authorizer: Document, identity: list[str]) -> Document:
    if authorizer["AuthorizerPayloadFormatVersion"] == "2.0":
        event = events.event_2(exchange)
        event = {name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")}
        return {**event, "type": "REQUEST", "routeArn": exchange.arn(), "identitySource": identity or None}
    event = events.event_1(exchange)
    event = {name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")}
    joined = ",".join(identity)
    return {
        **event,
        "type": "REQUEST",
        "methodArn": exchange.arn(),
        "identitySource": joined,
        "authorizationToken": joined,
    }


async def _asked(exchange: Exchange, authorizer: Document, identity: list[str]) -> Document:
    """Raises Refused: 401 when the function says so, 500 when it fails."""
    ctx = exchange.ctx
    event = orjson.dumps(authorizer_event(exchange, authorizer, identity))
    source = (
        f"arn:aws:execute-api:{ctx.region}:{ctx.account}:{exchange.visit.api}/authorizers/{authorizer['AuthorizerId']}"
    )
    done = await functions.ask(
        ctx, authorizer["AuthorizerUri"], event, source, _SECONDS, authorizer.get("AuthorizerCredentialsArn")
    )
    if done.how == "failed" and b'"Unauthorized"' in done.payload:
        raise _unauthorized("")
    try:
        answer = functions.document_of(done.payload) if not done.how else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise internal(f"the authorizer failed: {done.how} {done.why}")
    return answer
