"""What ACM tells of a certificate: DescribeCertificate, the lists, the domain validations."""

from __future__ import annotations

from typing import Any

from fogbank.certificates import keys, names, reading
from fogbank.kernel import Context
from fogbank.services.acm import domains, limits
from fogbank.services.acm.certificate import IMPORTED, PUBLIC, Certificate, Renewal, Update, Validation, arn

Answer = dict[str, Any]

_ORIGINS = {IMPORTED: "CUSTOMER_PROVIDED"}


def origin(certificate: Certificate) -> str:
    """Whose the key pair is."""
    if certificate.acme_account:
        return "ACME"
    return _ORIGINS.get(certificate.type, "AWS_MANAGED")


def whole(ctx: Context, certificate: Certificate) -> Answer:
    """API_CertificateDetail."""
    return {
        "CertificateArn": arn(ctx, certificate),
        "DomainName": certificate.domain or None,
        "SubjectAlternativeNames": certificate.names or None,
        "ManagedBy": certificate.managed_by or None,
        "DomainValidationOptions": [validation(one) for one in certificate.validations] or None,
        **(_contents(certificate) if certificate.certificate else {"Subject": f"CN={certificate.domain}"}),
        "CreatedAt": certificate.created,
        "IssuedAt": certificate.issued,
        "ImportedAt": certificate.imported,
        "Status": certificate.status,
        "RevokedAt": certificate.revoked,
        "RevocationReason": certificate.reason or None,
        "KeyAlgorithm": shown_algorithm(certificate.algorithm),
        "InUseBy": certificate.used_by,
        "FailureReason": certificate.failure or None,
        "Type": certificate.type,
        "RenewalSummary": _renewal(certificate, certificate.renewal),
        "CertificateAuthorityArn": certificate.ca or None,
        "RenewalEligibility": eligibility(certificate),
        "Options": {
            "CertificateTransparencyLoggingPreference": _transparency(certificate),
            "Export": certificate.export,
            "ValidationMethod": certificate.method or None,
        },
        "UpdateSummary": _update(certificate.update),
        "CertificateKeyPairOrigin": origin(certificate),
        "AcmeEndpointArn": certificate.acme_endpoint or None,
        "AcmeAccountId": certificate.acme_account or None,
    }


def _transparency(certificate: Certificate) -> str:
    return certificate.transparency if certificate.type == PUBLIC else "DISABLED"


def _contents(certificate: Certificate) -> Answer:
    """What the certificate itself says."""
    found = reading.load(certificate.certificate)
    issuer = names.to_subject(found.issuer)
    return {
        "Serial": reading.serial(found),
        "Subject": names.text(found.subject),
        "Issuer": issuer.get("Organization") or issuer.get("CommonName") or names.text(found.issuer),
        "NotBefore": certificate.not_before,
        "NotAfter": certificate.not_after,
        "SignatureAlgorithm": keys.signature_name(found),
        "KeyUsages": [{"Name": name} for name in reading.key_usages(found)],
        "ExtendedKeyUsages": [{"Name": name, "OID": oid} for name, oid in reading.extended_key_usages(found)],
    }


def shown_algorithm(algorithm: str) -> str:
    """ACM tells RSA keys with a hyphen (`RSA-2048`), although it is asked for them with an underscore."""
    return algorithm.replace("RSA_", "RSA-")


def eligibility(certificate: Certificate) -> str:
    return "ELIGIBLE" if certificate.is_renewable else "INELIGIBLE"


def validation(one: Validation) -> Answer:
    """API_DomainValidation."""
    return {
        "DomainName": one.domain,
        "ValidationEmails": domains.mail_addresses(one.mail) if one.mail else None,
        "ValidationDomain": one.mail or one.domain,
        "ValidationStatus": one.status,
        "ResourceRecord": _record(one),
        "HttpRedirect": _redirect(one),
        "ValidationMethod": one.method,
    }


def _record(one: Validation) -> Answer | None:
    if one.record is None:
        return None
    name, value = one.record
    return {"Name": name, "Type": "CNAME", "Value": value}


def _redirect(one: Validation) -> Answer | None:
    if one.method != "HTTP":
        return None
    token = domains.record("", one.domain)[0].partition(".")[0]
    path = f"/.well-known/pki-validation/{token}.txt"
    return {"RedirectFrom": f"http://{one.domain}{path}", "RedirectTo": f"https://validation.acm.aws{path}"}


def _renewal(certificate: Certificate, renewal: Renewal | None) -> Answer | None:
    if renewal is None:
        return None
    return {
        "RenewalStatus": renewal.status,
        "DomainValidationOptions": [validation(one) for one in certificate.validations],
        "RenewalStatusReason": renewal.reason or None,
        "UpdatedAt": renewal.updated,
    }


