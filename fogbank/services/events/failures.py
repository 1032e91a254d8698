"""What went wrong with a delivery, in the words of dead letters, and whether to try again.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from fogbank.kernel import AWSError

_MISSING = ("NotFound", "NonExistent", "DoesNotExist", "NoSuch")
_THROTTLED = ("Throttl", "TooManyRequests", "ThroughputExceeded", "RequestLimit")
_REFUSED = ("AccessDenied", "NotAuthorized", "Unauthorized", "Forbidden")


class Failure(Exception):
    """A failed delivery. `wait` is the least time until the next attempt, in seconds, if there is to be one."""

    def __init__(self, code: str, message: str, retriable: bool = False, wait: float = 0.0) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.retriable = retriable
        self.wait = wait


def failure_of(error: AWSError | Failure) -> Failure:
    """A target that is not there, or does not let EventBridge in, is not tried again."""
    if isinstance(error, Failure):
        return error
    code, message = error.code, error.message or error.code
    if any(part in code for part in _REFUSED):
        return Failure("NO_PERMISSIONS", message)
    if any(part in code for part in _MISSING):
        return Failure("NO_RESOURCE", message)
    if any(part in code for part in _THROTTLED):
        return Failure("THROTTLING", message, retriable=True)
    if code == "NotImplemented":
        return Failure("SDK_CLIENT_ERROR", message)
    if error.status is not None and error.status >= 500:
        return Failure("INTERNAL_ERROR", message, retriable=True)
    if "Invalid" in code or "Validation" in code:
        return Failure("INVALID_PARAMETER", message)
    return Failure("ERROR_FROM_TARGET", message)
