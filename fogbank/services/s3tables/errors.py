"""The refusals of S3 Tables: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#S3TablesErrorCodeList"""

from __future__ import annotations

from fogbank.kernel import AWSError


def bad_request(message: str) -> AWSError:
    return AWSError("BadRequestException", message)


def forbidden(message: str) -> AWSError:
    return AWSError("ForbiddenException", message)


def bad_token() -> AWSError:
    return bad_request("The continuation token is not valid.")


def bad_bucket_name() -> AWSError:
    return bad_request("The specified bucket name is not valid.")


def bad_namespace_name() -> AWSError:
    return bad_request("The specified namespace name is not valid.")


def bad_table_name() -> AWSError:
    return bad_request("The specified table name is not valid.")


def bad_metadata(reason: str) -> AWSError:
    return bad_request(f"The specified metadata is not valid: {reason}")


def bad_metadata_location() -> AWSError:
    return bad_request("The specified metadata location is not valid.")


def no_such_bucket() -> AWSError:
    return AWSError("NotFoundException", "The specified bucket does not exist.")


def no_such_namespace() -> AWSError:
    return AWSError("NotFoundException", "The specified namespace does not exist.")


def no_such_table() -> AWSError:
    return AWSError("NotFoundException", "The specified table does not exist.")


def no_such(what: str) -> AWSError:
    return AWSError("NotFoundException", f"The specified {what} does not exist.")


def bucket_exists() -> AWSError:
    return AWSError("ConflictException", "The bucket that you tried to create already exists, and you own it.")


def namespace_exists() -> AWSError:
    return AWSError("ConflictException", "A namespace with an identical name already exists in the bucket.")


def table_exists() -> AWSError:
    return AWSError("ConflictException", "A table with an identical name already exists in the namespace.")


def bucket_not_empty() -> AWSError:
    return AWSError("ConflictException", "The bucket that you tried to delete is not empty.")


def namespace_not_empty() -> AWSError:
    return AWSError("ConflictException", "The namespace that you tried to delete is not empty.")


def read_only() -> AWSError:
    """AWS's words for it are not documented."""
    return bad_request("The table is a replica: only replication writes to it.")


def wrong_version_token() -> AWSError:
    return AWSError("ConflictException", "Provided version token does not match the table version token.")


def quota_exceeded(what: str, limit: int) -> AWSError:
    return bad_request(f"The limit of {limit} {what} has been reached.")
