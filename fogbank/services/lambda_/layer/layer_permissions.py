"""Who may use a layer version: the statements of its resource policy, one by one.

https://docs.aws.amazon.com/lambda/latest/dg/permissions-layer-cross-account.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.layer.layers import ON_VERSION, Version, find, policies, version_of
from fogbank.services.lambda_.permission.statements import Statements, of_account
from fogbank.services.lambda_.records import Answer, Request
from fogbank.services.lambda_.service import service


async def _statements(ctx: Context, request: Request) -> tuple[Version, Statements]:
    """Raises ResourceNotFoundException."""
    version = version_of(ctx, request)
    await find(version)
    return version, Statements(version.scope, policies, (version.name, version.number))


@service.operation(**ON_VERSION)
async def add_layer_version_permission(ctx: Context, request: Request) -> Answer:
    version, statements = await _statements(ctx, request)
    return await statements.add(request, _statement(version, request))


def _statement(version: Version, request: Request) -> dict[str, Any]:
    given, organization = request["Principal"], request.get("OrganizationId")
    if organization is not None and given != "*":
        raise errors.invalid_parameter("OrganizationId can only be specified when the principal is *.")
    statement = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": of_account(version.scope, given) or given,
        "Action": request["Action"],
        "Resource": version.arn,
    }
    if organization is not None:
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organization}}
    return statement


@service.operation(**ON_VERSION)
async def remove_layer_version_permission(ctx: Context, request: Request) -> None:
    _, statements = await _statements(ctx, request)
    await statements.remove(request)


@service.operation(**ON_VERSION)
async def get_layer_version_policy(ctx: Context, request: Request) -> Answer:
    _, statements = await _statements(ctx, request)
    return await statements.described("No policy is associated with the given resource.")
