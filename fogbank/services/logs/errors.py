"""Refusals. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html"""

from __future__ import annotations

from fogbank.kernel import AWSError
from fogbank.services.logs import limits


def invalid_parameter(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message)


def not_found(what: str) -> AWSError:
    """`what` is a `log group`, `log stream`, `metric filter` ..."""
    return AWSError("ResourceNotFoundException", f"The specified {what} does not exist.")


def already_exists(what: str) -> AWSError:
    return AWSError("ResourceAlreadyExistsException", f"The specified {what} already exists")


def limit_exceeded() -> AWSError:
    return AWSError("LimitExceededException", "Resource limit exceeded.")


def too_many_tags(arn: str) -> AWSError:
    return AWSError(
        "TooManyTagsException", f"A resource can have no more than {limits.TAGS} tags.", None, resourceName=arn
    )


def invalid_token() -> AWSError:
    return invalid_parameter("The specified nextToken is invalid.")


def no_identifier() -> AWSError:
    return invalid_parameter("Either logGroupName or logGroupIdentifier must be specified.")


def two_identifiers() -> AWSError:
    return invalid_parameter("LogGroup name and LogGroup ARN are mutually exclusive parameters.")


def bad_retention(days: int) -> AWSError:
    allowed = ", ".join(str(number) for number in limits.RETENTION_DAYS)
    return invalid_parameter(
        f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{allowed}]"
    )


def key_not_usable(arn: str) -> AWSError:
    return AWSError(
        "AccessDeniedException",
        f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'",
    )


def protected(name: str) -> AWSError:
    return AWSError(
        "ValidationException", f"Log group {name} cannot be deleted because deletion protection is enabled for it."
    )


def wrong_class(group_class: str) -> AWSError:
    return AWSError(
        "InvalidOperationException", f"This operation is not supported for log groups of class {group_class}."
    )


# -- PutLogEvents


def upload_too_large(size: int) -> AWSError:
    return invalid_parameter(f"Upload too large: {size} bytes exceeds limit of {limits.BATCH_BYTES}")


def event_too_large(size: int) -> AWSError:
    return invalid_parameter(f"Log event too large: {size} bytes exceeds limit of {limits.EVENT_BYTES}")


def not_chronological() -> AWSError:
    return invalid_parameter("Log events in a single PutLogEvents request must be in chronological order.")


def span_too_long() -> AWSError:
    return invalid_parameter("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")


# -- filters and destinations


def invalid_pattern(reason: str = "") -> AWSError:
    return invalid_parameter(f"Invalid filter pattern{': ' + reason if reason else ''}")


def not_deliverable(arn: str) -> AWSError:
    return invalid_parameter(
        "Could not deliver test message to specified destination. Check if the destination is valid."
        if arn
        else "destinationArn is missing."
    )


def lambda_not_invocable() -> AWSError:
    return invalid_parameter(
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function."
    )


def wrong_vendor(arn: str) -> AWSError:
    return invalid_parameter(
        f"PutSubscriptionFilter operation cannot work with destinationArn for vendor {arn.split(':')[2]}"
    )


def role_needed() -> AWSError:
    return invalid_parameter("roleArn is required for this destination.")


def bad_policy(reason: str) -> AWSError:
    return invalid_parameter(f"Unable to parse the policy document: {reason}")


# -- queries


def malformed_query(message: str, start: int, end: int) -> AWSError:
    """`start` and `end` are offsets of characters in the query."""
    location = {"startCharOffset": start, "endCharOffset": end}
    return AWSError(
        "MalformedQueryException", message, None, queryCompileError={"location": location, "message": message}
    )


def several_groups() -> AWSError:
    return invalid_parameter(
        "Exactly one of logGroupName, logGroupNames, logGroupIdentifiers or the SOURCE command must be specified."
    )


def other_language(language: str) -> AWSError:
    return invalid_parameter(f"Fogbank runs queries in Logs Insights QL (CWLI) only, not in {language}.")


def query_not_complete(query_id: str) -> AWSError:
    return invalid_parameter(f"The specified query {query_id} has not completed.")


def query_not_running(query_id: str) -> AWSError:
    return invalid_parameter(f"The specified query {query_id} is not running.")


# -- exports


def bucket_refuses(call: str, code: str) -> AWSError:
    if code == "NoSuchBucket":
        return invalid_parameter("The specified bucket does not exist.")
    return invalid_parameter(
        f"{call} call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation."
    )


def export_is_over() -> AWSError:
    return AWSError("InvalidOperationException", "The specified export task has already finished or been cancelled.")


# -- newer operations have a code of their own for what they refuse


def validation(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def conflict(message: str) -> AWSError:
    return AWSError("ConflictException", message)


def quota_exceeded(message: str) -> AWSError:
    return AWSError("ServiceQuotaExceededException", message)
