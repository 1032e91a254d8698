"""Refusals. https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/CommonErrors.html and each operation's page.

What goes wrong while a resource is made, changed or deleted is no error of the request, but a code in its progress event:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html
"""

from __future__ import annotations

from fogbank.kernel import AWSError


def type_not_found(name: str) -> AWSError:
    return AWSError("TypeNotFoundException", f"The type '{name}' cannot be found.")


def unsupported_action(name: str, action: str) -> AWSError:
    return AWSError("UnsupportedActionException", f"Resource type {name} does not support {action} action")


def resource_not_found(name: str, identifier: str) -> AWSError:
    return AWSError(
        "ResourceNotFoundException", f"Resource of type '{name}' with identifier '{identifier}' was not found."
    )


def invalid_request(reason: str) -> AWSError:
    return AWSError("InvalidRequestException", reason)


def incomplete_model(type_name: str, member: str) -> AWSError:
    told = f"Missing or invalid ResourceModel property in {type_name} list handler request input."
    return invalid_request(f"{told}Required property:  [{member}]")


def concurrent_operation(name: str, identifier: str) -> AWSError:
    return AWSError(
        "ConcurrentOperationException",
        f"Concurrent operation in progress for resource of type '{name}' with identifier '{identifier}'.",
    )


def client_token_conflict(token: str) -> AWSError:
    return AWSError(
        "ClientTokenConflictException",
        f"Client token {token} has already been used with a different set of parameters.",
    )


def request_token_not_found(token: str) -> AWSError:
    return AWSError("RequestTokenNotFoundException", f"Request with token {token} was not found")


def cannot_cancel(token: str, status: str) -> AWSError:
    return AWSError(
        "ConcurrentModificationException", f"Request with token {token} cannot be canceled: its status is {status}"
    )


def from_handler(error: AWSError) -> AWSError:
    """What the service of a type said to a read or a list."""
    if error.code in ("AccessDenied", "AccessDeniedException", "AuthorizationError"):
        return AWSError("InvalidCredentialsException", error.message)
    return AWSError("GeneralServiceException", error.message)


# -- codes of progress events

_CODES = {
    "AccessDenied": "AccessDenied",
    "AccessDeniedException": "AccessDenied",
    "ValidationException": "InvalidRequest",
    "ValidationError": "InvalidRequest",
    "LimitExceeded": "ServiceLimitExceeded",
    "LimitExceededException": "ServiceLimitExceeded",
    "ThrottlingException": "Throttling",
    "NotStabilized": "NotStabilized",
}


def handler_code(error: AWSError) -> str:
    """The error code of a progress event for what a service said."""
    known = _CODES.get(error.code)
    if known is not None:
        return known
    text = f"{error.code} {error.message}".lower()
    if "exists" in error.code.lower() or any(
        each in text for each in ("alreadyexist", "already exist", "alreadyowned")
    ):
        return "AlreadyExists"
    if "Conflict" in error.code or "InUse" in error.code:
        return "ResourceConflict"
    if error.code.startswith(("Invalid", "Malformed", "Missing")):
        return "InvalidRequest"
    return "GeneralServiceException"
