"""TestInvokeMethod and TestInvokeAuthorizer: a method, or an authorizer, as it is now, without a stage.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-test-method.html
"""

from __future__ import annotations

from time import perf_counter

import orjson

from fogbank.apis.naming import Answer, Request
from fogbank.apis.permits import allows
from fogbank.apis.visits import Visit
from fogbank.http import Payload, Response
from fogbank.http import Request as HttpRequest
from fogbank.kernel import AWSError, Context
from fogbank.kernel.bodies import whole
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.deployments import freeze
from fogbank.services.apigateway.gateway_responses import Refused
from fogbank.services.apigateway.methods import held
from fogbank.services.apigateway.parts import api_of, parts
from fogbank.services.apigateway.service import operation
from fogbank.services.apigateway.serving import authorizing, integrating, validating
from fogbank.services.apigateway.serving.exchange import Exchange
from fogbank.services.apigateway.serving.routes import Match, routes_of
from fogbank.services.apigateway.serving.serve import refusal

_STAGE = "test-invoke-stage"


def _visit(ctx: Context, request: Request, verb: str) -> Visit:
    path, _, query = (request.get("pathWithQueryString") or "/").partition("?")
    headers = dict(request.get("headers") or {})
    for name, values in (request.get("multiValueHeaders") or {}).items():
        headers[name] = ",".join(values)
    lines = "".join(f"{name}: {each}\r\n" for name, each in headers.items())
    head = f"{verb} / HTTP/1.1\r\n{lines}\r\n".encode()
    body = (request.get("body") or "").encode()
    lowered = {name.lower(): each for name, each in headers.items()}
    sent = HttpRequest(verb, path, query, lowered, Payload(body), remote="test-invoke-source-ip", head=head)
    visit = Visit(sent, body, ctx.request_id, ctx.now())
    visit.api, visit.account, visit.region, visit.stage, visit.path = (
        request["restApiId"],
        ctx.account,
        ctx.region,
        _STAGE,
        path,
    )
    return visit


async def _exchange(ctx: Context, request: Request, verb: str) -> Exchange:
    api = await api_of(ctx, request)
    stage = {"stageName": _STAGE, "deploymentId": "", "variables": request.get("stageVariables") or {}}
    return Exchange(ctx, _visit(ctx, request, verb), stage, routes_of(await freeze(ctx, api)), False)


@operation(transaction=False)
async def test_invoke_method(ctx: Context, request: Request) -> Answer:
    """Without authorizers and API keys."""
    exchange = await ctx.transact(_prepared, ctx, request)
    begun = perf_counter()
    exchange.note(f"Execution log for request {exchange.visit.request_id}")
    try:
        validating.check(exchange)
        response = await integrating.respond(exchange)
    except Refused as refused:
        exchange.note(refused.why or refused.message or refused.kind)
        response = refusal(exchange, refused)
    exchange.note(f"Method completed with status: {response.status}")
    return await _told(exchange, response, int((perf_counter() - begun) * 1000))


async def _prepared(ctx: Context, request: Request) -> Exchange:
    found = await held(ctx, request)
    if "methodIntegration" not in found.method:
        raise errors.not_found("No integration defined for method")
    verb = request["httpMethod"] if request["httpMethod"] != "ANY" else "GET"
    exchange = await _exchange(ctx, request, verb)
    path = (request.get("pathWithQueryString") or found.resource["path"]).partition("?")[0]
    match = exchange.routes.tree.find(path, verb)
    params = match.params if match is not None and match.resource["id"] == found.resource["id"] else {}
    exchange.match = Match(found.resource, found.method, params)
    return exchange


async def _told(exchange: Exchange, response: Response, milliseconds: int) -> Answer:
    headers: dict[str, list[str]] = {}
    for name, each in response.headers:
        headers.setdefault(name, []).append(each)
    return {
        "status": response.status,
        "body": (await whole(response.body)).decode(errors="replace"),
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "log": "\n".join(exchange.log),
        "latency": milliseconds,
    }


@operation(transaction=False)
async def test_invoke_authorizer(ctx: Context, request: Request) -> Answer:
    exchange, authorizer = await ctx.transact(_prepared_authorizer, ctx, request)
    begun = perf_counter()
    answer: Answer = {"clientStatus": 200, "log": "", "latency": 0}
    try:
        if authorizer["type"] == "COGNITO_USER_POOLS":
            await authorizing.by_pool(exchange, authorizer)
            answer["claims"] = exchange.authorizer["claims"]
        else:
            said = await authorizing.ask(exchange, authorizer, authorizing.identity_of(exchange, authorizer))
            policy = said["policyDocument"]
            allows(policy, exchange.arn(), ctx)
            answer |= {
                "principalId": said["principalId"],
                "policy": policy if isinstance(policy, str) else orjson.dumps(policy).decode(),
            }
            answer["authorization"] = {name: [str(each)] for name, each in (said.get("context") or {}).items()}
    except Refused as refused:
        exchange.note(refused.why or refused.message or refused.kind)
        answer["clientStatus"] = refused.status
    except (ValueError, AWSError) as error:
        exchange.note(str(error))
        answer["clientStatus"] = 500
    return {**answer, "log": "\n".join(exchange.log), "latency": int((perf_counter() - begun) * 1000)}


async def _prepared_authorizer(ctx: Context, request: Request) -> tuple[Exchange, Answer]:
    api = await api_of(ctx, request)
    found = await parts.get(ctx, api["id"], "authorizer", request["authorizerId"])
    if found is None:
        raise errors.not_found("Invalid Authorizer identifier specified")
    exchange = await _exchange(ctx, request, "GET")
    exchange.match = Match({"id": "", "path": "/"}, {"httpMethod": "GET", "authorizationType": "CUSTOM"}, {})
    return exchange, found.document
