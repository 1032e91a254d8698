"""STS's errors. Source: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html."""

from __future__ import annotations

from fogbank.kernel import AWSError


def unknown_access_key(access_key: str) -> AWSError:
    return AWSError("ValidationError", f"Invalid Access Key Id: {access_key}", 400)