def _update(update: Update | None) -> Answer | None:
    if update is None:
        return None
    return {
        "Status": update.status,
        "Type": "DOMAIN_VALIDATION_METHOD",
        "DomainValidationMethodUpdateSummary": {"From": "EMAIL", "To": "DNS"},
        "RequestedAt": update.requested,
        "UpdatedAt": update.updated,
    }


def domain_summaries(certificate: Certificate) -> list[Answer]:
    """API_DomainValidationSummary, for each name."""
    requested = {one.domain: one for one in certificate.update.validations} if certificate.update else {}
    return [
        {
            "DomainName": one.domain,
            "ActiveValidationConfiguration": _configuration(one),
            "RequestedValidationConfiguration": _configuration(requested[one.domain])
            if one.domain in requested
            else None,
        }
        for one in certificate.validations
    ]


def _configuration(one: Validation) -> Answer:
    email = {"ValidationEmails": domains.mail_addresses(one.mail), "ValidationDomain": one.mail}
    challenge = {
        "EmailValidationChallenge": email if one.method == "EMAIL" else None,
        "DnsValidationChallenge": {"ResourceRecord": _record(one)} if one.method == "DNS" else None,
    }
    return {"ValidationMethod": one.method, "ValidationChallenge": challenge, "ValidationStatus": one.status}


# -- lists


def summary(ctx: Context, certificate: Certificate) -> Answer:
    """API_CertificateSummary."""
    found = reading.load(certificate.certificate) if certificate.certificate else None
    return {
        "CertificateArn": arn(ctx, certificate),
        "DomainName": certificate.domain or None,
        "SubjectAlternativeNameSummaries": certificate.names[: limits.SUMMARY_NAMES] or None,
        "HasAdditionalSubjectAlternativeNames": len(certificate.names) > limits.SUMMARY_NAMES,
        "Status": certificate.status,
        "Type": certificate.type,
        "KeyAlgorithm": shown_algorithm(certificate.algorithm),
        "KeyUsages": reading.key_usages(found) if found else [],
        "ExtendedKeyUsages": [name for name, _ in reading.extended_key_usages(found)] if found else [],
        "ExportOption": certificate.export,
        "InUse": bool(certificate.used_by),
        "Exported": certificate.exported,
        "RenewalEligibility": eligibility(certificate),
        "NotBefore": certificate.not_before,
        "NotAfter": certificate.not_after,
        "CreatedAt": certificate.created,
        "IssuedAt": certificate.issued,
        "ImportedAt": certificate.imported,
        "RevokedAt": certificate.revoked,
        "ManagedBy": certificate.managed_by or None,
        "CertificateKeyPairOrigin": origin(certificate),
    }


def search_result(ctx: Context, certificate: Certificate) -> Answer:
    """API_CertificateSearchResult."""
    return {
        "CertificateArn": arn(ctx, certificate),
        "X509Attributes": _attributes(certificate),
        "CertificateMetadata": {"AcmCertificateMetadata": _metadata(certificate)},
    }


def _attributes(certificate: Certificate) -> Answer:
    named = [{"DnsName": name} for name in certificate.names]
    if not certificate.certificate:
        return {"SubjectAlternativeNames": named or None, "KeyAlgorithm": certificate.algorithm}
    found = reading.load(certificate.certificate)
    return {
        "Issuer": names.to_subject(found.issuer),
        "Subject": names.to_subject(found.subject),
        "SubjectAlternativeNames": named or None,
        "ExtendedKeyUsages": [name for name, _ in reading.extended_key_usages(found)],
        "KeyAlgorithm": certificate.algorithm,
        "KeyUsages": reading.key_usages(found),
        "SerialNumber": reading.serial(found),
        "NotAfter": certificate.not_after,
        "NotBefore": certificate.not_before,
    }


def _metadata(certificate: Certificate) -> Answer:
    return {
        "CreatedAt": certificate.created,
        "Exported": certificate.exported,
        "ImportedAt": certificate.imported,
        "InUse": bool(certificate.used_by),
        "IssuedAt": certificate.issued,
        "RenewalEligibility": eligibility(certificate),
        "RevokedAt": certificate.revoked,
        "Status": certificate.status,
        "RenewalStatus": certificate.renewal.status if certificate.renewal else None,
        "Type": certificate.type,
        "ExportOption": certificate.export,
        "ManagedBy": certificate.managed_by or None,
        "ValidationMethod": certificate.method or None,
        "CertificateKeyPairOrigin": origin(certificate),
        "AcmeEndpointArn": certificate.acme_endpoint or None,
        "AcmeAccountId": certificate.acme_account or None,
    }
