"""DescribeParameters."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.ssm import errors, filters, limits, policies, walking
from fogbank.services.ssm.parameter import Parameter, arn
from fogbank.services.ssm.service import service

Request = dict[str, Any]


@service.operation(resource=lambda ctx, request: arn(ctx, "*"))
async def describe_parameters(ctx: Context, request: Request) -> Request:
    """All about the parameters that pass the filters, but for their values. API_DescribeParameters.

    No parameter is shared between accounts, so `Shared` finds none.
    """
    tests = filters.described(request)
    token = request.get("NextToken")
    after = pages.position(token, errors.invalid_next_token()) if token else ""
    limit = request.get("MaxResults", limits.PAGE)
    found: list[Parameter] = []
    if not request.get("Shared"):
        async for parameter in walking.all_after(ctx, after):
            if all(test(parameter) for test in tests):
                found.append(parameter)
            if len(found) > limit:
                break
    shown, following = pages.page(found, limit, lambda parameter: parameter.name)
    return {"Parameters": [_shown(ctx, parameter) for parameter in shown], "NextToken": following}


def _shown(ctx: Context, parameter: Parameter) -> Request:
    latest = parameter.latest
    return {
        "Name": parameter.name,
        "ARN": arn(ctx, parameter.name),
        "Type": latest.type,
        "KeyId": latest.key,
        "LastModifiedDate": latest.modified,
        "LastModifiedUser": latest.user,
        "Description": latest.description,
        "AllowedPattern": latest.pattern,
        "Version": latest.number,
        "Tier": latest.tier,
        "Policies": policies.shown(latest.policies),
        "DataType": latest.data_type,
    }
