"""The decision about a key: its policy, its grants, its condition keys. Operations ask for it when they know which key they act on.

A key's policy alone says who has authority over it, and whether IAM policies count. A grant is as good as a statement of the policy
that names the grantee, in whatever account.
https://docs.aws.amazon.com/kms/latest/developerguide/control-access.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.kms import errors, grant, managed, references
from fogbank.services.kms.references import Reference, Target, look_up

Request = dict[str, Any]
Keys = dict[str, str | tuple[str, ...]]

# Members of requests that are condition keys.
# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
_KEYS = {
    "BypassPolicyLockoutSafetyCheck": "kms:BypassPolicyLockoutSafetyCheck",
    "CustomerMasterKeySpec": "kms:KeySpec",
    "EncryptionAlgorithm": "kms:EncryptionAlgorithm",
    "ExpirationModel": "kms:ExpirationModel",
    "GranteePrincipal": "kms:GranteePrincipal",
    "GranteeServicePrincipal": "kms:GranteePrincipal",
    "KeyAgreementAlgorithm": "kms:KeyAgreementAlgorithm",
    "KeyPairSpec": "kms:DataKeyPairSpec",
    "KeyUsage": "kms:KeyUsage",
    "MacAlgorithm": "kms:MacAlgorithm",
    "MessageType": "kms:MessageType",
    "MultiRegion": "kms:MultiRegion",
    "Operations": "kms:GrantOperations",
    "Origin": "kms:KeyOrigin",
    "PendingWindowInDays": "kms:ScheduleKeyDeletionPendingWindowInDays",
    "PolicyName": "kms:PolicyName",
    "PrimaryRegion": "kms:PrimaryRegion",
    "ReEncryptOnSameKey": "kms:ReEncryptOnSameKey",
    "ReplicaRegion": "kms:ReplicaRegion",
    "RetiringPrincipal": "kms:RetiringPrincipal",
    "RetiringServicePrincipal": "kms:RetiringPrincipal",
    "RotationPeriodInDays": "kms:RotationPeriodInDays",
    "SigningAlgorithm": "kms:SigningAlgorithm",
    "ValidTo": "kms:ValidTo",
    "WrappingAlgorithm": "kms:WrappingAlgorithm",
    "WrappingKeySpec": "kms:WrappingKeySpec",
}


def in_handler(ctx: Context, request: Request) -> tuple[str, ...]:
    """For the `resource` of operations that ask for themselves, once they have found the key."""
    return ()


ON_KEY: dict[str, Any] = {"resource": in_handler}


# -- finding a key that the caller may do something with


async def find_to_use(ctx: Context, request: Request, action: str, member: str = "KeyId") -> Target:
    """A key by any of its names, of whatever account; `action` without prefix (`Encrypt`).

    An alias of AWS's gets its key when it is first used. Raises NotFoundException, InvalidArnException, AccessDeniedException.
    """
    reference = references.parse(ctx, request[member])
    scope = references.scope_of(ctx, reference.account)
    target = await look_up(scope, reference)
    if target is None and scope is ctx and reference.alias.startswith(managed.PREFIX):
        target = await managed.make(ctx, reference.alias)
    if target is None:
        return await _refuse_missing(ctx, scope, reference, action)
    await permit(ctx, target, action, request)
    return target


async def find(ctx: Context, request: Request, action: str, member: str = "KeyId") -> Target:
    """A key by id or ARN, of whatever account. Raises as `find_to_use`."""
    reference = references.parse(ctx, request[member])
    if reference.alias:
        raise errors.invalid_key_id(request[member])
    scope = references.scope_of(ctx, reference.account)
    target = await look_up(scope, reference)
    if target is None:
        return await _refuse_missing(ctx, scope, reference, action)
    await permit(ctx, target, action, request)
    return target


async def find_own(ctx: Context, request: Request, action: str, member: str = "KeyId") -> Target:
    """A key of the caller's own account by id or ARN. Raises as `find_to_use`."""
    reference = references.parse(ctx, request[member])
    if reference.account != ctx.account:
        arn, _ = references.missing(references.scope_of(ctx, reference.account), reference)
        raise errors.key_of_another(ctx.principal.arn, _action(action), arn)
    return await find(ctx, request, action, member)


async def find_to_manage(ctx: Context, request: Request, action: str, member: str = "KeyId") -> Target:
    """A key of the own account that is not AWS's to manage. Raises as `find_to_use`."""
    target = await find_own(ctx, request, action, member)
    if target.key.managed_by_aws:
        raise errors.managed_by_aws(ctx.principal.arn, _action(action), target.arn)
    return target


async def _refuse_missing(ctx: Context, scope: Context, reference: Reference, action: str) -> Target:
    arn, error = references.missing(scope, reference)
    if scope is not ctx:
        raise errors.key_of_another(ctx.principal.arn, _action(action), arn)
    if reference.key_id:
        await ctx.authorise(_action(action), arn)
    raise error


# -- the decision


