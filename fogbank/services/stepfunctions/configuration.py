"""What a state machine is configured with besides its definition: its role, where it logs, the key that it is encrypted with."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.stepfunctions import errors, limits

Document = dict[str, Any]

OWNED = {"type": "AWS_OWNED_KEY"}
_REUSE_SECONDS = 300


def logging_of(given: Document | None) -> Document:
    """A logging configuration with its defaults."""
    given = given or {}
    found: Document = {
        "level": given.get("level") or "OFF",
        "includeExecutionData": bool(given.get("includeExecutionData")),
    }
    if given.get("destinations"):
        found["destinations"] = given["destinations"]
    return found


def check_logging(logging: Document) -> None:
    """Raises InvalidLoggingConfiguration."""
    destinations = logging.get("destinations") or []
    if len(destinations) > limits.LOG_DESTINATIONS:
        raise errors.invalid_logging("Logging Configuration does not support more than 1 Log Destinations.")
    if logging["level"] != "OFF" and not destinations:
        raise errors.invalid_logging("Must specify exactly one Log Destination.")
    for destination in destinations:
        arn = (destination.get("cloudWatchLogsLogGroup") or {}).get("logGroupArn") or ""
        if ":log-group:" not in arn or not arn.endswith(":*"):
            raise errors.invalid_logging("Invalid Log Destination.")


def encryption_of(given: Document | None) -> Document:
    """An encryption configuration with its defaults."""
    if not given or given["type"] == OWNED["type"]:
        return dict(given or OWNED)
    return {
        "kmsDataKeyReusePeriodSeconds": _REUSE_SECONDS,
        **{name: value for name, value in given.items() if value is not None},
    }


async def check_encryption(ctx: Context, encryption: Document) -> None:
    """The key has to be there, enabled, and the caller's to use. Raises InvalidEncryptionConfiguration, KmsAccessDeniedException."""
    if encryption["type"] == OWNED["type"]:
        if encryption.get("kmsKeyId"):
            raise errors.invalid_encryption("kmsKeyId must not be set for the encryption type AWS_OWNED_KEY.")
        return
    if not encryption.get("kmsKeyId"):
        raise errors.invalid_encryption("kmsKeyId must be set for the encryption type CUSTOMER_MANAGED_KMS_KEY.")
    try:
        found = await ctx.call("kms", "DescribeKey", {"KeyId": encryption["kmsKeyId"]}, as_caller=True)
    except AWSError as error:
        if error.code.startswith("AccessDenied"):
            raise AWSError("KmsAccessDeniedException", error.message) from error
        raise errors.invalid_encryption(error.message) from error
    key = found["KeyMetadata"]
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" or key["KeyUsage"] != "ENCRYPT_DECRYPT":
        raise errors.invalid_encryption("The key must be a symmetric encryption key.")
    if key["KeyState"] != "Enabled":
        raise errors.invalid_encryption(f"The key is in the state {key['KeyState']}.")


async def check_role(ctx: Context, role: str) -> None:
    """The caller has to be allowed to pass the role, which has to trust Step Functions. Raises InvalidArn, AccessDenied."""
    parts = role.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "iam" or not parts[5].startswith("role/"):
        raise errors.invalid_arn(role, f"Invalid Role Arn: {role}" if role else "")
    await ctx.pass_role(role)
    try:
        await ctx.assume(role)
    except AWSError as error:
        if error.code.startswith("AccessDenied"):
            raise errors.role_not_assumable() from error
        raise
