"""The refusals of S3, in its words.

Codes, statuses and most sentences are documented at https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; sentences that
the page words differently from the service are the service's. Keyword members become elements of the error document.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel.errors import AWSError

# -- the request's form


def invalid_argument(message: str, name: str, value: Any) -> AWSError:
    return AWSError(
        "InvalidArgument", message, 400, ArgumentName=name, ArgumentValue="" if value is None else str(value)
    )


def invalid_request(message: str) -> AWSError:
    return AWSError("InvalidRequest", message, 400)


def malformed_xml() -> AWSError:
    return AWSError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
        400,
    )


def from_violation(member: str, value: Any) -> AWSError:
    """The refusal of a value that the model forbids: for parameters that S3 has words of its own for, those."""
    if member == "storageClass":
        return invalid_storage_class(value)
    if member == "createBucketConfiguration.locationConstraint":
        return invalid_location(value)
    if member in _PARAMETERS:
        name, message = _PARAMETERS[member]
        return invalid_argument(message, name, ",".join(value) if isinstance(value, list) else value)
    return missing_parameter() if member in _SELECT_REQUIRED else malformed_xml()


# The members without which there is nothing to query an object by.
_SELECT_REQUIRED = frozenset({"expression", "expressionType", "inputSerialization", "outputSerialization"})


def missing_parameter() -> AWSError:
    return AWSError(
        "MissingRequiredParameter",
        "The SelectRequest entity is missing a required parameter. Check the service documentation and try again.",
        400,
    )


# Parameters by the model's path to them: their names on the wire, and what S3 says of a wrong value.
_PARAMETERS = {
    "aCL": ("x-amz-acl", ""),
    "checksumAlgorithm": (
        "x-amz-checksum-algorithm",
        "Checksum algorithm provided is unsupported. Please try again with "
        "any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    ),
    "checksumType": ("x-amz-checksum-type", "Value for x-amz-checksum-type header is invalid."),
    "copySource": (
        "x-amz-copy-source",
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    ),
    "encodingType": ("encoding-type", "Invalid Encoding Method specified in Request"),
    "maxBuckets": ("max-buckets", "Argument max-buckets must be an integer between 1 and 10000"),
    "metadataDirective": ("x-amz-metadata-directive", "Unknown metadata directive."),
    "objectAttributes": ("x-amz-object-attributes", "Invalid attribute name specified."),
    "objectOwnership": ("x-amz-object-ownership", "Invalid x-amz-object-ownership header"),
    "serverSideEncryption": ("x-amz-server-side-encryption", "The encryption method specified is not supported"),
    "taggingDirective": ("x-amz-tagging-directive", "Unknown tagging directive."),
}


def header_not_implemented(header: str, why: str | None = None) -> AWSError:
    return AWSError(
        "NotImplemented",
        "A header you provided implies functionality that is not implemented",
        501,
        Header=header,
        additionalMessage=why,
    )


def invalid_redirect_location(reason: str) -> AWSError:
    return AWSError("InvalidRedirectLocation", reason, 400)


def idempotency_parameter_mismatch() -> AWSError:
    return AWSError(
        "IdempotencyParameterMismatch",
        "Parameters on this idempotent request are inconsistent with parameters used in previous request(s).",
        400,
    )


def method_not_allowed(method: str, resource_type: str, headers: dict[str, str] | None = None) -> AWSError:
    return AWSError(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        405,
        headers,
        Method=method,
        ResourceType=resource_type,
    )


def missing_content_length() -> AWSError:
    return AWSError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)


def incomplete_body() -> AWSError:
    return AWSError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
        400,
    )


def invalid_uri(uri: str) -> AWSError:
    return AWSError("InvalidURI", "Couldn't parse the specified URI.", 400, URI=uri)


def invalid_expected_owner() -> AWSError:
    return AWSError(
        "InvalidBucketOwnerAWSAccountID",
        "The value of the expected bucket owner parameter must be an AWS account ID.",
        400,
    )


def access_denied() -> AWSError:
    return AWSError("AccessDenied", "Access Denied", 403)


def missing_digest() -> AWSError:
    return invalid_request("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")


# -- buckets


def bucket_has_access_points(name: str) -> AWSError:
    return AWSError(
        "BucketHasAccessPointsAttached",
        "The bucket you tried to delete has access points attached. Delete your access points before deleting your bucket.",
        400,
        BucketName=name,
    )


def not_eligible_for_replication() -> AWSError:
    """As reports of Batch Replication say it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-failure-codes.html"""
    return AWSError("SrcObjectNotEligible", "The source object is not eligible for replication.", 500)


def no_such_access_point(name: str) -> AWSError:
    return AWSError("NoSuchAccessPoint", "The specified accesspoint does not exist", 404, AccessPointName=name)


def no_such_bucket(name: str) -> AWSError:
    return AWSError("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=name)


def invalid_bucket_name(name: str) -> AWSError:
    return AWSError("InvalidBucketName", "The specified bucket is not valid.", 400, BucketName=name)


def bucket_already_exists(name: str) -> AWSError:
    return AWSError(
        "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again.",
        409,
        BucketName=name,
    )


def bucket_already_owned_by_you(name: str) -> AWSError:
    return AWSError(
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        409,
        BucketName=name,
    )


def bucket_not_empty(name: str, versioned: bool) -> AWSError:
    message = "The bucket you tried to delete is not empty"
    if versioned:
        message += ". You must delete all versions in the bucket."
    return AWSError("BucketNotEmpty", message, 409, BucketName=name)


def invalid_location(region: str) -> AWSError:
    return AWSError(
        "InvalidLocationConstraint", "The specified location-constraint is not valid", 400, LocationConstraint=region
    )


def illegal_location(region: str) -> AWSError:
    """The bucket was asked for in another region than that of the endpoint (`unspecified` for none)."""
    return AWSError(
        "IllegalLocationConstraintException",
        f"The {region} location constraint is incompatible for the region specific endpoint this request was sent to.",
        400,
    )


def too_many_buckets() -> AWSError:
    return AWSError("TooManyBuckets", "You have attempted to create more buckets than allowed", 400)


def bad_versioning_document() -> AWSError:
    return AWSError("IllegalVersioningConfigurationException", "The Versioning element must be specified", 400)


def no_such_configuration(code: str, message: str, bucket: str) -> AWSError:
    return AWSError(code, message, 404, BucketName=bucket)


def invalid_bucket_state(message: str) -> AWSError:
    return AWSError("InvalidBucketState", message, 409)


def too_many_configurations(limit: int) -> AWSError:
    return AWSError(
        "TooManyConfigurations",
        f"You are attempting to create a new configuration but have already reached the {limit:,}-configuration limit.",
        400,
    )


def invalid_log_target(message: str, target: str) -> AWSError:
    return AWSError("InvalidTargetBucketForLogging", message, 400, TargetBucket=target)


def cross_location_logging(source: str, target: str) -> AWSError:
    """The code is misspelt by AWS."""
    return AWSError(
        "CrossLocationLoggingProhibitted",
        "Cross S3 location logging not allowed. ",
        403,
        SourceBucketLocation=source,
        TargetBucketLocation=target,
    )


def no_such_tag_set(bucket: str) -> AWSError:
    return AWSError("NoSuchTagSet", "The TagSet does not exist", 404, BucketName=bucket)


def no_such_bucket_policy(bucket: str) -> AWSError:
    return AWSError("NoSuchBucketPolicy", "The bucket policy does not exist", 404, BucketName=bucket)


def malformed_policy(message: str) -> AWSError:
    return AWSError("MalformedPolicy", message, 400)


def acl_not_supported() -> AWSError:
    return AWSError("AccessControlListNotSupported", "The bucket does not allow ACLs", 400)


def acl_against_ownership() -> AWSError:
    return AWSError(
        "InvalidBucketAclWithObjectOwnership",
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        400,
    )


def acl_against_block() -> AWSError:
    return AWSError(
        "InvalidBucketAclWithBlockPublicAccessError",
        "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
        400,
    )


def missing_security_header() -> AWSError:
    return AWSError(
        "MissingSecurityHeader", "Your request was missing a required header", 400, MissingHeaderName="x-amz-acl"
    )


def public_policy_blocked(who: str, bucket_arn: str) -> AWSError:
    return AWSError(
        "AccessDenied",
        f'User: {who} is not authorized to perform: s3:PutBucketPolicy on resource: "{bucket_arn}" because public policies '
        "are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
        403,
    )


# -- objects


def no_such_key(key: str, headers: dict[str, str] | None = None) -> AWSError:
    return AWSError("NoSuchKey", "The specified key does not exist.", 404, headers, Key=key)


def no_such_version(key: str, version_id: str) -> AWSError:
    return AWSError("NoSuchVersion", "The specified version does not exist.", 404, Key=key, VersionId=version_id)


def invalid_version_id(version_id: str) -> AWSError:
    return invalid_argument("Invalid version id specified", "versionId", version_id)


def key_too_long(size: int, limit: int) -> AWSError:
    return AWSError("KeyTooLongError", "Your key is too long", 400, Size=str(size), MaxSizeAllowed=str(limit))


def metadata_too_large(size: int, limit: int) -> AWSError:
    return AWSError(
        "MetadataTooLarge",
        "Your metadata headers exceed the maximum allowed metadata size",
        400,
        Size=str(size),
        MaxSizeAllowed=str(limit),
    )


def invalid_range(requested: str, size: int) -> AWSError:
    return AWSError(
        "InvalidRange",
        "The requested range is not satisfiable",
        416,
        {"content-range": f"bytes */{size}"},
        RangeRequested=requested,
        ActualObjectSize=str(size),
    )


def invalid_part_number(requested: int, actual: int) -> AWSError:
    return AWSError(
        "InvalidPartNumber",
        "The requested partnumber is not satisfiable",
        416,
        PartNumberRequested=str(requested),
        ActualPartCount=str(actual),
    )


def precondition_failed(condition: str) -> AWSError:
    return AWSError(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        412,
        Condition=condition,
    )


def conditional_conflict() -> AWSError:
    return AWSError(
        "ConditionalRequestConflict",
        "The conditional request cannot succeed due to a conflicting operation against this resource.",
        409,
    )


def not_modified(headers: dict[str, str]) -> AWSError:
    """Not an error, but like one it ends the request: 304 without a body."""
    return AWSError("NotModified", "Not Modified", 304, headers)


def archived(storage_class: str, tier: str | None = None) -> AWSError:
    return AWSError(
        "InvalidObjectState",
        "The operation is not valid for the object's storage class",
        403,
        StorageClass=storage_class,
        AccessTier=tier,
    )


def not_restorable(storage_class: str) -> AWSError:
    return AWSError(
        "InvalidObjectState",
        "Restore is not allowed for the object's current storage class",
        403,
        StorageClass=storage_class,
    )


def restore_in_progress() -> AWSError:
    return AWSError("RestoreAlreadyInProgress", "Object restore is already in progress", 409)


def invalid_storage_class(value: str) -> AWSError:
    return AWSError(
        "InvalidStorageClass", "The storage class you specified is not valid", 400, StorageClassRequested=value
    )


def invalid_encryption_algorithm(value: str) -> AWSError:
    return from_violation("serverSideEncryption", value)


def kms_key_without_kms(key: str) -> AWSError:
    return invalid_argument(
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id",
        key,
    )


# -- digests


def invalid_digest(value: str) -> AWSError:
    members: dict[str, Any] = {"Content-MD5": value}
    return AWSError("InvalidDigest", "The Content-MD5 you specified was invalid.", 400, None, **members)


def bad_digest(expected: str, computed: str) -> AWSError:
    return AWSError(
        "BadDigest",
        "The Content-MD5 you specified did not match what we received.",
        400,
        ExpectedDigest=expected,
        CalculatedDigest=computed,
    )


def bad_checksum(algorithm: str) -> AWSError:
    return AWSError("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.", 400)


# -- copies


def bad_copy_source(value: str) -> AWSError:
    return from_violation("copySource", value)


def copy_onto_itself() -> AWSError:
    return invalid_request(
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
        "metadata, storage class, website redirect location or encryption attributes."
    )


def copy_source_too_large(limit: int) -> AWSError:
    return invalid_request(
        f"The specified copy source is larger than the maximum allowable size for a copy source: {limit}"
    )


def bad_copy_range(value: str) -> AWSError:
    return invalid_argument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based "
        "offsets of the first and last bytes to copy",
        "x-amz-copy-source-range",
        value,
    )


def copy_range_beyond(value: str, size: int) -> AWSError:
    return invalid_argument(
        f"Range specified is not valid for source object of size: {size}", "x-amz-copy-source-range", value
    )


# -- multipart uploads


def no_such_upload(upload_id: str) -> AWSError:
    return AWSError(
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        404,
        UploadId=upload_id,
    )


def bad_part_number(value: Any) -> AWSError:
    return invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", value)


def invalid_part(upload_id: str, number: int, etag: str) -> AWSError:
    return AWSError(
        "InvalidPart",
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
        "entity tag may not match the part's entity tag.",
        400,
        UploadId=upload_id,
        PartNumber=str(number),
        ETag=etag,
    )


def invalid_part_order(upload_id: str) -> AWSError:
    return AWSError(
        "InvalidPartOrder",
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
        400,
        UploadId=upload_id,
    )


def entity_too_small(size: int, limit: int, number: int, etag: str) -> AWSError:
    return AWSError(
        "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed size",
        400,
        ProposedSize=str(size),
        MinSizeAllowed=str(limit),
        PartNumber=str(number),
        ETag=etag,
    )


def entity_too_large(size: int, limit: int) -> AWSError:
    return AWSError(
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        400,
        ProposedSize=str(size),
        MaxSizeAllowed=str(limit),
    )


def checksum_mismatch(expected: str, actual: str) -> AWSError:
    return invalid_request(
        f"Checksum Type mismatch occurred, expected checksum Type: {expected.lower()}, actual checksum Type: {actual.lower()}"
    )


def missing_part_checksum(algorithm: str, number: int) -> AWSError:
    return invalid_request(
        f"The upload was created using a {algorithm.lower()} checksum. The complete request must include the checksum for "
        f"each part. It was missing for part {number} in the request."
    )


# -- tags


def invalid_tag(message: str, key: str | None = None) -> AWSError:
    return AWSError("InvalidTag", message, 400, TagKey=key)


def too_many_tags(message: str) -> AWSError:
    return AWSError("BadRequest", message, 400)


def bad_tag_header(value: str) -> AWSError:
    return invalid_argument(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
        "x-amz-tagging",
        value,
    )


# -- form uploads


def no_form() -> AWSError:
    return precondition_failed("Bucket POST must be of the enclosure-type multipart/form-data")


def malformed_post(message: str) -> AWSError:
    return AWSError("MalformedPOSTRequest", message, 400)


def wrong_number_of_files(count: int) -> AWSError:
    return AWSError(
        "IncorrectNumberOfFilesInPostRequest",
        "POST requires exactly one file upload per request.",
        400,
        FileCount=str(count),
    )


def form_fields_too_long(limit: int) -> AWSError:
    return AWSError(
        "MaxPostPreDataLengthExceeded",
        "Your POST request fields preceeding the upload file was too large.",
        400,
        MaxPostPreDataLengthBytes=str(limit),
    )
