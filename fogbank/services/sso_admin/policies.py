"""What a permission set permits: inline policy, AWS managed policies, references to customer managed ones, permissions boundary."""

from __future__ import annotations

from typing import Any

from fogbank.identity import policy_grammar
from fogbank.kernel import Context
from fogbank.services.sso_admin import errors
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.permission_set import ON_SET, find_set, save
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]


@service.operation(**ON_SET)
async def put_inline_policy_to_permission_set(ctx: Context, request: Request) -> Request:
    """Raises ValidationException for what is no policy. API_PutInlinePolicyToPermissionSet."""
    present = await find_set(ctx, request)
    try:
        policy_grammar.check(request["InlinePolicy"], "identity")
    except policy_grammar.MalformedPolicy as finding:
        raise errors.invalid(f"The inline policy is not valid: {finding.message}") from None
    save(ctx, present, inline=request["InlinePolicy"])
    return {}


@service.operation(**ON_SET)
async def get_inline_policy_for_permission_set(ctx: Context, request: Request) -> Request:
    """Empty text when there is none. API_GetInlinePolicyForPermissionSet."""
    return {"InlinePolicy": (await find_set(ctx, request)).inline or ""}


@service.operation(**ON_SET)
async def delete_inline_policy_from_permission_set(ctx: Context, request: Request) -> Request:
    """API_DeleteInlinePolicyFromPermissionSet."""
    save(ctx, await find_set(ctx, request), inline=None)
    return {}


# -- AWS managed policies


@service.operation(**ON_SET)
async def attach_managed_policy_to_permission_set(ctx: Context, request: Request) -> Request:
    """Raises ConflictException for one that is attached already. API_AttachManagedPolicyToPermissionSet."""
    present, arn = await find_set(ctx, request), request["ManagedPolicyArn"]
    if arn in present.managed:
        raise errors.already_attached(arn)
    save(ctx, present, managed=(*present.managed, arn))
    return {}


@service.operation(**ON_SET)
async def detach_managed_policy_from_permission_set(ctx: Context, request: Request) -> Request:
    """API_DetachManagedPolicyFromPermissionSet."""
    present, arn = await find_set(ctx, request), request["ManagedPolicyArn"]
    if arn not in present.managed:
        raise errors.not_attached(arn)
    save(ctx, present, managed=tuple(kept for kept in present.managed if kept != arn))
    return {}


@service.operation(**ON_SET)
async def list_managed_policies_in_permission_set(ctx: Context, request: Request) -> Request:
    """API_ListManagedPoliciesInPermissionSet."""
    arns = sorted((await find_set(ctx, request)).managed)
    return listed(
        request, "AttachedManagedPolicies", arns, str, lambda arn: {"Name": arn.rpartition("/")[2], "Arn": arn}
    )


# -- customer managed policies


def _reference(request: Request) -> tuple[str, str]:
    given = request["CustomerManagedPolicyReference"]
    return given.get("Path", "/"), given["Name"]


@service.operation(**ON_SET)
async def attach_customer_managed_policy_reference_to_permission_set(ctx: Context, request: Request) -> Request:
    """API_AttachCustomerManagedPolicyReferenceToPermissionSet."""
    present, reference = await find_set(ctx, request), _reference(request)
    if reference in present.references:
        raise errors.already_attached("".join(reference))
    save(ctx, present, references=(*present.references, reference))
    return {}


@service.operation(**ON_SET)
async def detach_customer_managed_policy_reference_from_permission_set(ctx: Context, request: Request) -> Request:
    """API_DetachCustomerManagedPolicyReferenceFromPermissionSet."""
    present, reference = await find_set(ctx, request), _reference(request)
    if reference not in present.references:
        raise errors.not_attached("".join(reference))
    save(ctx, present, references=tuple(kept for kept in present.references if kept != reference))
    return {}


@service.operation(**ON_SET)
async def list_customer_managed_policy_references_in_permission_set(ctx: Context, request: Request) -> Request:
    """API_ListCustomerManagedPolicyReferencesInPermissionSet."""
    rows = sorted((await find_set(ctx, request)).references)
    member = "CustomerManagedPolicyReferences"
    return listed(request, member, rows, lambda row: "".join(row), lambda row: {"Name": row[1], "Path": row[0]})


# -- the boundary


@service.operation(**ON_SET)
async def put_permissions_boundary_to_permission_set(ctx: Context, request: Request) -> Request:
    """Raises ValidationException unless exactly one kind of policy is given. API_PutPermissionsBoundaryToPermissionSet."""
    present, boundary = await find_set(ctx, request), request["PermissionsBoundary"]
    if len(boundary) != 1:
        raise errors.invalid("A permissions boundary is either a managed policy or a reference to one.")
    save(ctx, present, boundary=boundary)
    return {}


@service.operation(**ON_SET)
async def get_permissions_boundary_for_permission_set(ctx: Context, request: Request) -> Request:
    """API_GetPermissionsBoundaryForPermissionSet."""
    present = await find_set(ctx, request)
    if present.boundary is None:
        raise errors.no_boundary(present.arn)
    return {"PermissionsBoundary": present.boundary}


@service.operation(**ON_SET)
async def delete_permissions_boundary_from_permission_set(ctx: Context, request: Request) -> Request:
    """API_DeletePermissionsBoundaryFromPermissionSet."""
    save(ctx, await find_set(ctx, request), boundary=None)
    return {}
