"""The refusals of the Iceberg REST catalog: documents of its own, whatever the operation beneath says.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-integrating-open-source.html
"""

from __future__ import annotations

import orjson

from fogbank.http import Response
from fogbank.kernel import AWSError

_TYPES = {
    "NotFoundException": "NotFoundException",
    "ConflictException": "AlreadyExistsException",
    "AccessDeniedException": "ForbiddenException",
    "AccessDenied": "ForbiddenException",
    "ForbiddenException": "ForbiddenException",
}
_STATUS = {
    "NotFoundException": 404,
    "AlreadyExistsException": 409,
    "ForbiddenException": 403,
    "BadRequestException": 400,
}


class CatalogError(Exception):
    """`kind` is the type of the error in the catalog's words."""

    def __init__(self, kind: str, message: str, status: int) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status


def bad_request(message: str) -> CatalogError:
    return CatalogError("BadRequestException", message, 400)


def not_found(path: str) -> CatalogError:
    return CatalogError("NotFoundException", f"There is no {path}", 404)


def unsupported(what: str) -> CatalogError:
    return CatalogError("UnsupportedOperationException", f"{what} is not supported", 406)


def commit_failed(reason: str) -> CatalogError:
    return CatalogError("CommitFailedException", f"Cannot commit: {reason}", 409)


def from_aws(error: AWSError, noun: str) -> CatalogError:
    """What an operation refuses, about a `noun` (Namespace, Table)."""
    kind = _TYPES.get(error.code, "BadRequestException")
    named = f"NoSuch{noun}Exception" if kind == "NotFoundException" else kind
    if "namespace does not exist" in error.message:
        named = "NoSuchNamespaceException"
    if "not empty" in error.message:
        named = "NamespaceNotEmptyException"
    return CatalogError(named, error.message, _STATUS[kind])


def answer(error: CatalogError) -> Response:
    body = {"error": {"message": error.message, "type": error.kind, "code": error.status}}
    return Response(error.status, [("Content-Type", "application/json")], orjson.dumps(body))
