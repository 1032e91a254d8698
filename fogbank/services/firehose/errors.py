"""Refusals. https://docs.aws.amazon.com/firehose/latest/APIReference/API_Operations.html"""

from __future__ import annotations

from fogbank.kernel import AWSError, Context


def invalid(message: str) -> AWSError:
    return AWSError("InvalidArgumentException", message)


def not_found(ctx: Context, name: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Firehose {name} under account {ctx.account} not found.")


def not_active_yet(ctx: Context, name: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Firehose {name} under account {ctx.account} is not in ACTIVE state.")


def exists(ctx: Context, name: str) -> AWSError:
    return AWSError("ResourceInUseException", f"Firehose {name} under accountId {ctx.account} already exists")


def in_use(ctx: Context, name: str, status: str) -> AWSError:
    return AWSError(
        "ResourceInUseException",
        f"Firehose {name} under account {ctx.account} is not ACTIVE, but in state {status}.",
    )


def too_many_streams(ctx: Context, limit: int) -> AWSError:
    return AWSError(
        "LimitExceededException",
        f"You have already consumed your firehose quota of {limit} hoses for the account {ctx.account}. "
        "Please contact AWS Support.",
    )


def version_differs(name: str, current: str, given: str) -> AWSError:
    return AWSError(
        "ConcurrentModificationException",
        f"Cannot update firehose: {name} since the current version id: {current} and specified version id: {given} "
        "do not match",
    )


def no_destination(given: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Destination Id {given} not found")


def one_destination() -> AWSError:
    return invalid("Exactly one destination configuration is supported for a Firehose")


def cannot_assume(role: str) -> AWSError:
    return invalid(f"Firehose is unable to assume role {role}. Please check the role provided.")


def not_direct(kind: str) -> AWSError:
    return invalid(f"This operation is not permitted on {kind} delivery stream type.")


def batch_too_large() -> AWSError:
    return invalid("Records size exceeds 4 MB limit")


def half_buffering() -> AWSError:
    return invalid("SizeInMBs and IntervalInSeconds have to be specified both, or neither of them.")


def key_refused(error: AWSError) -> AWSError:
    """What KMS says to the use of a stream's key."""
    refusal = AWSError("InvalidKMSResourceException", error.message)
    refusal.members["code"] = _KMS_CODES.get(error.code, error.code)
    return refusal


_KMS_CODES = {
    "AccessDeniedException": "KMS.AccessDeniedException",
    "DisabledException": "KMS.DisabledException",
    "KMSInvalidStateException": "KMS.InvalidStateException",
    "NotFoundException": "KMS.NotFoundException",
}


def not_delivered_to(what: str) -> AWSError:
    """For what needs a service that Fogbank does not have: nothing could ever arrive."""
    return AWSError("NotImplemented", f"Fogbank's Firehose does not have {what} yet.", 501)


def extra_missing(what: str) -> AWSError:
    return AWSError("NotImplemented", f"{what} needs the extra fogbank[firehose], which is not installed.", 501)


def too_many_tags(limit: int) -> AWSError:
    return AWSError(
        "LimitExceededException",
        f"Failed to add tags since a given delivery stream cannot have more than {limit} tags associated with it.",
    )
