"""What ACM tells EventBridge. https://docs.aws.amazon.com/acm/latest/userguide/supported-events.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, service_events
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
    await service_events.tell(ctx, detail_type, detail, [arn(ctx, certificate)])
