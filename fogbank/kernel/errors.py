"""The one error object. Services raise it; each protocol spells it (code aliases, status, XML or JSON) in its own way."""

from __future__ import annotations

from typing import Any


class AWSError(Exception):
    """An error as AWS would answer it.

    `code` is the name of the error shape in the model where there is one (`QueueDoesNotExist`), else the documented code
    (`NoSuchKey`). `status` None means: the model's, else 400. `members` are further members of the error shape, or extra
    elements of S3's error document (`BucketName`, `Key`). `headers` go out with the answer.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        status: int | None = None,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}
        self.members = members

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def not_implemented(service: str, operation: str) -> AWSError:
    """The answer of an operation that Fogbank does not have (501), so that nobody takes silence for success."""
    return AWSError("NotImplemented", f"Fogbank does not implement {service}:{operation} yet.", 501)


def internal_failure(request_id: str) -> AWSError:
    """The answer to a defect of ours. The log has the traceback under the same request id."""
    return AWSError(
        "InternalFailure",
        f"The request processing has failed because of an internal error. Request id: {request_id}",
        500,
    )


def unavailable(reason: Exception) -> AWSError:
    """The answer when nothing can be kept for now (disk full). It is one of AWS's errors that all services have in common."""
    return AWSError(
        "ServiceUnavailable", f"The request has failed due to a temporary failure of the server: {reason}", 503
    )
