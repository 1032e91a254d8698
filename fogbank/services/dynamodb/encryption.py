"""Encryption at rest: the KMS key of a table.

A table has a key of its own, sealed by its KMS key. Whoever reads or writes items of a table with a customer's key has to be allowed to
use that key through DynamoDB, and the key has to be usable; DynamoDB itself uses it by a grant of whoever chose the key. What AWS remembers
for up to five minutes is asked every time here.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import AWSError
from fogbank.services.dynamodb import table_errors
from fogbank.services.dynamodb.schema import Encryption, Table, tables

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

MANAGED_ALIAS = "alias/aws/dynamodb"
_PRINCIPAL = "dynamodb.amazonaws.com"
_OPERATIONS = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "DescribeKey", "RetireGrant"]
_UNREACHABLE = frozenset(
    {"AccessDeniedException", "DisabledException", "KMSInvalidStateException", "NotFoundException"}
)


def _context(table: Table) -> dict[str, str]:
    return {"aws:dynamodb:tableName": table.name, "aws:dynamodb:subscriberId": table.layout.account}


# -- choosing a key


async def chosen(ctx: Context, table: Table, specification: Document | None) -> Table:
    """The table's record with the key that an SSESpecification asks for; unchanged without one. Raises ValidationException."""
    if specification is None:
        return table
    if not specification.get("Enabled"):
        if specification.get("KMSMasterKeyId") or specification.get("SSEType"):
            raise table_errors.key_without_encryption()
        return await _without(ctx, table)
    if specification.get("SSEType", "KMS") != "KMS":
        raise table_errors.encryption_type(specification["SSEType"])
    return await _with_key(ctx, table, specification.get("KMSMasterKeyId") or MANAGED_ALIAS)


async def like(ctx: Context, table: Table, other: Table, key: str | None) -> Table:
    """A replica, or a restored table, encrypted as the other one is; `key` is that of a replica."""
    if other.encryption is None:
        return table
    return await _with_key(ctx, table, key or (MANAGED_ALIAS if other.encryption.is_managed else other.encryption.key))


async def _with_key(ctx: Context, table: Table, key: str) -> Table:
    metadata = (await _kms(ctx, "DescribeKey", {"KeyId": key}))["KeyMetadata"]
    arn, is_managed = metadata["Arn"], metadata["KeyManager"] == "AWS"
    if table.encryption is not None and table.encryption.key == arn:
        return table
    if is_managed and metadata["KeyId"] not in key and not key.endswith(MANAGED_ALIAS):
        raise table_errors.key_unfit(arn)
    if metadata["KeySpec"] != "SYMMETRIC_DEFAULT" or metadata["KeyUsage"] != "ENCRYPT_DECRYPT":
        raise table_errors.key_unfit(arn)
    request = {"KeyId": arn, "KeySpec": "AES_256", "EncryptionContext": _context(table)}
    sealed = (await _kms(ctx, "GenerateDataKeyWithoutPlaintext", request))["CiphertextBlob"]
    table = await _without(ctx, table)
    grant = "" if is_managed else await _grant(ctx, table, arn)
    return msgspec.structs.replace(table, encryption=Encryption(arn, is_managed, sealed, grant))


async def _grant(ctx: Context, table: Table, key: str) -> str:
    request = {
        "KeyId": key,
        "GranteePrincipal": _PRINCIPAL,
        "RetiringPrincipal": _PRINCIPAL,
        "Operations": _OPERATIONS,
        "Constraints": {"EncryptionContextSubset": _context(table)},
    }
    grant: str = (await _kms(ctx, "CreateGrant", request))["GrantId"]
    return grant


async def _without(ctx: Context, table: Table) -> Table:
    await release(ctx, table)
    return msgspec.structs.replace(table, encryption=None)


async def release(ctx: Context, table: Table) -> None:
    """Give up the grant for the table's key, which may be out of reach by now."""
    if table.encryption is None or not table.encryption.grant:
        return
    try:
        request = {"KeyId": table.encryption.key, "GrantId": table.encryption.grant}
        await ctx.undoing(ctx.call, "kms", "RetireGrant", request)
    except AWSError as error:
        if error.code not in _UNREACHABLE:
            raise


async def _kms(ctx: Context, operation: str, request: Document) -> Document:
    """Ask KMS with the caller's permissions. What is wrong with the key is told in DynamoDB's words."""
    try:
        return await ctx.call("kms", operation, request, as_caller=True)
    except AWSError as error:
        if error.code == "AccessDeniedException":
            raise
        raise table_errors.key_refused(error) from error


# -- using it


async def require(ctx: Context, table: Table) -> None:
    """Raise AccessDeniedException unless the caller can have the table's items decrypted."""
    encryption = table.encryption
    if encryption is None or encryption.is_managed:
        return
    request = {"KeyId": encryption.key, "CiphertextBlob": encryption.sealed, "EncryptionContext": _context(table)}
    try:
        await ctx.call("kms", "Decrypt", request, as_caller=True)
    except AWSError as error:
        raise table_errors.key_inaccessible(error) from error


async def looked_after(ctx: Context, table: Table) -> Table:
    """The table as it is now that DynamoDB has looked whether it can still use the key; what it found is kept."""
    encryption = table.encryption
    if encryption is None or encryption.is_managed:
        return table
    request = {"KeyId": encryption.key, "CiphertextBlob": encryption.sealed, "EncryptionContext": _context(table)}
    lost = encryption.lost
    try:
        await ctx.call("kms", "Decrypt", request)
        lost = None
    except AWSError:
        lost = ctx.now() if lost is None else lost
    if lost == encryption.lost:
        return table
    table = msgspec.structs.replace(table, encryption=msgspec.structs.replace(encryption, lost=lost))
    tables.put(ctx, table, table.name)
    return table


def describe(table: Table) -> Document | None:
    """An SSEDescription; AWS says nothing of tables under its own key."""
    if table.encryption is None:
        return None
    return {
        "Status": "ENABLED",
        "SSEType": "KMS",
        "KMSMasterKeyArn": table.encryption.key,
        "InaccessibleEncryptionDateTime": table.encryption.lost,
    }
