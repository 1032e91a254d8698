"""The resource policy of a function as a whole: put, got and deleted as a document. Its single statements are in `permissions`."""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.records import (
    LATEST,
    ON_FUNCTION,
    Answer,
    Named,
    Policy,
    Request,
    document_of,
    find,
    named,
    policies,
)
from fogbank.services.lambda_.service import service


def _named(request: Request) -> Request:
    return {"FunctionName": request["ResourceArn"]}


def _of_resource(name: str) -> Any:
    """An option of the operations on functions, for those that name them by ARN."""
    return lambda ctx, request: ON_FUNCTION[name](ctx, _named(request))


_ON_RESOURCE = {name: _of_resource(name) for name in ON_FUNCTION}


async def _found(ctx: Context, request: Request) -> tuple[Named, Policy | None]:
    """Raises ResourceNotFoundException for what is not there, PreconditionFailedException for another revision."""
    of = named(ctx, _named(request))
    await find(of)
    if of.qualifier == LATEST:
        of = of._replace(qualifier="")
    policy = await policies.get(of.scope, of.name, of.qualifier)
    if request.get("RevisionId") is not None and (policy is None or policy.revision != request["RevisionId"]):
        raise errors.revision_differs()
    return of, policy


def _statements(text: str) -> list[dict[str, Any]]:
    try:
        document = orjson.loads(text)
        listed = document["Statement"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise errors.invalid_parameter("The policy is not a JSON document with statements.") from error
    statements = listed if isinstance(listed, list) else [listed]
    for statement in statements:
        if not isinstance(statement, dict) or not statement.keys() >= {"Effect", "Principal", "Action", "Resource"}:
            raise errors.invalid_parameter("Each statement needs an Effect, a Principal, an Action and a Resource.")
    # they can be removed one by one, so each has a name
    return [{"Sid": f"statement-{number}", **each} for number, each in enumerate(statements, 1)]


@service.operation(**_ON_RESOURCE)
async def put_resource_policy(ctx: Context, request: Request) -> Answer:
    """In the place of whatever there was, also of what AddPermission has added."""
    of, _ = await _found(ctx, request)
    policy = Policy(_statements(request["Policy"]), ctx.ids.uuid())
    policies.put(of.scope, policy, of.name, of.qualifier)
    return {"Policy": document_of(policy), "RevisionId": policy.revision}


@service.operation(**_ON_RESOURCE)
async def get_resource_policy(ctx: Context, request: Request) -> Answer:
    _, policy = await _found(ctx, request)
    document = document_of(policy)
    if policy is None or document is None:
        raise errors.not_found("The resource you requested does not exist.")
    return {"Policy": document, "RevisionId": policy.revision}


@service.operation(**_ON_RESOURCE)
async def delete_resource_policy(ctx: Context, request: Request) -> None:
    of, policy = await _found(ctx, request)
    if policy is None or not policy.statements:
        raise errors.not_found("The resource you requested does not exist.")
    policies.delete(of.scope, of.name, of.qualifier)
