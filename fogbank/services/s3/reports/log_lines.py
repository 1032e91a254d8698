"""The lines of access logs: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html

What is not known is a hyphen: how long a request took is not, since a line is written before its answer leaves.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from fogbank.http import Request as HttpRequest
from fogbank.identity.principals import Principal, canonical_id
from fogbank.kernel import Answered, Context
from fogbank.services.s3 import changes
from fogbank.services.s3.changes import Change
from fogbank.services.s3.records import Bucket
from fogbank.services.s3.reports import observing

_NONE = "-"

# What S3 calls the resource of a request, where it is not the operation's name without its verb.
_RESOURCES = {
    "abort_multipart_upload": "UPLOAD",
    "complete_multipart_upload": "UPLOAD",
    "copy_object": "OBJECT",
    "create_bucket": "BUCKET",
    "create_multipart_upload": "UPLOADS",
    "delete_bucket_policy": "BUCKETPOLICY",
    "delete_objects": "MULTI_OBJECT_DELETE",
    "get_bucket_acl": "ACL",
    "get_bucket_logging": "LOGGING_STATUS",
    "get_bucket_policy": "BUCKETPOLICY",
    "get_object_acl": "ACL",
    "head_bucket": "BUCKET",
    "list_multipart_uploads": "UPLOADS",
    "list_object_versions": "BUCKETVERSIONS",
    "list_objects": "BUCKET",
    "list_objects_v2": "BUCKET",
    "list_parts": "UPLOAD",
    "put_bucket_acl": "ACL",
    "put_bucket_logging": "LOGGING_STATUS",
    "put_bucket_policy": "BUCKETPOLICY",
    "put_object_acl": "ACL",
    "restore_object": "RESTORE",
    "upload_part": "PART",
    "upload_part_copy": "PART",
}
_COPIES = frozenset({"copy_object", "upload_part_copy"})
_WITH_SIZE = frozenset({"get_object", "head_object", "put_object", "upload_part"})

_MOVES = {
    "STANDARD_IA": "TRANSITION_SIA",
    "ONEZONE_IA": "TRANSITION_ZIA",
    "INTELLIGENT_TIERING": "TRANSITION_INT",
    "GLACIER_IR": "TRANSITION_GIR",
    "GLACIER": "TRANSITION",
    "DEEP_ARCHIVE": "TRANSITION_GDA",
}
_CHANGES = {changes.EXPIRED: "S3.EXPIRE.OBJECT", changes.EXPIRY_MARKED: "S3.CREATE.DELETEMARKER"}


def of_request(ctx: Context, bucket: Bucket, answered: Answered) -> str:
    """The line of a request, with its line feed."""
    request = ctx.request
    assert request is not None
    sent = {name.lower(): value for name, value in answered.response.headers}
    key = answered.params.get("Key")
    uri = f"{request.method} {request.path}{'?' * bool(request.query)}{request.query} HTTP/{request.version}"
    return _line(
        bucket,
        ctx.now(),
        request.remote,
        _requester(ctx.principal),
        ctx.request_id,
        _operation(ctx.operation, request.method),
        key,
        _quoted(uri),
        str(answered.response.status),
        answered.error.code if answered.error is not None and answered.response.status != 304 else _NONE,
        *_sizes(ctx.operation, request, answered, sent),
        _NONE,
        _NONE,
        _quoted(request.headers.get("referer") or _NONE),
        _quoted(request.headers.get("user-agent") or _NONE),
        sent.get("x-amz-version-id") or answered.params.get("VersionId") or _NONE,
        sent.get("x-amz-id-2") or _NONE,
        *_signature(request),
        request.headers.get("host") or _NONE,
    )


def of_change(change: Change) -> str | None:
    """The line of what the lifecycle did; None for all other changes."""
    operation = _CHANGES.get(change.event)
    if change.event == changes.TRANSITIONED:
        operation = f"S3.{_MOVES[change.record.storage_class]}.OBJECT"
    if operation is None:
        return None
    home = change.home
    size = str(change.record.size) if change.record.size else _NONE
    version = change.record.version_id if home.bucket.versioning else _NONE
    middle = (_NONE, _NONE, _NONE, _NONE, size, _NONE, _NONE, _quoted(_NONE), _quoted(_NONE), version)
    return _line(
        home.bucket,
        home.ctx.now(),
        _NONE,
        "AmazonS3",
        home.ctx.request_id,
        operation,
        change.key,
        *middle,
        *[_NONE] * 5,
    )


def _line(
    bucket: Bucket, moment: float, remote: str, requester: str, request_id: str, operation: str, key: Any, *rest: str
) -> str:
    """All fields; of those after the host header nothing is known."""
    stamp = time.strftime("[%d/%b/%Y:%H:%M:%S +0000]", time.gmtime(moment))
    path = _NONE if key is None else quote(key, safe="/")
    fields = (canonical_id(bucket.account), bucket.name, stamp, remote, requester, request_id, operation, path, *rest)
    return " ".join((*fields, *[_NONE] * 4)) + "\n"


def _quoted(text: str) -> str:
    """A field in quotes; what would end it, or the line, is escaped."""
    return '"' + text.replace('"', "%22").replace("\n", "%0A").replace("\r", "%0D") + '"'


def _requester(principal: Principal) -> str:
    if principal.kind == "anonymous":
        return _NONE
    return canonical_id(principal.account) if principal.kind == "root" else principal.arn


def _operation(name: str, method: str) -> str:
    if not name:
        return f"REST.{method}.OBJECT"
    resource = _RESOURCES.get(name)
    if resource is None:
        resource = name.partition("_")[2].upper().removeprefix("BUCKET_").removesuffix("_CONFIGURATION")
    return f"REST.{'COPY' if name in _COPIES else method}.{resource}"


def _sizes(name: str, request: HttpRequest, answered: Answered, sent: dict[str, str]) -> tuple[str, str]:
    """The bytes that were sent and the size of the object."""
    length = sent.get("content-length", "0")
    bytes_sent = str(observing.bytes_sent(request, answered) or _NONE)
    if name not in _WITH_SIZE or answered.error is not None:
        return bytes_sent, _NONE
    if request.method == "PUT":
        return bytes_sent, str(observing.bytes_received(request) or _NONE)
    return bytes_sent, sent["content-range"].rpartition("/")[2] if "content-range" in sent else length


def _signature(request: HttpRequest) -> tuple[str, str, str]:
    """The version of the signature, the cipher suite (not known), and where the signature was."""
    given = request.headers.get("authorization") or ""
    if given:
        return ("SigV4" if given.startswith("AWS4") else "SigV2"), _NONE, "AuthHeader"
    if "X-Amz-Signature=" in request.query:
        return "SigV4", _NONE, "QueryString"
    return ("SigV2", _NONE, "QueryString") if "Signature=" in request.query else (_NONE, _NONE, _NONE)
