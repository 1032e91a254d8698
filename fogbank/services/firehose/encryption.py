"""Encryption of a stream's records while they wait: the key, the grant for it, and the states.

With a customer's key Firehose has a grant, made with the permissions of who chose the key. A key that cannot be used stops writing.
https://docs.aws.amazon.com/firehose/latest/dev/encryption.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.services.firehose import errors
from fogbank.services.firehose.records import (
    DIRECT_PUT,
    ON_STREAM,
    Encryption,
    Request,
    Settings,
    Stream,
    change,
    find_active,
    streams,
)
from fogbank.services.firehose.service import service

_PRINCIPAL = "firehose.amazonaws.com"
_OPERATIONS = ["Encrypt", "Decrypt", "GenerateDataKey", "DescribeKey", "RetireGrant"]
_CUSTOMERS = "CUSTOMER_MANAGED_CMK"
_ON = ("ENABLED", "DISABLING")
_FAILURES = {
    "AccessDeniedException": "KMS_ACCESS_DENIED",
    "DisabledException": "DISABLED_KMS_KEY",
    "NotFoundException": "KMS_KEY_NOT_FOUND",
}


def is_on(stream: Stream) -> bool:
    return stream.encryption.status in _ON


def described(stream: Stream) -> Settings:
    found = stream.encryption
    shown: Settings = {"Status": found.status, "FailureDescription": found.failure}
    if found.kind:
        shown |= {"KeyType": found.kind, "KeyARN": found.key or None}
    return shown


async def begin(ctx: Context, stream: Stream, given: Settings | None) -> Encryption:
    """The encryption that a request asks for, ENABLING. Raises InvalidArgumentException, InvalidKMSResourceException."""
    kind = (given or {}).get("KeyType") or "AWS_OWNED_CMK"
    key = (given or {}).get("KeyARN") or ""
    if kind == _CUSTOMERS and not key:
        raise errors.invalid("KeyARN must be specified when KeyType is CUSTOMER_MANAGED_CMK.")
    if kind != _CUSTOMERS and key:
        raise errors.invalid("KeyARN must not be specified when KeyType is AWS_OWNED_CMK.")
    if not key:
        return Encryption("ENABLING", kind)
    try:
        return await ctx.undoing(_granted, ctx, stream, key)
    except AWSError as error:
        failure = {"Type": _FAILURES.get(error.code, "CREATE_KMS_GRANT_FAILED"), "Details": error.message or error.code}
        if error.code not in _FAILURES:
            raise errors.key_refused(error) from error
        return Encryption("ENABLING_FAILED", kind, key, failure=failure)


async def _granted(ctx: Context, stream: Stream, key: str) -> Encryption:
    metadata = (await ctx.call("kms", "DescribeKey", {"KeyId": key}, as_caller=True))["KeyMetadata"]
    if metadata["KeySpec"] != "SYMMETRIC_DEFAULT":
        raise errors.invalid("Asymmetric keys cannot be used for the encryption of a Firehose stream.")
    request = {
        "KeyId": metadata["Arn"],
        "GranteePrincipal": _PRINCIPAL,
        "RetiringPrincipal": _PRINCIPAL,
        "Operations": _OPERATIONS,
        "Constraints": {"EncryptionContextSubset": _context(stream)},
    }
    grant = (await ctx.call("kms", "CreateGrant", request, as_caller=True))["GrantId"]
    return Encryption("ENABLING", _CUSTOMERS, metadata["Arn"], grant)


def _context(stream: Stream) -> dict[str, str]:
    return {"aws:firehose:arn": stream.arn}


async def require_key(ctx: Context, stream: Stream) -> None:
    """Raise InvalidKMSResourceException when the key of the stream cannot be used."""
    found = stream.encryption
    if not found.grant or not is_on(stream):
        return
    request = {"KeyId": found.key, "KeySpec": "AES_256", "EncryptionContext": _context(stream)}
    scope = ctx.at(account=found.key.split(":")[4])
    try:
        await scope.call("kms", "GenerateDataKey", request, source_arn=stream.arn)
    except AWSError as error:
        raise errors.key_refused(error) from error


async def release(ctx: Context, stream: Stream) -> None:
    """Give up the grant for the stream's key, which may be out of reach by now."""
    if not stream.encryption.grant:
        return
    request = {"KeyId": stream.encryption.key, "GrantId": stream.encryption.grant}
    try:
        await ctx.undoing(_retire, ctx, request)
    except AWSError:
        return


async def _retire(ctx: Context, request: Settings) -> None:
    await ctx.call("kms", "RetireGrant", request)


# -- operations


@service.operation(**ON_STREAM)
async def start_delivery_stream_encryption(ctx: Context, request: Request) -> None:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_StartDeliveryStreamEncryption.html"""
    stream = await _direct(ctx, request)
    if stream.encryption.status in ("ENABLING", "DISABLING"):
        raise errors.in_use(ctx, stream.name, stream.encryption.status)
    begun = await begin(ctx, stream, request.get("DeliveryStreamEncryptionConfigurationInput"))
    await release(ctx, stream)
    await _settle_soon(ctx, change(ctx, stream, encryption=begun))


@service.operation(**ON_STREAM)
async def stop_delivery_stream_encryption(ctx: Context, request: Request) -> None:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_StopDeliveryStreamEncryption.html"""
    stream = await _direct(ctx, request)
    if stream.encryption.status in ("ENABLING", "DISABLING"):
        raise errors.in_use(ctx, stream.name, stream.encryption.status)
    stopping = msgspec.structs.replace(stream.encryption, status="DISABLING", failure=None)
    await _settle_soon(ctx, change(ctx, stream, encryption=stopping))


async def _direct(ctx: Context, request: Request) -> Stream:
    stream = await find_active(ctx, request["DeliveryStreamName"])
    if stream.type != DIRECT_PUT:
        raise errors.not_direct(stream.type)
    return stream


async def _settle_soon(ctx: Context, stream: Stream) -> None:
    await ctx.schedule("settle_encryption", {"name": stream.name, "id": stream.id})


@service.task
async def settle_encryption(ctx: Context, payload: dict[str, Any]) -> None:
    stream = await streams.get(ctx, payload["name"])
    if stream is not None and stream.id == payload["id"]:
        await settle(ctx, stream)


async def settle(ctx: Context, stream: Stream) -> Stream:
    """What was asked of its encryption is done."""
    found = stream.encryption
    if found.status == "ENABLING":
        return change(ctx, stream, encryption=msgspec.structs.replace(found, status="ENABLED"))
    if found.status == "DISABLING":
        await release(ctx, stream)
        return change(ctx, stream, encryption=Encryption())
    return stream
