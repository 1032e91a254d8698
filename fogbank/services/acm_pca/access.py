"""What the decision about a request needs to know of Private CA: ARNs, policy, owner, tags, condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsprivatecertificateauthority.html
"""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import Context
from fogbank.services.acm_pca.authority import Authority, arn_of, authorities, look_up, named, parse

Request = dict[str, Any]


def named_arn(ctx: Context, request: Request) -> str:
    return named(request)


async def owner(ctx: Context, request: Request) -> str:
    return parse(named(request))[1]


async def policy(ctx: Context, request: Request) -> str | None:
    """The authority's resource policy, with the permissions that it has given to services as further statements."""
    _, authority = await ctx.transact(look_up, ctx, request)
    return None if authority is None else _with_permissions(authority)


async def owned_policy(ctx: Context, request: Request) -> str | None:
    """The same for what only the owner may do: a policy can forbid it, but not open it to others."""
    return await policy(ctx, request) if await owner(ctx, request) == ctx.principal.account else None


def _with_permissions(authority: Authority) -> str | None:
    if not authority.permissions:
        return authority.policy
    given = json.loads(authority.policy)["Statement"] if authority.policy else []
    statements = given if isinstance(given, list) else [given]
    for permission in authority.permissions:
        statements.append(
            {
                "Effect": "Allow",
                "Principal": {"Service": permission.principal},
                "Action": [f"acm-pca:{action}" for action in permission.actions],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": permission.source}},
            }
        )
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


async def tags(ctx: Context, request: Request) -> dict[str, str]:
    found = await authorities.get(ctx, parse(named(request))[2])
    return {} if found is None else found.tags


def condition_keys(ctx: Context, request: Request) -> dict[str, str]:
    return {"acm-pca:TemplateArn": request["TemplateArn"]} if "TemplateArn" in request else {}


# -- options of operations: those that a policy can open to other accounts, and those that it cannot

SHARED: dict[str, Any] = {
    "resource": named_arn,
    "policy": policy,
    "owner": owner,
    "tags": tags,
    "keys": condition_keys,
}
OWNED: dict[str, Any] = {**SHARED, "policy": owned_policy}
ON_ALL: dict[str, Any] = {"resource": lambda ctx, request: arn_of(ctx, "*")}
