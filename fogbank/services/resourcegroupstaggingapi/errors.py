"""The API's refusals. The words follow the conditions that its reference documents."""

from __future__ import annotations

from fogbank.kernel.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message)


def invalid_token() -> AWSError:
    return invalid("The specified PaginationToken is invalid.")
