"""The refusals of IAM Identity Center's administration.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/. Few of the sentences are documented; the others are worded after the
documented condition.
"""

from __future__ import annotations

from fogbank.kernel import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def conflict(message: str) -> AWSError:
    return AWSError("ConflictException", message)


def not_found(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)


def invalid_token() -> AWSError:
    return invalid("Invalid NextToken")


# -- instances


def instance_not_found(arn: str) -> AWSError:
    return not_found(f"Instance {arn} not found")


def instance_exists() -> AWSError:
    return conflict("An instance of IAM Identity Center already exists in this account.")


# -- tags


def too_many_tags(limit: int) -> AWSError:
    return AWSError("ServiceQuotaExceededException", f"A resource can have up to {limit} tags.")


def reserved_tag(key: str) -> AWSError:
    return invalid(f"Tag key {key} is reserved: keys that begin with aws: are for AWS.")
