"""What S3 refuses about object lock and MFA delete, in its words."""

from __future__ import annotations

from fogbank.kernel import AWSError
from fogbank.services.s3.errors import invalid_argument, invalid_request


def locked() -> AWSError:
    return AWSError("AccessDenied", "Access Denied because object protected by object lock.", 403)


def no_lock_on_bucket() -> AWSError:
    return invalid_request("Bucket is missing Object Lock Configuration")


def no_lock_on_object() -> AWSError:
    return AWSError(
        "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration", 404
    )


def not_versioned() -> AWSError:
    return AWSError(
        "InvalidBucketState",
        "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        409,
    )


def versioning_is_needed() -> AWSError:
    return AWSError(
        "InvalidBucketState",
        "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        409,
    )


def no_digest() -> AWSError:
    return invalid_request(
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
    )


def incomplete(missing: str) -> AWSError:
    return invalid_argument(
        "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied", missing, "null"
    )


def incomplete_event_hold() -> AWSError:
    return invalid_argument(
        "An event hold that is ON needs a duration, in either days or years.", "x-amz-object-lock-event-hold", "ON"
    )


def date_is_past() -> AWSError:
    return invalid_argument("The retain until date must be in the future!", "RetainUntilDate", "null")


def invalid_period() -> AWSError:
    return AWSError("InvalidRetentionPeriod", "Default retention period must be a positive integer value.", 400)


def period_too_long() -> AWSError:
    return AWSError("InvalidRetentionPeriod", "Default retention period is too large.", 400)


# -- MFA


def mfa_needed() -> AWSError:
    return AWSError("AccessDenied", "Mfa Authentication must be used for this request", 403)


def only_by_owner() -> AWSError:
    return AWSError("AccessDenied", "This operation may only be performed by the bucket owner", 403)
