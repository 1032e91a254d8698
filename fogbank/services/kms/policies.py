"""Key policies: PutKeyPolicy, GetKeyPolicy, ListKeyPolicies, and what is checked of a policy before it is taken.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fogbank.identity.condition_keys import ConditionKeys, Situation
from fogbank.identity.known import exists
from fogbank.identity.policy import Access, compiled
from fogbank.identity.policy_grammar import MalformedPolicy, check
from fogbank.kernel import Context
from fogbank.services.kms import errors, limits
from fogbank.services.kms.access import (
    ON_KEY,
    Keys,
    condition_keys,
    effective,
    find_own,
    find_to_manage,
)
from fogbank.services.kms.key import modify
from fogbank.services.kms.listing import page_of, paged
from fogbank.services.kms.references import Target
from fogbank.services.kms.service import service

Request = dict[str, Any]

DEFAULT = "default"
_OF_RAM = "AWS_RAM"


def default_policy(ctx: Context) -> str:
    """What a key gets that is created without a policy: the account decides, by its IAM policies."""
    return f"""{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{ctx.partition}:iam::{ctx.account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"""


# -- operations


@service.operation(**ON_KEY)
async def put_key_policy(ctx: Context, request: Request) -> Request:
    """Replace a key's policy. API_PutKeyPolicy."""
    target = await find_to_manage(ctx, {"PolicyName": DEFAULT, **request}, "PutKeyPolicy")
    name = request.get("PolicyName", DEFAULT)
    if name == _OF_RAM:
        raise errors.policy_of_ram()
    if name != DEFAULT:
        raise errors.no_such_policy()
    await check_policy(ctx, target, request)
    modify(ctx, target.key, policy=request["Policy"])
    return {}


@service.operation(**ON_KEY)
async def get_key_policy(ctx: Context, request: Request) -> Request:
    """A key's policy as it was put. API_GetKeyPolicy."""
    target = await find_own(ctx, {"PolicyName": DEFAULT, **request}, "GetKeyPolicy")
    if request.get("PolicyName", DEFAULT) != DEFAULT:
        raise errors.no_such_policy()
    return {"Policy": target.key.policy, "PolicyName": DEFAULT}


@service.operation(**ON_KEY)
async def list_key_policies(ctx: Context, request: Request) -> Request:
    """The names of a key's policies, which is one. API_ListKeyPolicies."""
    await find_own(ctx, request, "ListKeyPolicies")
    return paged("PolicyNames", [DEFAULT], page_of(request), lambda name: name)


# -- checks


async def check_policy(ctx: Context, target: Target, request: Request) -> None:
    """Raise LimitExceededException or MalformedPolicyDocumentException unless KMS would take the policy for the key."""
    policy = request["Policy"]
    if len(policy.encode()) > limits.POLICY_BYTES:
        raise errors.limit_exceeded(f"The key policy is longer than {limits.POLICY_BYTES} bytes.")
    await _check_principals(ctx, _statements(policy))
    keys = condition_keys(ctx, target, {"PolicyName": DEFAULT, **request})
    if not request.get("BypassPolicyLockoutSafetyCheck") and not _leaves_access(ctx, target, policy, keys):
        raise errors.lockout()


def _statements(policy: str) -> list[dict[str, Any]]:
    try:
        check(_completed(policy), "resource")
    except MalformedPolicy as error:
        raise errors.malformed_policy(error.message) from error
    listed = json.loads(policy)["Statement"]
    return listed if isinstance(listed, list) else [listed]


def _completed(policy: str) -> str:
    """The policy as the grammar wants it. KMS takes statements that lack an action or a resource; they have no effect."""
    try:
        document = json.loads(policy)
        listed = document["Statement"]
        statements = [dict(statement) for statement in (listed if isinstance(listed, list) else [listed])]
    except (ValueError, KeyError, TypeError, RecursionError):
        return policy
    for statement in statements:
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise errors.policy_without_principal()
        if "NotAction" not in statement:
            statement.setdefault("Action", "kms:*")
        if "NotResource" not in statement:
            statement.setdefault("Resource", "*")
    return json.dumps({**document, "Statement": statements})


async def _check_principals(ctx: Context, statements: list[dict[str, Any]]) -> None:
    for arn in _named(statements):
        if not await exists(ctx, arn):
            raise errors.invalid_principals()


def _named(statements: list[dict[str, Any]]) -> Iterator[str]:
    """The AWS principals that a policy names."""
    for statement in statements:
        for element in (statement.get("Principal"), statement.get("NotPrincipal")):
            named = element.get("AWS", []) if isinstance(element, dict) else []
            yield from named if isinstance(named, list) else [named]


def _leaves_access(ctx: Context, target: Target, policy: str, keys: Keys) -> bool:
    """Could the caller change the policy again, under the policy?

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam
    """
    if ctx.app.settings.iam == "off":
        return True
    situation = Situation(ctx.principal, ctx.region, ctx.now(), ctx.request, owner=target.scope.account, extra=keys)
    access = Access(ctx.principal, "kms:PutKeyPolicy", target.arn, ConditionKeys(situation))
    outcome = compiled(effective(policy)).evaluate(access)
    return outcome.denied_by is None and outcome.allowed_by is not None
