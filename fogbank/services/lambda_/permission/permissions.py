"""Who may use a function: the statements of its resource policy, one by one.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

from typing import Any

from fogbank.identity import directory, known
from fogbank.kernel import Context
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.permission.statements import Statements, of_account
from fogbank.services.lambda_.records import LATEST, ON_FUNCTION, Answer, Named, Request, find, named, policies
from fogbank.services.lambda_.service import service

# Alexa's are of Amazon itself.
_SERVICES = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")
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
    if request.get("FunctionUrlAuthType") and request["Action"] != "lambda:InvokeFunctionUrl":
        raise errors.invalid_parameter("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
    principal = await _principal(ctx, request["Principal"])
    return await statements.add(request, _statement(of, request, principal))


def _statement(of: Named, request: Request, principal: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": principal,
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


async def _principal(ctx: Context, given: str) -> Any:
    """As policies say it. Raises InvalidParameterValueException for nobody's name."""
    if given == "*":
        return "*"
    of_somebody = of_account(ctx, given)
    if of_somebody is None:
        if not given.endswith(_SERVICES):
            raise errors.principal_not_valid()
        return {"Service": given}
    arn: str = of_somebody["AWS"]
    # of accounts that nobody has used IAM in nothing is known, so that any user or role may be there
    is_known = await directory.iam_token(ctx.at(account=arn.split(":")[4])) is not None
    if is_known and not await known.exists(ctx, arn):
        raise errors.principal_not_valid()
    return of_somebody


@service.operation(**ON_FUNCTION)
async def remove_permission(ctx: Context, request: Request) -> None:
    _, statements = await _statements(ctx, request)
    await statements.remove(request)


@service.operation(**ON_FUNCTION)
async def get_policy(ctx: Context, request: Request) -> Answer:
    _, statements = await _statements(ctx, request)
    return await statements.described("The resource you requested does not exist.")
