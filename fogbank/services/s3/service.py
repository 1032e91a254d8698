"""Amazon S3. `service` is what the operations, collections and edges of this package are declared on."""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import AWSError, Service
from fogbank.services.s3 import errors


def _refuse_shape(message: str, violations: list[Any]) -> AWSError:
    """S3 has no general validation message: each parameter has its own, and a wrong document is MalformedXML."""
    first = violations[0]
    return errors.from_violation(re.sub(r"\.\d+\.member$", "", first.member), first.value)


# of copies, notifications, websites and queries of objects: refused in words of their own (a source's slash may be encoded)
_CHECKED_HERE = frozenset(
    {
        *("BucketCannedACL", "CopySource", "EventList", "FilterRuleName", "Protocol", "RenameSource"),
        *("CompressionType", "ExpressionType", "FileHeaderInfo", "JSONType", "QuoteFields"),
    }
)

service = Service("s3", validation_error=_refuse_shape, documents=_CHECKED_HERE)
