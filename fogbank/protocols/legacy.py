"""What AWS's wire has and botocore's models lack: the older protocols of services that moved, and odd spellings.

SQS still speaks the query protocol of 2012-11-05, but its current model only has the names of the JSON protocol. The names
here are those of the SQS API reference's query examples (`Attribute.1.Name`, `SendMessageBatchRequestEntry.1.Id`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMESPACES = {
    "cloudfront": "http://cloudfront.amazonaws.com/doc/{apiVersion}/",
    "route53": "https://route53.amazonaws.com/doc/{apiVersion}/",
    "s3": "http://s3.amazonaws.com/doc/{apiVersion}/",
    "s3control": "http://awss3control.amazonaws.com/doc/{apiVersion}/",
    "sqs": "http://queue.amazonaws.com/doc/{apiVersion}/",
}
# where SDKs made from the models of 2024 and before look for an operation that is elsewhere now
_FORMER_PATHS = {
    "sesv2": {"PutEmailIdentityDkimSigningAttributes": "/v1/email/identities/{EmailIdentity}/dkim/signing"},
}


def former_paths(service_id: str) -> Mapping[str, str]:
    """Operations of a REST service that also answer at the path they had before, and that path."""
    return _FORMER_PATHS.get(service_id, {})


def protocols(service_id: str, metadata: Mapping[str, Any]) -> list[str]:
    """The protocols a service speaks, its first choice first."""
    names = list(metadata.get("protocols") or (metadata["protocol"],))
    return [*names, "query"] if "awsQueryCompatible" in metadata and "query" not in names else names


def xml_namespace(service_id: str, metadata: Mapping[str, Any]) -> str | None:
    """The namespace of a service's XML documents."""
    return metadata.get("xmlNamespace") or _NAMESPACES.get(service_id, "").format_map(metadata) or None


def _list_of(name: str) -> dict[str, Any]:
    return {"member": {"locationName": name}}


def _map_of(key: str, value: str) -> dict[str, Any]:
    return {"key": {"locationName": key}, "value": {"locationName": value}}


def _members(**names: str) -> dict[str, Any]:
    return {"members": {member: {"locationName": name} for member, name in names.items()}}


def _error(code: str, status: int = 400) -> dict[str, Any]:
    return {"error": {"code": code, "httpStatusCode": status, "senderFault": True}}


_SQS = {
    "AWSAccountIdList": _list_of("AWSAccountId"),
    "ActionNameList": _list_of("ActionName"),
    "AttributeNameList": _list_of("AttributeName"),
    "BatchResultErrorEntryList": _list_of("BatchResultErrorEntry"),
    "BinaryList": _list_of("BinaryListValue"),
    "ChangeMessageVisibilityBatchRequestEntryList": _list_of("ChangeMessageVisibilityBatchRequestEntry"),
    "ChangeMessageVisibilityBatchResultEntryList": _list_of("ChangeMessageVisibilityBatchResultEntry"),
    "DeleteMessageBatchRequestEntryList": _list_of("DeleteMessageBatchRequestEntry"),
    "DeleteMessageBatchResultEntryList": _list_of("DeleteMessageBatchResultEntry"),
    "ListMessageMoveTasksResultEntryList": _list_of("ListMessageMoveTasksResultEntry"),
    "MessageAttributeNameList": _list_of("MessageAttributeName"),
    "MessageList": _list_of("Message"),
    "MessageSystemAttributeList": _list_of("MessageSystemAttributeName"),
    "QueueUrlList": _list_of("QueueUrl"),
    "SendMessageBatchRequestEntryList": _list_of("SendMessageBatchRequestEntry"),
    "SendMessageBatchResultEntryList": _list_of("SendMessageBatchResultEntry"),
    "StringList": _list_of("StringListValue"),
    "TagKeyList": _list_of("TagKey"),
    "MessageBodyAttributeMap": _map_of("Name", "Value"),
    "MessageBodySystemAttributeMap": _map_of("Name", "Value"),
    "MessageSystemAttributeMap": _map_of("Name", "Value"),
    "QueueAttributeMap": _map_of("Name", "Value"),
    "TagMap": _map_of("Key", "Value"),
    "CreateQueueRequest": _members(Attributes="Attribute", tags="Tag"),
    "GetQueueAttributesResult": _members(Attributes="Attribute"),
    "ListQueueTagsResult": _members(Tags="Tag"),
    "Message": _members(Attributes="Attribute", MessageAttributes="MessageAttribute"),
    "SendMessageRequest": _members(
        MessageAttributes="MessageAttribute", MessageSystemAttributes="MessageSystemAttribute"
    ),
    "SendMessageBatchRequestEntry": _members(
        MessageAttributes="MessageAttribute", MessageSystemAttributes="MessageSystemAttribute"
    ),
    "SetQueueAttributesRequest": _members(Attributes="Attribute"),
    "TagQueueRequest": _members(Tags="Tag"),
    "BatchEntryIdsNotDistinct": _error("AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
    "BatchRequestTooLong": _error("AWS.SimpleQueueService.BatchRequestTooLong"),
    "EmptyBatchRequest": _error("AWS.SimpleQueueService.EmptyBatchRequest"),
    "InvalidBatchEntryId": _error("AWS.SimpleQueueService.InvalidBatchEntryId"),
    "KmsAccessDenied": _error("KMS.AccessDeniedException"),
    "KmsDisabled": _error("KMS.DisabledException"),
    "KmsInvalidKeyUsage": _error("KMS.InvalidKeyUsageException"),
    "KmsInvalidState": _error("KMS.InvalidStateException"),
    "KmsNotFound": _error("KMS.NotFoundException"),
    "KmsOptInRequired": _error("KMS.OptInRequired", 403),
    "KmsThrottled": _error("KMS.ThrottlingException"),
    "MessageNotInflight": _error("AWS.SimpleQueueService.MessageNotInflight"),
    "OverLimit": _error("OverLimit", 403),
    "PurgeQueueInProgress": _error("AWS.SimpleQueueService.PurgeQueueInProgress", 403),
    "QueueDeletedRecently": _error("AWS.SimpleQueueService.QueueDeletedRecently"),
    "QueueDoesNotExist": _error("AWS.SimpleQueueService.NonExistentQueue"),
    "QueueNameExists": _error("QueueAlreadyExists"),
    "RequestThrottled": _error("RequestThrottled", 403),
    "ResourceNotFoundException": _error("ResourceNotFoundException", 404),
    "TooManyEntriesInBatchRequest": _error("AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
    "UnsupportedOperation": _error("AWS.SimpleQueueService.UnsupportedOperation"),
}

# Laid over the shapes of a service's model for its query protocol, and asked for query error codes in all of them.
QUERY_OVERLAYS: dict[str, dict[str, Any]] = {"sqs": _SQS}
