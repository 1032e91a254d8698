"""What AWS sets up behind its APIs and nobody can set up through them: partners' delegation requests, and role templates.

A partner has to be taken on by AWS before it can ask for delegated access (its policy templates are registered then), and role
templates come from AWS's services. Here nobody was taken on and there are no templates, so whatever a request names is not found.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation.html
"""

from __future__ import annotations

from typing import Any, Final

from fogbank.kernel import Context
from fogbank.services.iam import errors
from fogbank.services.iam.listing import listed
from fogbank.services.iam.service import service

Request = dict[str, Any]

_ABOUT_A_REQUEST: Final = (
    "accept_delegation_request",
    "associate_delegation_request",
    "get_delegation_request",
    "reject_delegation_request",
    "send_delegation_token",
    "update_delegation_request",
)


def _delegation_request(ctx: Context, request: Request) -> str:
    return f"arn:{ctx.partition}:iam::{ctx.account}:delegation-request/{request['DelegationRequestId']}"


async def _no_such_request(ctx: Context, request: Request) -> Request:
    raise errors.no_such_entity(f"Delegation request {request['DelegationRequestId']} cannot be found.")


for _name in _ABOUT_A_REQUEST:
    service.operation_from(_no_such_request, _name, resource=_delegation_request)


@service.operation
async def create_delegation_request(ctx: Context, request: Request) -> Request:
    """API_CreateDelegationRequest. Raises InvalidInput: no policy template is registered."""
    raise errors.invalid_input(f"Policy template {request['Permissions'].get('PolicyTemplateArn', '')} does not exist.")


@service.operation
async def list_delegation_requests(ctx: Context, request: Request) -> Request:
    """API_ListDelegationRequests."""
    answer = listed(request, "DelegationRequests", [])
    return {"DelegationRequests": answer["DelegationRequests"], "isTruncated": answer["IsTruncated"]}


@service.operation(resource=lambda ctx, request: request["EntityArn"])
async def get_human_readable_summary(ctx: Context, request: Request) -> Request:
    """API_GetHumanReadableSummary: of delegation requests only."""
    if ":delegation-request/" not in request["EntityArn"]:
        raise errors.invalid_arn(request["EntityArn"])
    raise errors.no_such_entity(f"{request['EntityArn']} cannot be found.")


async def _no_such_template(ctx: Context, request: Request) -> Request:
    raise errors.no_such_entity(f"Role template {request['TemplateArn']} cannot be found.")


for _name in ("acquire_role", "get_role_template_version"):
    service.operation_from(_no_such_template, _name, resource=lambda ctx, request: request["TemplateArn"])