async def permit(ctx: Context, target: Target, action: str, request: Request) -> None:
    """Raise AccessDeniedException unless the caller may do `action` (`Encrypt`) with the key."""
    for text in request.get("GrantTokens") or ():
        grant.place_of(text)
    name = _action(action)
    owner = target.scope.account
    policy = effective(target.key.policy)
    if target.key.grants:
        given = await grant.granting(ctx, target, action, request.get("EncryptionContext") or {})
        if given is not None:
            policy = _with_grant(policy, given.grantee, name)
            owner = _owner_for(ctx, given, owner)
    try:
        await ctx.authorise(
            name,
            target.arn,
            policy=policy,
            owner=owner,
            keys=condition_keys(ctx, target, request),
            tags=target.key.tags,
        )
    except AWSError as error:
        if target.scope is not ctx and "resource-based" in error.message:
            raise errors.key_of_another(ctx.principal.arn, name, target.arn) from error
        raise


def _action(operation: str) -> str:
    return f"kms:{operation}"


def _owner_for(ctx: Context, given: grant.Grant, owner: str) -> str:
    """A grant to the caller itself needs no consent of the caller's account: it is decided as if the key were there."""
    return ctx.principal.account if given.grantee in (ctx.principal.arn, ctx.principal.issuer) else owner


@lru_cache(maxsize=1024)
def effective(policy: str) -> str:
    """The policy without statements that lack an action or a resource: KMS takes them, and they have no effect.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    """
    document = json.loads(policy)
    statements = _statements(document)
    complete = [
        statement
        for statement in statements
        if ("Action" in statement or "NotAction" in statement)
        and ("Resource" in statement or "NotResource" in statement)
    ]
    return policy if len(complete) == len(statements) else json.dumps({**document, "Statement": complete})


@lru_cache(maxsize=1024)
def _with_grant(policy: str, grantee: str, action: str) -> str:
    document = json.loads(policy)
    form = "AWS" if grantee.startswith("arn:") else "Service"
    statement = {"Effect": "Allow", "Principal": {form: grantee}, "Action": action, "Resource": "*"}
    return json.dumps({**document, "Statement": [*_statements(document), statement]})


def _statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    listed = document.get("Statement", [])
    return listed if isinstance(listed, list) else [listed]


# -- condition keys


def condition_keys(ctx: Context, target: Target, request: Request) -> Keys:
    """KMS's own condition keys of a request about a key."""
    key = target.key
    found = of_request(ctx, request)
    found["kms:KeySpec"] = key.spec
    found["kms:KeyUsage"] = key.usage
    found["kms:KeyOrigin"] = key.origin
    found["kms:MultiRegion"] = _boolean(bool(key.regions))
    if key.symmetric:
        found["kms:EncryptionAlgorithm"] = key.spec
    if key.aliases:
        found["kms:ResourceAliases"] = tuple(f"alias/{name}" for name in key.aliases)
    if key.regions:
        found["kms:MultiRegionKeyType"] = "REPLICA" if key.is_replica(target.scope.region) else "PRIMARY"
    if target.alias:
        found["kms:RequestAlias"] = f"alias/{target.alias}"
    return found


def of_request(ctx: Context, request: Request) -> Keys:
    """The condition keys that a request has without its key."""
    found: Keys = {}
    if ctx.principal.kind != "service":
        found["kms:CallerAccount"] = ctx.principal.account
    for member, value in request.items():
        name = _KEYS.get(member)
        if name is not None and value is not None:
            found[name] = _value(value)
    context = request.get("EncryptionContext")
    if context:
        found["kms:EncryptionContextKeys"] = tuple(context)
        for pair, value in context.items():
            found[f"kms:EncryptionContext:{pair}"] = value
    if "Operations" in request:
        found.update(_of_grant(ctx, request))
    if "Tags" in request or "TagKeys" in request:
        found.update(_of_tags(request))
    return found


def _of_grant(ctx: Context, request: Request) -> Keys:
    constraints = [name for name in request.get("Constraints") or {} if name.startswith("EncryptionContext")]
    by_service = ctx.principal.kind == "service" or "kms:ViaService" in ctx.origin
    found: Keys = {"kms:GrantIsForAWSResource": _boolean(by_service)}
    if constraints:
        found["kms:GrantConstraintType"] = constraints[0]
    return found


def _of_tags(request: Request) -> Keys:
    tags = {tag["TagKey"]: tag["TagValue"] for tag in request.get("Tags") or ()}
    found: Keys = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    names = tuple(tags) or tuple(request.get("TagKeys") or ())
    return {**found, "aws:TagKeys": names} if names else found


def _value(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, bool):
        return _boolean(value)
    return tuple(value) if isinstance(value, list) else str(value)


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def keys_of_request(ctx: Context, request: Request) -> Mapping[str, str | tuple[str, ...]]:
    """For the `keys` of operations that are about no key yet."""
    found = of_request(ctx, request)
    if "KeySpec" in request:
        found["kms:KeySpec"] = request["KeySpec"]
    return found
