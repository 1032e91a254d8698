"""Resource policies: PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy, ListResourcePolicies, ValidateResourcePolicy."""

from __future__ import annotations

from typing import Any

from fogbank.identity.publicity import is_public
from fogbank.kernel import AWSError, Context, pages
from fogbank.services.secretsmanager import errors, limits, policy_checks
from fogbank.services.secretsmanager.access import ON_POLICY, ON_SECRET
from fogbank.services.secretsmanager.saving import save
from fogbank.services.secretsmanager.secret import arn, arn_of, find_live, find_own
from fogbank.services.secretsmanager.service import service

Request = dict[str, Any]

DEFAULT = "default"


@service.operation(**ON_POLICY)
async def put_resource_policy(ctx: Context, request: Request) -> Request:
    """Attach the policy named default, in place of what was there. API_PutResourcePolicy."""
    name = _only_default(request)
    scope, secret = await find_own(ctx, request)
    text = request["ResourcePolicy"]
    document = policy_checks.document(text)
    if request.get("BlockPublicPolicy") and is_public(document):
        raise errors.public_policy()
    await save(scope, secret, policies={**secret.policies, name: text})
    return {"ARN": arn(scope, secret), "Name": secret.name, "PolicyName": name}


@service.operation(**ON_POLICY)
async def get_resource_policy(ctx: Context, request: Request) -> Request:
    """A policy of the secret; without one, the answer has none. API_GetResourcePolicy."""
    name = request.get("PolicyName", DEFAULT)
    scope, secret = await find_live(ctx, request)
    text = secret.policies.get(name)
    if text is None and name != DEFAULT:
        raise errors.policy_not_found(name)
    return {
        "ARN": arn(scope, secret),
        "Name": secret.name,
        "ResourcePolicy": text,
        "PolicyName": None if text is None else name,
    }


@service.operation(**ON_POLICY)
async def delete_resource_policy(ctx: Context, request: Request) -> Request:
    """Take the policy named default away, if there is one. API_DeleteResourcePolicy."""
    name = _only_default(request)
    scope, secret = await find_own(ctx, request)
    await save(scope, secret, policies={key: text for key, text in secret.policies.items() if key != name})
    return {"ARN": arn(scope, secret), "Name": secret.name, "PolicyName": name}


def _only_default(request: Request) -> str:
    name: str = request.get("PolicyName", DEFAULT)
    if name != DEFAULT:
        raise errors.only_the_default_policy(name)
    return name


@service.operation(**ON_SECRET)
async def list_resource_policies(ctx: Context, request: Request) -> Request:
    """The names of the secret's policies: default, then the others by name. API_ListResourcePolicies."""
    _, secret = await find_live(ctx, request)
    names = sorted(secret.policies, key=_order)
    if "NextToken" in request:
        last = pages.position(request["NextToken"], errors.invalid_next_token())
        names = [name for name in names if _order(name) > last]
    shown, token = pages.page(names, request.get("MaxResults", limits.PAGE), _order)
    return {"ResourcePolicies": [{"PolicyName": name} for name in shown], "NextToken": token}


def _order(name: str) -> str:
    return "" if name == DEFAULT else name


def _validated_arn(ctx: Context, request: Request) -> str:
    return ON_SECRET["resource"](ctx, request) if "SecretId" in request else arn_of(ctx, "*")


async def _validated_policy(ctx: Context, request: Request) -> str | None:
    return await ON_SECRET["policy"](ctx, request) if "SecretId" in request else None


@service.operation(resource=_validated_arn, policy=_validated_policy, keys=ON_SECRET["keys"])
async def validate_resource_policy(ctx: Context, request: Request) -> Request:
    """Whether a policy could be attached, lets in no broad public and does not lock out the caller. API_ValidateResourcePolicy."""
    on = arn_of(ctx, "*")
    if "SecretId" in request:
        scope, secret = await find_live(ctx, request)
        on = arn(scope, secret)
    try:
        document = policy_checks.document(request["ResourcePolicy"])
    except AWSError as error:
        return _invalid([("SYNTAX_CHECK", error.message)])
    found = []
    if is_public(document):
        found.append(("BROAD_ACCESS_CHECK", "The resource policy does not prevent broad access to the secret."))
    if policy_checks.locks_out(document, ctx.principal, on):
        found.append(("LOCKOUT_CHECK", "The resource policy locks out the caller."))
    return _invalid(found)


def _invalid(found: list[tuple[str, str]]) -> Request:
    entries = [{"CheckName": name, "ErrorMessage": message} for name, message in found]
    return {"PolicyValidationPassed": not entries, "ValidationErrors": entries}
