"""What S3 refuses about encryption, in its words.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and, where that page has no sentence, the service's own.
"""

from __future__ import annotations

from fogbank.kernel import AWSError
from fogbank.services.s3.errors import invalid_argument, invalid_request

_HEADER = "x-amz-server-side-encryption"
_WITH_CUSTOMER_KEY = "Requests specifying Server Side Encryption with Customer provided keys must provide"


# -- keys of the customer


def _customer_key(message: str) -> AWSError:
    return invalid_argument(message, _HEADER, "null")


def no_customer_algorithm() -> AWSError:
    return _customer_key(f"{_WITH_CUSTOMER_KEY} a valid encryption algorithm.")


def no_customer_key() -> AWSError:
    return _customer_key(f"{_WITH_CUSTOMER_KEY} an appropriate secret key.")


def no_customer_md5() -> AWSError:
    return _customer_key(f"{_WITH_CUSTOMER_KEY} the client calculated MD5 of the secret key.")


def bad_customer_algorithm(value: str) -> AWSError:
    return AWSError(
        "InvalidEncryptionAlgorithmError",
        "The Encryption request you specified is not valid. Supported value: AES256.",
        400,
        ArgumentName=_HEADER,
        ArgumentValue=value,
    )


def bad_customer_key() -> AWSError:
    return _customer_key("The secret key was invalid for the specified algorithm.")


def wrong_customer_md5() -> AWSError:
    return _customer_key("The calculated MD5 hash of the key did not match the hash that was provided.")


def two_methods(algorithm: str) -> AWSError:
    return invalid_argument(
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        _HEADER,
        algorithm,
    )


def customer_keys_blocked(who: str, arn: str) -> AWSError:
    return AWSError(
        "AccessDenied",
        f'User: {who} is not authorized to perform: s3:PutObject on resource: "{arn}" because this bucket has blocked '
        "upload requests that specify Server Side Encryption with Customer provided keys (SSE-C). Please specify a "
        "different server-side encryption type",
        403,
    )


def customer_key_needed() -> AWSError:
    return invalid_request(
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
        "retrieve the object."
    )


def customer_key_not_applicable() -> AWSError:
    return invalid_request("The encryption parameters are not applicable to this object.")


def wrong_customer_key() -> AWSError:
    return AWSError("AccessDenied", "Access Denied", 403)


def upload_needs_customer_key() -> AWSError:
    return invalid_request(
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
        "encryption parameters."
    )


def upload_has_no_customer_key() -> AWSError:
    return invalid_request(
        "The multipart upload initiate did not request encryption. Please resend the request without sending "
        "encryption parameters."
    )


def upload_has_another_customer_key() -> AWSError:
    return invalid_request("The provided encryption parameters did not match the ones used originally.")


# -- keys of KMS


def refused_by_kms(error: AWSError) -> AWSError:
    """What KMS said, as S3 passes it on; what is nobody's mistake but ours stays what it is."""
    if (error.status or 400) >= 500:
        return error
    if error.code == "AccessDeniedException":
        return AWSError("AccessDenied", error.message, 403)
    return AWSError(f"KMS.{error.code}", error.message, 400)


def kms_needs_signature() -> AWSError:
    return invalid_argument(
        "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
        "Authorization",
        "null",
    )


def bad_context() -> AWSError:
    return invalid_argument(
        "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which "
        "represents a string-string map",
        "x-amz-server-side-encryption-context",
        "null",
    )


def kms_key_without_kms(key: str) -> AWSError:
    return invalid_argument(
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id",
        key,
    )


# -- defaults of buckets


def key_without_kms() -> AWSError:
    return invalid_argument(
        "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        "ApplyServerSideEncryptionByDefault",
        "AES256",
    )


def no_bucket_key_for_dsse() -> AWSError:
    return invalid_argument(
        "Bucket Key is not supported for the aws:kms:dsse encryption type.", "BucketKeyEnabled", "true"
    )


# -- changing the encryption of an object


def only_to_kms() -> AWSError:
    return invalid_request(
        "Requests that modify an object encryption configuration require a valid new encryption type. Valid values are "
        "SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, and then try again."
    )


def bad_key_arn() -> AWSError:
    return invalid_request(
        "Requests that modify an object's encryption type to SSE-KMS require a valid AWS KMS key Amazon Resource Name "
        "(ARN). Confirm that you have a correctly formatted KMS key ARN in your request, and then try again."
    )


def source_not_updatable() -> AWSError:
    return invalid_request(
        "The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or SSE-C. "
        "Only source objects encrypted with SSE-S3 or SSE-KMS are supported."
    )


def source_not_encrypted() -> AWSError:
    """Its bytes were stored while nothing was encrypted (`--no-encrypt-at-rest`)."""
    return invalid_request(
        "The UpdateObjectEncryption operation doesn't support unencrypted source objects. Only source objects encrypted "
        "with SSE-S3 or SSE-KMS are supported."
    )


def key_of_another_account() -> AWSError:
    return AWSError(
        "AccessDenied",
        "The AWS KMS key in the request must be owned by the same account as the bucket. Modify the request to specify a "
        "KMS key from the same account, and then try again.",
        403,
    )


def locked_against_update() -> AWSError:
    return AWSError(
        "AccessDenied",
        "The encryption type for the specified object can't be updated because that object is protected by S3 Object "
        "Lock. If the object has a governance-mode retention period or a legal hold, you must first remove the Object "
        "Lock status on the object before you issue your UpdateObjectEncryption request. You can't use the "
        "UpdateObjectEncryption operation with objects that have an Object Lock compliance mode retention period applied "
        "to them.",
        403,
    )


def header_not_supported(name: str, value: str) -> AWSError:
    return invalid_argument(f"{name} header is not supported for this operation.", name, value)
