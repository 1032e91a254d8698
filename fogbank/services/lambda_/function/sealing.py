"""Environment variables under a customer's key of KMS.

They are encrypted with a key of their own, which only KMS can open: with `kms:Encrypt` of whoever configures the function, who also grants
its execution role the use of the key (`kms:CreateGrant`). Environments are started with that grant; whoever looks at the configuration
needs `kms:Decrypt`. Without a key, the variables lie in the store like everything else.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.package import ciphers
from fogbank.services.lambda_.records import Function, Sealed, arn_of, functions

Variables = dict[str, str]

_PRINCIPAL = "lambda.amazonaws.com"


def _context(ctx: Context, name: str) -> dict[str, str]:
    return {"aws:lambda:FunctionArn": arn_of(ctx, name)}


# -- configuring; in a transaction, with the caller's permissions


async def sealed(
    ctx: Context, name: str, config: dict[str, Any], before: Function | None = None
) -> tuple[dict[str, Any], Sealed | None]:
    """A configuration without the variables that its key encrypts, and these. `before` is the function that it changes.

    Raises InvalidParameterValueException when the key cannot be used.
    """
    key = config.get("KMSKeyArn") or ""
    variables = (config.get("Environment") or {}).get("Variables")
    if variables is None and before is not None and before.sealed is not None:
        if (key, config["Role"]) == (before.config.get("KMSKeyArn"), before.role):
            return config, before.sealed
        variables = await _readable(ctx, before)
    if not key or not variables:
        return ({**config, "Environment": {"Variables": variables}} if variables else config), None
    rest = {member: value for member, value in config.items() if member != "Environment"}
    try:
        return rest, await _seal(ctx, name, key, config["Role"], variables)
    except AWSError as error:
        raise errors.key_refused(error) from error


async def _seal(ctx: Context, name: str, key: str, role: str, variables: Variables) -> Sealed:
    own, context = ciphers.new_key(), _context(ctx, name)
    request = {"KeyId": key, "Plaintext": own, "EncryptionContext": context}
    made = await ctx.call("kms", "Encrypt", request, as_caller=True)
    grant = {
        "KeyId": made["KeyId"],
        "GranteePrincipal": role,
        "RetiringPrincipal": _PRINCIPAL,
        "Operations": ["Decrypt", "RetireGrant"],
        "Constraints": {"EncryptionContextEquals": context},
    }
    granted = await ctx.call("kms", "CreateGrant", grant, as_caller=True)
    content = ciphers.encrypted(own, orjson.dumps(variables))
    return Sealed(made["KeyId"], granted["GrantId"], made["CiphertextBlob"], content)


async def _readable(ctx: Context, function: Function) -> Variables:
    try:
        return await _opened(ctx, function, as_caller=True)
    except AWSError as error:
        raise errors.key_refused(error) from error


async def release(ctx: Context, name: str, gone: Sealed | None) -> None:
    """Give up the grant for variables that no version of the function has any more; the key may be out of reach by now."""
    if gone is None or any(each.sealed == gone for each in await functions.scan(ctx, name)):
        return
    try:
        await ctx.undoing(ctx.call, "kms", "RetireGrant", {"KeyId": gone.key, "GrantId": gone.grant})
    except AWSError:
        return


# -- reading


async def shown(ctx: Context, function: Function) -> Function:
    """The function with its variables, or with why the caller may not see them."""
    if function.sealed is None:
        return function
    try:
        environment: dict[str, Any] = {"Variables": await ctx.undoing(_as_caller, ctx, function)}
    except AWSError as error:
        environment = {"Error": {"ErrorCode": error.code, "Message": errors.hidden(error)}}
    return msgspec.structs.replace(function, config={**function.config, "Environment": environment})


async def _as_caller(ctx: Context, function: Function) -> Variables:
    return await _opened(ctx, function, as_caller=True)


async def variables_of(scope: Context, function: Function) -> Variables:
    """For an environment that starts, as its role. Raises KMSAccessDeniedException and others."""
    if function.sealed is None:
        return (function.config.get("Environment") or {}).get("Variables") or {}
    try:
        return await _opened(scope, function, role=function.role)
    except AWSError as error:
        raise errors.unreadable(error) from error


async def _opened(ctx: Context, function: Function, **by: Any) -> Variables:
    assert function.sealed is not None
    name, content = function.sealed.key, function.sealed.content
    request = {
        "KeyId": name,
        "CiphertextBlob": function.sealed.own_key,
        "EncryptionContext": _context(ctx, function.name),
    }
    key = (await ctx.call("kms", "Decrypt", request, **by))["Plaintext"]
    variables: Variables = orjson.loads(ciphers.decrypted(key, content))
    return variables
