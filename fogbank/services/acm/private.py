"""Certificates of private authorities: what ACM asks of AWS Private CA."""

from __future__ import annotations

from typing import Any

from fogbank.certificates import keys, reading
from fogbank.kernel import AWSError, Context
from fogbank.services.acm import limits, lives
from fogbank.services.acm.certificate import FAILED, Certificate, arn, save, sealed

_FAILURES = {
    "AccessDeniedException": "PCA_ACCESS_DENIED",
    "InvalidArgsException": "PCA_INVALID_ARGS",
    "InvalidArnException": "PCA_INVALID_ARN",
    "InvalidStateException": "PCA_INVALID_STATE",
    "LimitExceededException": "PCA_LIMIT_EXCEEDED",
    "ResourceNotFoundException": "PCA_RESOURCE_NOT_FOUND",
}


async def issue(ctx: Context, certificate: Certificate, key: Any) -> Certificate:
    """Have the certificate issued for a new key, with the caller's permissions. When the authority refuses, it is FAILED."""
    try:
        return await obtain(ctx, certificate, key, as_caller=True)
    except AWSError as error:
        return save(ctx, certificate, status=FAILED, failure=reason_of(error))


def reason_of(error: AWSError) -> str:
    return _FAILURES.get(error.code, "PCA_REQUEST_FAILED")


async def obtain(ctx: Context, certificate: Certificate, key: Any, as_caller: bool) -> Certificate:
    """The certificate issued anew for the key; as ACM itself, with the authority's permission, unless as the caller."""

    async def ask(operation: str, **request: Any) -> dict[str, Any]:
        request["CertificateAuthorityArn"] = certificate.ca
        source = None if as_caller else arn(ctx, certificate)
        return await ctx.call("acm-pca", operation, request, as_caller=as_caller, source_arn=source)

    algorithm = certificate.ca_algorithm or await _algorithm(ctx, certificate.ca)
    answer = await ask(
        "IssueCertificate",
        Csr=reading.pem(_signing_request(certificate, key)).encode(),
        SigningAlgorithm=algorithm,
        Validity={"Type": "DAYS", "Value": limits.PRIVATE_VALID_DAYS},
    )
    issued = await ask("GetCertificate", CertificateArn=answer["CertificateArn"])
    return await lives.begin(
        ctx,
        certificate,
        certificate=issued["Certificate"],
        chain=issued["CertificateChain"],
        sealed_key=await sealed(ctx, certificate.id, keys.to_der(key)),
        ca_certificate=answer["CertificateArn"],
        ca_algorithm=algorithm,
    )


async def _algorithm(ctx: Context, authority: str) -> str:
    """By what the authority signs."""
    answer = await ctx.call(
        "acm-pca", "DescribeCertificateAuthority", {"CertificateAuthorityArn": authority}, as_caller=True
    )
    return answer["CertificateAuthority"]["CertificateAuthorityConfiguration"]["SigningAlgorithm"]


def _signing_request(certificate: Certificate, key: Any) -> Any:
    from cryptography import x509

    from fogbank.certificates.names import to_name

    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(to_name({"CommonName": certificate.domain}))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in certificate.names]), critical=False)
    )
    return keys.sign(builder, key)


async def revoke(ctx: Context, certificate: Certificate, reason: str) -> None:
    """Revoke the certificate with its authority, with the caller's permissions."""
    request = {
        "CertificateAuthorityArn": certificate.ca,
        "CertificateSerial": reading.serial(reading.load(certificate.certificate)),
        "RevocationReason": reason,
    }
    await ctx.call("acm-pca", "RevokeCertificate", request, as_caller=True)
