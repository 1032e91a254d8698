"""CloudTrail's refusals in AWS's words.

Sources: the Errors sections of the CloudTrail API reference, and answers of the service as quoted in the issue trackers of Terraform's
provider and AWS's SDKs.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError
from fogbank.services.cloudtrail import limits

# -- trails


def trail_not_found(arn: str, account: str) -> AWSError:
    return AWSError("TrailNotFoundException", f"Unknown trail: {arn} for the user: {account}")


def trail_exists(name: str, account: str) -> AWSError:
    return AWSError("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {account}")


def too_many_trails(account: str) -> AWSError:
    return AWSError(
        "MaximumNumberOfTrailsExceededException", f"User: {account} already has {limits.TRAILS} trails in this region."
    )


def invalid_name(message: str) -> AWSError:
    return AWSError("InvalidTrailNameException", message)


def invalid_arn(arn: str) -> AWSError:
    return AWSError("CloudTrailARNInvalidException", f"Invalid trail ARN: {arn}.")


def not_at_home(home: str) -> AWSError:
    return AWSError(
        "InvalidHomeRegionException",
        f"A trail can be changed only in the Region where it was created. Home Region: {home}.",
    )


def invalid_combination(message: str) -> AWSError:
    return AWSError("InvalidParameterCombinationException", message)


def not_the_management_account() -> AWSError:
    return AWSError(
        "NotOrganizationMasterAccountException",
        "The request failed because it was not made from the organization's management account or a delegated administrator.",
    )


def no_organization() -> AWSError:
    return AWSError(
        "OrganizationsNotInUseException", "The request failed because the account is not in an organization."
    )


# -- where trails deliver


def invalid_bucket_name() -> AWSError:
    return AWSError("InvalidS3BucketNameException", "Bucket name cannot be blank!")


def no_bucket(bucket: str) -> AWSError:
    return AWSError("S3BucketDoesNotExistException", f"S3 bucket {bucket} does not exist!")


def bucket_refuses(bucket: str) -> AWSError:
    return AWSError(
        "InsufficientS3BucketPolicyException", f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
    )


def invalid_prefix(message: str) -> AWSError:
    return AWSError("InvalidS3PrefixException", message)


def invalid_topic(name: str) -> AWSError:
    return AWSError("InvalidSnsTopicNameException", f"SNS topic name is not valid: {name}")


def topic_refuses() -> AWSError:
    return AWSError("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!")


def key_not_found(key: str) -> AWSError:
    return AWSError("KmsKeyNotFoundException", f"KMS key {key} does not exist.")


def key_disabled(key: str) -> AWSError:
    return AWSError("KmsKeyDisabledException", f"KMS key {key} is disabled.")


def key_refuses() -> AWSError:
    return AWSError(
        "InsufficientEncryptionPolicyException",
        "Insufficient permissions to access S3 bucket or KMS key: the key policy does not let CloudTrail encrypt with the key.",
    )


def invalid_log_group(message: str) -> AWSError:
    return AWSError("InvalidCloudWatchLogsLogGroupArnException", message)


def invalid_logs_role(message: str) -> AWSError:
    return AWSError("InvalidCloudWatchLogsRoleArnException", message)


# -- selectors


def invalid_selectors(message: str) -> AWSError:
    return AWSError("InvalidEventSelectorsException", message)


# -- events


def invalid_time_range() -> AWSError:
    return AWSError(
        "InvalidTimeRangeException", "The start time is after the end time, or the time range is not valid."
    )


def invalid_lookup(message: str) -> AWSError:
    return AWSError("InvalidLookupAttributesException", message)


def invalid_next_token() -> AWSError:
    return AWSError(
        "InvalidNextTokenException", "The token is not valid, or belongs to a request with other parameters."
    )


def invalid_token() -> AWSError:
    return AWSError("InvalidTokenException", "Reserved for future use.")


# -- tags


def too_many_tags() -> AWSError:
    return AWSError(
        "TagsLimitExceededException", f"The number of tags per resource has exceeded the limit of {limits.TAGS}."
    )


def invalid_tag(message: str) -> AWSError:
    return AWSError("InvalidTagParameterException", message)


def resource_not_found(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"The resource {arn} does not exist.")
