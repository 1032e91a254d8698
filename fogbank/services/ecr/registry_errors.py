"""Refusals in the words of the registry's protocol: {"errors": [{"code": ..., "message": ...}]}.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes, and ECR's sentences.
"""

from __future__ import annotations

import orjson

from fogbank.http import Response
from fogbank.kernel import AWSError

_JSON = ("content-type", "application/json; charset=utf-8")

# What ECR's own errors are in the protocol: code and status.
_CODES = {
    "RepositoryNotFoundException": ("NAME_UNKNOWN", 404),
    "ImageNotFoundException": ("MANIFEST_UNKNOWN", 404),
    "LayersNotFoundException": ("MANIFEST_BLOB_UNKNOWN", 404),
    "ReferencedImagesNotFoundException": ("MANIFEST_BLOB_UNKNOWN", 404),
    "ImageTagAlreadyExistsException": ("TAG_INVALID", 400),
    "ImageDigestDoesNotMatchException": ("DIGEST_INVALID", 400),
    "UploadNotFoundException": ("BLOB_UPLOAD_UNKNOWN", 404),
    "InvalidLayerException": ("DIGEST_INVALID", 400),
    "InvalidLayerPartException": ("BLOB_UPLOAD_INVALID", 416),
    "ImageArchivedException": ("DENIED", 403),
    "UnableToGetUpstreamImageException": ("MANIFEST_UNKNOWN", 404),
    "AccessDeniedException": ("DENIED", 403),
    "AccessDenied": ("DENIED", 403),
    "LimitExceededException": ("TOOMANYREQUESTS", 429),
    "InvalidParameterException": ("MANIFEST_INVALID", 400),
}


def blob_unknown() -> AWSError:
    return AWSError("BLOB_UNKNOWN", "blob unknown to registry", 404)


def unsupported() -> AWSError:
    return AWSError("UNSUPPORTED", "The operation is unsupported.", 405)


def digest_invalid() -> AWSError:
    return AWSError("DIGEST_INVALID", "provided digest did not match uploaded content", 400)


def name_invalid(name: str) -> AWSError:
    return AWSError("NAME_INVALID", f"invalid repository name: {name}", 400)


def denied(message: str) -> AWSError:
    return AWSError("DENIED", message, 403)


def range_invalid() -> AWSError:
    return AWSError("RANGE_INVALID", "The requested range is not satisfiable.", 416)


def unauthorized(realm: str) -> Response:
    """What everybody gets who brings no token, or none that is good."""
    headers = [
        ("www-authenticate", f'Basic realm="{realm}",service="ecr.amazonaws.com"'),
        ("content-type", "text/plain; charset=utf-8"),
    ]
    return Response(401, headers, b"Not Authorized\n")


def response(error: AWSError, method: str) -> Response:
    """The refusal as the protocol has it; the answer to HEAD has no body."""
    code, status = _CODES.get(error.code, (error.code, error.status or 400))
    document = {"errors": [{"code": code, "message": error.message}]}
    body = orjson.dumps(document)
    if method == "HEAD":
        return Response(status, [_JSON, ("content-length", str(len(body)))], b"")
    return Response(status, [_JSON, *error.headers.items()], body)
