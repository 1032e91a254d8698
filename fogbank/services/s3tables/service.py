"""The S3 Tables service. Its operations are declared by the modules beside this one, the Iceberg REST catalog by `catalog`."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Service


def _refuse(message: str, violations: list[Any]) -> AWSError:
    return AWSError("BadRequestException", message, 400)


service = Service("s3tables", validation_error=_refuse)
