"""What the decision about a request needs to know of Secrets Manager: the secret's ARN, its policy, its owner, the condition keys.

The ARN ends in characters that only the stored secret knows, so the secret is looked up when its policy is, and noted in the request.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.secretsmanager.secret import (
    SUFFIX_LENGTH,
    Secret,
    arn,
    arn_of,
    look_up,
    parse,
    scope_of,
)

Request = dict[str, Any]

_NOTE = "secret"
# What stands for the characters that a secret is to get, or would have if it were there.
_ANY_SUFFIX = "?" * SUFFIX_LENGTH

_KEYS = {
    "BlockPublicPolicy": "secretsmanager:BlockPublicPolicy",
    "Description": "secretsmanager:Description",
    "ForceDeleteWithoutRecovery": "secretsmanager:ForceDeleteWithoutRecovery",
    "ForceOverwriteReplicaSecret": "secretsmanager:ForceOverwriteReplicaSecret",
    "KmsKeyId": "secretsmanager:KmsKeyId",
    "Name": "secretsmanager:Name",
    "RecoveryWindowInDays": "secretsmanager:RecoveryWindowInDays",
    "ResourcePolicy": "secretsmanager:ResourcePolicy",
    "RotateImmediately": "secretsmanager:RotateImmediately",
    "RotationLambdaARN": "secretsmanager:RotationLambdaARN",
    "Type": "secretsmanager:Type",
    "VersionId": "secretsmanager:VersionId",
    "VersionStage": "secretsmanager:VersionStage",
}


async def policy(ctx: Context, request: Request) -> str | None:
    """The policy of the secret that the request names; the secret itself is noted for what is asked next."""
    _, secret = await ctx.transact(look_up, ctx, request["SecretId"])
    request[_NOTE] = secret
    return None if secret is None else secret.policy


async def _policy_for_admin(ctx: Context, request: Request) -> str | None:
    """The owner's root can always mend a policy, even one that locks everybody out."""
    text = await policy(ctx, request)
    return None if ctx.principal.kind == "root" and owner_of(ctx, request) == ctx.principal.account else text


def owner_of(ctx: Context, request: Request) -> str:
    return parse(ctx, request["SecretId"]).account


async def owner(ctx: Context, request: Request) -> str:
    return owner_of(ctx, request)


def secret_arn(ctx: Context, request: Request) -> str:
    reference = parse(ctx, request["SecretId"])
    scope = scope_of(ctx, reference)
    secret = request[_NOTE]
    if secret is not None:
        return arn(scope, secret)
    return arn_of(scope, reference.name if reference.by_arn else f"{reference.name}-{_ANY_SUFFIX}")


def new_arn(ctx: Context, request: Request) -> str:
    return arn_of(ctx, f"{request['Name']}-{_ANY_SUFFIX}")


def condition_keys(ctx: Context, request: Request) -> dict[str, str | tuple[str, ...]]:
    found: dict[str, str | tuple[str, ...]] = {
        key: _text(request[member]) for member, key in _KEYS.items() if request.get(member) is not None
    }
    if "SecretId" in request:
        found["secretsmanager:SecretId"] = secret_arn(ctx, request)
    if request.get("AddReplicaRegions"):
        found["secretsmanager:AddReplicaRegions"] = tuple(entry["Region"] for entry in request["AddReplicaRegions"])
    if "RotationRules" in request:
        found["secretsmanager:ModifyRotationRules"] = "true"
    secret: Secret | None = request.get(_NOTE)
    if secret is not None:
        found["secretsmanager:SecretPrimaryRegion"] = secret.primary_region or ctx.region
        if secret.rotation is not None:
            found["secretsmanager:resource/AllowRotationLambdaArn"] = secret.rotation.function
    return found


async def tags(ctx: Context, request: Request) -> dict[str, str]:
    secret: Secret | None = request.get(_NOTE)
    return {} if secret is None else secret.tags


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# -- options of operations

ON_SECRET: dict[str, Any] = {
    "resource": secret_arn,
    "policy": policy,
    "owner": owner,
    "keys": condition_keys,
    "tags": tags,
}
ON_POLICY: dict[str, Any] = {**ON_SECRET, "policy": _policy_for_admin}
ON_NEW: dict[str, Any] = {"resource": new_arn, "keys": condition_keys}


# -- decisions inside of operations


async def check(ctx: Context, action: str, request: Request) -> None:
    """Raise AccessDeniedException unless the caller may do `action` (`GetSecretValue`) with the secret of the SecretId."""
    about = {
        "policy": await policy(ctx, request),
        "owner": owner_of(ctx, request),
        "keys": condition_keys(ctx, request),
        "tags": await tags(ctx, request),
    }
    await ctx.authorise(f"secretsmanager:{action}", secret_arn(ctx, request), **about)
