"""Amazon S3. `service` is what the operations, collections and edges of this package are declared on."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Service
from fogbank.services.s3 import errors


def _refuse_shape(message: str, violations: list[Any]) -> AWSError:
    """S3 has no general validation message: a wrong document is MalformedXML, a wrong parameter InvalidArgument."""
    return errors.from_violation(message, violations[0]) if violations else errors.malformed_xml()


service = Service("s3", validation_error=_refuse_shape)
