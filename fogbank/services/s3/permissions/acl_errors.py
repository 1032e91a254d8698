"""What S3 refuses about access control lists, in its words."""

from __future__ import annotations

from fogbank.kernel import AWSError
from fogbank.services.s3.errors import invalid_argument, invalid_request


def canned_and_grants() -> AWSError:
    return invalid_request("Specifying both Canned ACLs and Header Grants is not allowed")


def document_and_headers() -> AWSError:
    return AWSError("UnexpectedContent", "This request does not support content", 400)


def malformed() -> AWSError:
    return AWSError(
        "MalformedACLError",
        "The XML you provided was not well-formed or did not validate against our published schema",
        400,
    )


def bad_header(name: str, value: str) -> AWSError:
    return invalid_argument("Argument format not recognized", name, value)


def invalid_id(name: str, value: str) -> AWSError:
    return invalid_argument("Invalid id", name, value)


def invalid_group(name: str, value: str) -> AWSError:
    return invalid_argument("Invalid group uri", name, value)


def no_grants_by_email() -> AWSError:
    """Since October 2025: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html"""
    return AWSError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)


def owner_cannot_change() -> AWSError:
    return AWSError("AccessDenied", "Access Denied", 403)
