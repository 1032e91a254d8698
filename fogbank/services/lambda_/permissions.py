"""Who may use a function: the statements of its resource policy, one by one.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

from typing import Any

import msgspec

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

_NO_POLICY = Policy([], "")
# Members of the request that are conditions of the statement: (member, operator, key).
_CONDITIONS = (
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
)


async def _policy(ctx: Context, request: Request) -> tuple[Named, Policy]:
    """The function of a request, and the policy of what is qualified. Raises ResourceNotFoundException."""
    of = named(ctx, request)
    await find(of)
    if of.qualifier == LATEST:
        raise errors.invalid_parameter("We currently do not support adding policies for $LATEST.")
    policy = await policies.get(of.scope, of.name, of.qualifier) or _NO_POLICY
    if request.get("RevisionId") not in (None, "", policy.revision):
        raise errors.revision_differs()
    return of, policy


@service.operation(**ON_FUNCTION)
async def add_permission(ctx: Context, request: Request) -> Answer:
    of, policy = await _policy(ctx, request)
    identifier = request["StatementId"]
    if any(statement["Sid"] == identifier for statement in policy.statements):
        raise errors.conflict(
            f"The statement id ({identifier}) provided already exists. Please provide a new statement id, or remove the existing statement."
        )
    statement = _statement(of, request)
    policies.put(of.scope, Policy([*policy.statements, statement], ctx.ids.uuid()), of.name, of.qualifier)
    return {"Statement": msgspec.json.encode(statement).decode()}


def _statement(of: Named, request: Request) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(of, request["Principal"]),
        "Action": request["Action"],
        "Resource": of.arn,
    }
    conditions: dict[str, dict[str, str]] = {}
    for member, operator, key in _CONDITIONS:
        value = request.get(member)
        if value is not None:
            conditions.setdefault(operator, {})[key] = value if isinstance(value, str) else str(value).lower()
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principal(of: Named, given: str) -> Any:
    if given == "*":
        return "*"
    if given.isdecimal() and len(given) == 12:
        return {"AWS": f"arn:{of.scope.partition}:iam::{given}:root"}
    if given.startswith("arn:"):
        return {"AWS": given}
    if "." in given:
        return {"Service": given}
    raise errors.invalid_parameter(
        f"The provided principal was invalid. Please check the principal and try again: {given}"
    )


@service.operation(**ON_FUNCTION)
async def remove_permission(ctx: Context, request: Request) -> None:
    of, policy = await _policy(ctx, request)
    kept = [statement for statement in policy.statements if statement["Sid"] != request["StatementId"]]
    if len(kept) == len(policy.statements):
        raise errors.not_found(f"Statement {request['StatementId']} is not found in resource policy.")
    policies.put(of.scope, Policy(kept, ctx.ids.uuid()), of.name, of.qualifier)


@service.operation(**ON_FUNCTION)
async def get_policy(ctx: Context, request: Request) -> Answer:
    _, policy = await _policy(ctx, request)
    document = document_of(policy)
    if document is None:
        raise errors.not_found("The resource you requested does not exist.")
    return {"Policy": document, "RevisionId": policy.revision}
