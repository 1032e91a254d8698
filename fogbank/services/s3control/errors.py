"""The refusals of S3 Control, in its words.

Codes, statuses and most sentences are documented at https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; sentences that
the page words differently from the service are the service's. Keyword members become elements of the error document.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError

# -- requests


def invalid_request(message: str) -> AWSError:
    return AWSError("InvalidRequest", message, 400)


def invalid_token() -> AWSError:
    return invalid_request("The next token is not valid.")


def access_denied() -> AWSError:
    return AWSError("AccessDenied", "Access Denied", 403)


def malformed_policy(message: str) -> AWSError:
    return AWSError("MalformedPolicy", message, 400)


def public_policy_blocked() -> AWSError:
    return access_denied()


def unsupported_operation() -> AWSError:
    return AWSError("UnsupportedOperation", "The specified action was not supported.", 404)


def no_such_outpost() -> AWSError:
    return AWSError("NoSuchOutpost", "The specified Outpost does not exist.", 404)


# -- tags


def invalid_tag(message: str) -> AWSError:
    return AWSError("InvalidTag", message, 400)


def too_many_tags(most: int) -> AWSError:
    return AWSError("TooManyTags", f"The number of tags exceeds the limit of {most} tags.", 400)


def no_such_resource() -> AWSError:
    return AWSError("NoSuchResource", "The specified resource doesn't exist.", 404)


# -- the account's block on public access


def no_such_public_access_block(account: str) -> AWSError:
    return AWSError(
        "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found",
        404,
        AccountId=account,
    )


def no_such_bucket(name: str) -> AWSError:
    return AWSError("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=name)


# -- jobs


def no_such_job() -> AWSError:
    return AWSError("NoSuchJob", "No such job", 404)


def token_used_otherwise() -> AWSError:
    return AWSError(
        "IdempotencyException", "The ClientRequestToken was already used for a request with other parameters.", 400
    )


def invalid_job_token() -> AWSError:
    return AWSError("InvalidNextTokenException", "The next token is not valid.", 400)


def job_status(status: str, wanted: str) -> AWSError:
    return AWSError("JobStatusException", f"A job in the {status} status cannot be updated to {wanted}.", 400)


def job_is_over(status: str) -> AWSError:
    return invalid_request(f"The priority of a job in the {status} status cannot be updated.")


def too_many_job_tags(most: int) -> AWSError:
    return AWSError("TooManyTagsException", f"The number of tags exceeds the limit of {most} tags.", 400)


# -- access points


def no_such_access_point(name: str) -> AWSError:
    return AWSError("NoSuchAccessPoint", "The specified accesspoint does not exist", 404, AccessPointName=name)


def no_such_access_point_policy(name: str) -> AWSError:
    return AWSError(
        "NoSuchAccessPointPolicy", "The specified accesspoint policy does not exist", 404, AccessPointName=name
    )


def access_point_already_owned(name: str) -> AWSError:
    return AWSError(
        "AccessPointAlreadyOwnedByYou",
        "Your previous request to create the named accesspoint succeeded and you already own it.",
        409,
        AccessPointName=name,
    )


def invalid_access_point() -> AWSError:
    return AWSError("InvalidAccessPoint", "The specified access point name or account is not valid.", 400)


def too_many_access_points() -> AWSError:
    return AWSError(
        "TooManyAccessPoints", "You have attempted to create more access points than are allowed for an account.", 400
    )


def no_bucket_for_access_point() -> AWSError:
    return invalid_request("An access point can be created only for an existing bucket.")


def no_bucket_to_list() -> AWSError:
    return invalid_request("An access point can be listed only for an existing bucket.")


def no_such_scope() -> AWSError:
    return invalid_request("Access point scope is only supported for access points attached to directory buckets.")
