"""Packages under a customer's key of KMS (`SourceKMSKeyArn`): the blob is encrypted with a key of its own, which only KMS can open.

Lambda itself uses the key, for which the key's policy has to let it (`lambda.amazonaws.com`); there is no grant. Whoever wants to fetch the
package needs `kms:Decrypt`. What is unpacked to be run is not encrypted.

https://docs.aws.amazon.com/lambda/latest/dg/encrypt-zip-package.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import AWSError, Context
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.records import Code


class PackageKey(NamedTuple):
    """`own` is what encrypts the package, `sealed` the same as KMS has encrypted it with the key of that ARN."""

    arn: str
    own: bytes
    sealed: bytes


def _context(function_arn: str) -> dict[str, str]:
    return {"aws:lambda:FunctionArn": function_arn}


async def new_key(ctx: Context, key: str, function_arn: str) -> PackageKey:
    """A key for the package of a function. Raises InvalidParameterValueException when KMS refuses; in a transaction."""
    request = {"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": _context(function_arn)}
    try:
        made = await ctx.call("kms", "GenerateDataKey", request, source_arn=function_arn)
    except AWSError as error:
        raise errors.key_refused(error, "deployment package") from error
    return PackageKey(made["KeyId"], made["Plaintext"], made["CiphertextBlob"])


async def open_key(ctx: Context, code: Code, function_arn: str, **by: Any) -> bytes:
    """What opens a package that is encrypted; in a transaction. Raises what KMS says."""
    request = {"KeyId": code.key, "CiphertextBlob": code.own_key, "EncryptionContext": _context(function_arn)}
    own: bytes = (await ctx.call("kms", "Decrypt", request, **by))["Plaintext"]
    return own


async def key_to_run(ctx: Context, code: Code, function_arn: str) -> bytes:
    """The same for an environment that starts; empty for a package that is not encrypted. Raises KMSAccessDeniedException and others."""
    if not code.key:
        return b""
    try:
        return await open_key(ctx, code, function_arn, source_arn=function_arn)
    except AWSError as error:
        raise errors.unreadable(error, "the deployment package") from error
