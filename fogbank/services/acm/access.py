"""What the decision about a request needs to know of ACM: ARNs, owner, tags, condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscertificatemanager.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.acm.certificate import arn_of, certificates, parse

Request = dict[str, Any]
Keys = dict[str, str | tuple[str, ...]]


def named_arn(ctx: Context, request: Request) -> str:
    return request["CertificateArn"]


def new_arn(ctx: Context, request: Request) -> str:
    return request.get("CertificateArn") or arn_of(ctx, "*")


async def owner(ctx: Context, request: Request) -> str:
    return parse(request["CertificateArn"])[1] if "CertificateArn" in request else ctx.account


async def tags(ctx: Context, request: Request) -> dict[str, str]:
    found = (
        await certificates.get(ctx, request["CertificateArn"].rpartition("/")[2])
        if "CertificateArn" in request
        else None
    )
    return {} if found is None else found.tags


def condition_keys(ctx: Context, request: Request) -> Keys:
    options = request.get("Options") or {}
    found: Keys = {
        "acm:ValidationMethod": request.get("ValidationMethod", ""),
        "acm:KeyAlgorithm": request.get("KeyAlgorithm", ""),
        "acm:CertificateAuthority": request.get("CertificateAuthorityArn", ""),
        "acm:CertificateTransparencyLogging": options.get("CertificateTransparencyLoggingPreference", ""),
        "acm:Export": options.get("Export", ""),
    }
    if "DomainName" in request:
        found["acm:DomainNames"] = (request["DomainName"], *(request.get("SubjectAlternativeNames") or ()))
    return {key: value for key, value in found.items() if value}


# -- options of operations

ON_CERTIFICATE: dict[str, Any] = {"resource": named_arn, "owner": owner, "tags": tags}
ON_NEW: dict[str, Any] = {"resource": new_arn, "owner": owner, "tags": tags, "keys": condition_keys}
ON_ACCOUNT: dict[str, Any] = {"resource": lambda ctx, request: "*"}
