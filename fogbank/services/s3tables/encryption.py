"""Encryption settings: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-kms-encryption.html"""

from __future__ import annotations

from typing import Any

from fogbank.services.s3tables import errors

Request = dict[str, Any]


def checked(given: Request | None) -> Request | None:
    """The setting as it was given. A KMS key comes with KMS encryption, and the other way round. Raises BadRequestException."""
    if given is None:
        return None
    if (given["sseAlgorithm"] == "aws:kms") is not bool(given.get("kmsKeyArn")):
        raise errors.bad_request("A KMS key ARN must be specified if, and only if, the algorithm is aws:kms.")
    return {name: value for name, value in given.items() if value is not None}
