"""Who may use a function: the statements of its resource policy, one by one.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.permission.statements import Statements, of_account
from fogbank.services.lambda_.records import LATEST, ON_FUNCTION, Answer, Named, Request, find, named, policies
from fogbank.services.lambda_.service import service

# Members of the request that are conditions of the statement: (member, operator, key).
CONDITIONS = (
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
)


async def _statements(ctx: Context, request: Request) -> tuple[Named, Statements]:
    """The function of a request, and the policy of what is qualified. Raises ResourceNotFoundException."""
    of = named(ctx, request)
    await find(of)
    if of.qualifier == LATEST:
        raise errors.invalid_parameter("We currently do not support adding policies for $LATEST.")
    return of, Statements(of.scope, policies, (of.name, of.qualifier))


@service.operation(**ON_FUNCTION)
async def add_permission(ctx: Context, request: Request) -> Answer:
    of, statements = await _statements(ctx, request)
    return await statements.add(request, _statement(of, request))


def _statement(of: Named, request: Request) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(of, request["Principal"]),
        "Action": request["Action"],
        "Resource": of.arn,
    }
    conditions: dict[str, dict[str, str]] = {}
    for member, operator, key in CONDITIONS:
        value = request.get(member)
        if value is not None:
            conditions.setdefault(operator, {})[key] = value if isinstance(value, str) else str(value).lower()
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principal(of: Named, given: str) -> Any:
    if given == "*":
        return "*"
    principal = of_account(of.scope, given) or ({"Service": given} if "." in given else None)
    if principal is None:
        raise errors.invalid_parameter(
            f"The provided principal was invalid. Please check the principal and try again: {given}"
        )
    return principal


@service.operation(**ON_FUNCTION)
async def remove_permission(ctx: Context, request: Request) -> None:
    _, statements = await _statements(ctx, request)
    await statements.remove(request)


@service.operation(**ON_FUNCTION)
async def get_policy(ctx: Context, request: Request) -> Answer:
    _, statements = await _statements(ctx, request)
    return await statements.described("The resource you requested does not exist.")
