"""What ACM tells EventBridge. https://docs.aws.amazon.com/acm/latest/userguide/supported-events.html"""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.acm.certificate import Certificate, arn


async def publish(ctx: Context, certificate: Certificate, detail_type: str, **more: Any) -> None:
    detail: dict[str, Any] = {
        "CertificateType": certificate.type,
        "CommonName": certificate.domain,
        "DomainValidationMethod": certificate.method or None,
        "InUse": bool(certificate.used_by),
        "Exported": certificate.exported,
        **more,
    }
    if certificate.not_after is not None:
        detail["DaysToExpiry"] = max(int((certificate.not_after - ctx.now()) // 86_400), 0)
    entry = {
        "Source": "aws.acm",
        "DetailType": detail_type,
        "Detail": json.dumps({name: value for name, value in detail.items() if value is not None}),
        "Resources": [arn(ctx, certificate)],
        "Time": ctx.now(),
    }
    try:
        await ctx.call("events", "PutEvents", {"Entries": [entry]})
    except AWSError as error:
        if error.code != "NotImplemented":  # without EventBridge there is nobody to tell
            raise
