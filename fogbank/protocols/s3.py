"""S3's own wire forms: root elements, a body without a wrapper, its words for malformed requests."""

from __future__ import annotations

from fogbank.kernel.errors import AWSError
from fogbank.protocols.model import OperationModel
from fogbank.protocols.scalars import BadValue

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


def refusal(operation: OperationModel, error: BadValue) -> AWSError:
    """S3's answer to a value that is not what the model says."""
    if not error.member:
        return malformed_xml()
    if error.wanted in ("Integer", "Long"):
        message = f"Provided {error.member} not an integer or within integer range"
    else:
        message = f"Invalid value for {error.member}"
    return AWSError("InvalidArgument", message, 400, ArgumentName=error.member, ArgumentValue=error.text)


def malformed_xml() -> AWSError:
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return AWSError("MalformedXML", message, 400)


def missing_body() -> AWSError:
    return AWSError("MissingRequestBodyError", "Request body is empty.", 400)
