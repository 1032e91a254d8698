"""Amazon S3 Control. `service` is what the operations, collections and tasks of this package are declared on."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Service


def _refuse_shape(message: str, violations: list[Any]) -> AWSError:
    return AWSError("InvalidRequest", message, 400)


# The ARNs of buckets, which can be tagged, do not fit the model's pattern.
service = Service("s3control", iam_prefix="s3", documents=frozenset({"S3ResourceArn"}), validation_error=_refuse_shape)
