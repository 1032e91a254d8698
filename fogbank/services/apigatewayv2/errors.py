"""API Gateway's refusals about HTTP and WebSocket APIs."""

from __future__ import annotations

from fogbank.kernel import AWSError


def bad_request(message: str) -> AWSError:
    return AWSError("BadRequestException", message)


def not_found(message: str) -> AWSError:
    return AWSError("NotFoundException", message)


def conflict(message: str) -> AWSError:
    return AWSError("ConflictException", message)


def no_api(account: str, api_id: str) -> AWSError:
    return not_found(f"Invalid API identifier specified {account}:{api_id}")


def missing(noun: str) -> AWSError:
    return not_found(f"Invalid {noun} identifier specified")


def bad_token() -> AWSError:
    return bad_request("Invalid nextToken specified")
