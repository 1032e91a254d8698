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


# -- Multi-Region Access Points


def no_such_multi_region(name: str) -> AWSError:
    return AWSError(
        "NoSuchMultiRegionAccessPoint",
        "The specified Multi-Region Access Point does not exist.",
        404,
        MultiRegionAccessPointName=name,
    )


def multi_region_already_owned() -> AWSError:
    return AWSError(
        "MultiRegionAccessPointAlreadyOwnedByYou",
        "You already have a Multi-Region Access Point with the same name.",
        409,
    )


def multi_region_not_ready() -> AWSError:
    return AWSError(
        "MultiRegionAccessPointNotReady", "The specified Multi-Region Access Point is not ready to be updated.", 409
    )


def same_bucket_region() -> AWSError:
    return AWSError(
        "MultiRegionAccessPointSameBucketRegion",
        "The buckets used to create a Multi-Region Access Point cannot be in the same Region.",
        400,
    )


def client_token_conflict() -> AWSError:
    return AWSError(
        "ClientTokenConflict",
        "Your Multi-Region Access Point idempotency token was already used for a different request.",
        409,
    )


def no_such_async_request() -> AWSError:
    return AWSError("NoSuchAsyncRequest", "The specified async request does not exist.", 404)


# -- Access Grants


def grants_instance_exists() -> AWSError:
    return AWSError("AccessGrantsInstanceAlreadyExists", "Access Grants Instance already exists", 409)


def no_grants_instance() -> AWSError:
    return AWSError("AccessGrantsInstanceNotExistsError", "Access Grants Instance does not exist", 404)


def grants_instance_not_empty() -> AWSError:
    return AWSError(
        "AccessGrantsInstanceNotEmptyError", "Please clean up locations before deleting the access grants instance", 400
    )


def no_grants_policy() -> AWSError:
    return AWSError(
        "AccessGrantsInstanceResourcePolicyNotExists", "Access Grants Instance Resource Policy does not exist", 404
    )


def invalid_grants_policy() -> AWSError:
    return AWSError("InvalidResourcePolicy", "The specified Resource Policy is invalid", 400)


def invalid_identity_center() -> AWSError:
    return AWSError("InvalidIdentityCenterInstance", "The specified identity center instance is invalid", 400)


def identity_center_associated() -> AWSError:
    return invalid_request("Please dissociate the identity center instance before deleting the access grants instance")


def location_exists() -> AWSError:
    return AWSError(
        "AccessGrantsLocationAlreadyExistsError", "The specified access grants location already exists", 409
    )


def no_such_location() -> AWSError:
    return AWSError("NoSuchAccessGrantsLocationError", "The specified access grants location does not exist", 404)


def invalid_location() -> AWSError:
    return AWSError("InvalidAccessGrantsLocation", "The specified Access Grants Location is invalid", 400)


def location_not_empty() -> AWSError:
    return AWSError(
        "AccessGrantsLocationNotEmptyError", "Please clean up access grants before deleting access grants location", 400
    )


def too_many_locations(most: int) -> AWSError:
    return AWSError(
        "AccessGrantsLocationsQuotaExceededError",
        f"The access grants location quota has been exceeded. Access Grants Locations Quota: {most}. "
        "Please reach out to S3 if an increase is required.",
        409,
    )


def invalid_iam_role() -> AWSError:
    return AWSError("InvalidIamRole", "The specified IAM Role is invalid", 400)


def grant_exists() -> AWSError:
    return AWSError("AccessGrantAlreadyExists", "The specified access grant already exists", 409)


def no_such_grant() -> AWSError:
    return AWSError("NoSuchAccessGrantError", "The specified access grant does not exist", 404)


def invalid_grant() -> AWSError:
    return AWSError("InvalidAccessGrant", "The specified Access Grant is invalid", 400)


def too_many_grants(most: int) -> AWSError:
    return AWSError(
        "AccessGrantsQuotaExceededError",
        f"The access grants quota has been exceeded. Access Grants Quota: {most}. "
        "Please reach out to S3 if an increase is required.",
        409,
    )


def no_data_access(permission: str, target: str) -> AWSError:
    return AWSError(
        "AccessDenied", f"You do not have {permission} permissions to the requested S3 Prefix: {target}", 403
    )


def sts_not_authorized(role: str) -> AWSError:
    return AWSError(
        "StsNotAuthorizedError",
        "An error occurred (StsNotAuthorizedError) when calling the GetDataAccess operation: User: "
        f"access-grants.s3.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: {role}",
        403,
    )


# -- Storage Lens


def no_such_configuration() -> AWSError:
    return AWSError("NoSuchConfiguration", "The specified configuration does not exist.", 404)


def configuration_exists() -> AWSError:
    return AWSError("ConfigurationAlreadyExists", "The specified configuration already exists.", 409)
