"""S3's own wire forms: root elements, a body without a wrapper, its words for malformed requests."""

from __future__ import annotations

from binascii import b2a_base64
from hashlib import blake2b

from fogbank.kernel.errors import AWSError
from fogbank.protocols.scalars import BadValue
from fogbank.protocols.xml_values import DECLARATION, escape

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

# The names of the documents, from the response syntax of each operation in the S3 API reference.
ROOTS = {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CreateSession": "CreateSessionResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycle": "LifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketIntelligentTieringConfigurations": "ListBucketIntelligentTieringConfigurationsOutput",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListDirectoryBuckets": "ListAllMyDirectoryBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}


def refusal(error: BadValue) -> AWSError:
    """S3's answer to a value that is not what the model says: of a header or query parameter, or of the document."""
    if not error.member:
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        return AWSError("MalformedXML", message, 400)
    if error.wanted in ("Integer", "Long"):
        message = f"Provided {error.member} not an integer or within integer range"
    else:
        message = f"Invalid value for {error.member}"
    return AWSError("InvalidArgument", message, 400, ArgumentName=error.member, ArgumentValue=error.text)


def method_not_allowed(method: str, is_bucket: bool) -> AWSError:
    """No operation of S3 has this method, path and query."""
    message = "The specified method is not allowed against this resource."
    kind = "BUCKET" if is_bucket else "OBJECT"
    return AWSError("MethodNotAllowed", message, 405, Method=method, ResourceType=kind)


def missing_body() -> AWSError:
    return AWSError("MissingRequestBodyError", "Request body is empty.", 400)


def location_constraint(region: str | None) -> bytes:
    """The one S3 document whose root is a member's value; empty in us-east-1."""
    return f'{DECLARATION}<LocationConstraint xmlns="{NAMESPACE}">{escape(region or "")}</LocationConstraint>'.encode()


def id_headers(request_id: str) -> list[tuple[str, str]]:
    return [("x-amz-request-id", request_id), ("x-amz-id-2", host_id(request_id))]


def host_id(request_id: str) -> str:
    """S3's second request id: opaque to clients, 76 characters of base64, here derived from the first."""
    return b2a_base64(blake2b(request_id.encode(), digest_size=56).digest(), newline=False).decode()
