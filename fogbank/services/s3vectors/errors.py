"""The refusals of S3 Vectors: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_S3_Vectors.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError


def validation(message: str, path: str = "") -> AWSError:
    """`path` is the member that is wrong; it comes in the list of fields, too."""
    fields = [{"path": path, "message": message}] if path else None
    return AWSError("ValidationException", message, 400, fieldList=fields)


def from_violations(message: str, violations: list[Any]) -> AWSError:
    fields = [{"path": violation.member, "message": violation.constraint} for violation in violations]
    return AWSError("ValidationException", message, 400, fieldList=fields)


def bucket_not_found() -> AWSError:
    return AWSError("NotFoundException", "The specified vector bucket could not be found")


def index_not_found() -> AWSError:
    return AWSError("NotFoundException", "The specified index could not be found")


def policy_not_found() -> AWSError:
    return AWSError("NotFoundException", "The specified vector bucket policy could not be found")


def resource_not_found() -> AWSError:
    return AWSError("NotFoundException", "The specified resource could not be found")


def bucket_exists() -> AWSError:
    return AWSError("ConflictException", "A vector bucket with the specified name already exists")


def index_exists() -> AWSError:
    return AWSError("ConflictException", "An index with the specified name already exists")


def bucket_not_empty() -> AWSError:
    return AWSError("ConflictException", "The specified vector bucket is not empty")


def text_search_exists(key: str) -> AWSError:
    return AWSError("ConflictException", f"The metadata key '{key}' is configured for text search already")


def quota_exceeded(what: str, limit: int) -> AWSError:
    return AWSError("ServiceQuotaExceededException", f"You have reached the maximum number of {what}: {limit}")


def bad_token() -> AWSError:
    return validation("Invalid next token", "nextToken")


def invalid_record(key: str, reason: str) -> AWSError:
    return validation(f"Invalid record for key '{key}': {reason}")


def wrong_dimension(wanted: int, given: int) -> str:
    return f"vector must have length {wanted}, but has length {given}"


def invalid_filter(reason: str) -> AWSError:
    return validation(f"Invalid query filter: {reason}", "filter")


_KMS = {
    "DisabledException": ("KmsDisabledException", "The specified KMS key is disabled"),
    "KMSInvalidStateException": (
        "KmsInvalidStateException",
        "The state of the specified KMS key is not valid for this request",
    ),
    "InvalidKeyUsageException": (
        "KmsInvalidKeyUsageException",
        "The usage of the specified KMS key does not allow this",
    ),
    "NotFoundException": ("KmsNotFoundException", "The specified KMS key could not be found"),
}


def from_kms(error: AWSError) -> AWSError:
    """What KMS says of a key, as vector operations say it."""
    known = _KMS.get(error.code)
    if known is not None:
        return AWSError(*known)
    return (
        error
        if error.code == "AccessDeniedException"
        else validation(error.message, "encryptionConfiguration.kmsKeyArn")
    )
