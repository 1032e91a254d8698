"""API Gateway's refusals, in the words that its users quote. Codes are those of the model."""

from __future__ import annotations

from fogbank.kernel import AWSError


def bad_request(message: str) -> AWSError:
    return AWSError("BadRequestException", message)


def not_found(message: str) -> AWSError:
    return AWSError("NotFoundException", message)


def conflict(message: str) -> AWSError:
    return AWSError("ConflictException", message)


def limit_exceeded(message: str) -> AWSError:
    return AWSError("LimitExceededException", message)


def no_api(account: str, api_id: str) -> AWSError:
    return not_found(f"Invalid API identifier specified {account}:{api_id}")


def no_resource() -> AWSError:
    return not_found("Invalid Resource identifier specified")


def no_method() -> AWSError:
    return not_found("Invalid Method identifier specified")


def no_integration() -> AWSError:
    return not_found("Invalid Integration identifier specified")


def no_response() -> AWSError:
    return not_found("Invalid Response status code specified")


def bad_position() -> AWSError:
    return bad_request("Invalid position parameter")


def invalid_patch(path: str, op: str, allowed: list[str]) -> AWSError:
    return bad_request(f"Invalid patch path '{path}' specified for op '{op}'. Must be one of: [{', '.join(allowed)}]")
