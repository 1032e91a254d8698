"""Statements of SearchCertificates: is one true of a certificate? Pure.

https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateFilterStatement.html
"""

from __future__ import annotations

from typing import Any

from fogbank.certificates import names, reading
from fogbank.services.acm import errors
from fogbank.services.acm.certificate import Certificate
from fogbank.services.acm.descriptions import origin

Statement = dict[str, Any]

_DEEPEST = 15


def check(statement: Statement | None, depth: int = 0) -> None:
    """Raises ValidationException unless every statement says one thing."""
    if statement is None:
        return
    if len(statement) != 1:
        raise errors.invalid_filter("A filter statement has one of And, Or, Not and Filter.")
    if depth > _DEEPEST:
        raise errors.invalid_filter("The filter statement is nested too deeply.")
    ((kind, value),) = statement.items()
    if kind == "Filter":
        _check_filter(value)
    for inner in value if isinstance(value, list) else [value] if kind == "Not" else []:
        check(inner, depth + 1)


def _check_filter(value: Statement) -> None:
    if len(value) != 1 or any(isinstance(inner, dict) and len(inner) != 1 for inner in value.values()):
        raise errors.invalid_filter("A filter is about one attribute.")


def holds(statement: Statement | None, certificate: Certificate, arn: str) -> bool:
    """Is the statement true of the certificate, which has that ARN? No statement is true of all."""
    if statement is None:
        return True
    ((kind, value),) = statement.items()
    if kind == "And":
        return all(holds(inner, certificate, arn) for inner in value)
    if kind == "Or":
        return any(holds(inner, certificate, arn) for inner in value)
    if kind == "Not":
        return not holds(value, certificate, arn)
    return _passes(value, certificate, arn)


def _passes(given: Statement, certificate: Certificate, arn: str) -> bool:
    ((kind, value),) = given.items()
    if kind == "CertificateArn":
        return value == arn
    ((attribute, wanted),) = value.items()
    if kind == "AcmCertificateMetadataFilter":
        return _metadata(certificate).get(attribute) == wanted
    return _attribute(certificate, attribute, wanted)


def _metadata(certificate: Certificate) -> dict[str, Any]:
    return {
        "Status": certificate.status,
        "RenewalStatus": certificate.renewal.status if certificate.renewal else None,
        "Type": certificate.type,
        "InUse": bool(certificate.used_by),
        "Exported": certificate.exported,
        "ExportOption": certificate.export,
        "ManagedBy": certificate.managed_by or None,
        "ValidationMethod": certificate.method or None,
        "CertificateKeyPairOrigin": origin(certificate),
        "AcmeEndpointArn": certificate.acme_endpoint or None,
        "AcmeAccountId": certificate.acme_account or None,
    }


def _attribute(certificate: Certificate, attribute: str, wanted: Any) -> bool:
    if attribute == "KeyAlgorithm":
        return certificate.algorithm == wanted
    if attribute == "SubjectAlternativeName":
        return any(_compares(name, wanted.get("DnsName")) for name in certificate.names)
    if attribute in ("NotAfter", "NotBefore"):
        return _is_within(certificate.not_after if attribute == "NotAfter" else certificate.not_before, wanted)
    if not certificate.certificate:
        return False
    found = reading.load(certificate.certificate)
    if attribute == "Subject":
        return _compares(names.common_name(found.subject), wanted.get("CommonName"))
    if attribute == "KeyUsage":
        return wanted in reading.key_usages(found)
    if attribute == "ExtendedKeyUsage":
        return wanted in {name for name, _ in reading.extended_key_usages(found)}
    return reading.serial(found) == wanted


def _compares(text: str, wanted: dict[str, str] | None) -> bool:
    if wanted is None:
        return True
    value = wanted["Value"].lower()
    return value in text.lower() if wanted["ComparisonOperator"] == "CONTAINS" else value == text.lower()


def _is_within(moment: float | None, span: dict[str, float]) -> bool:
    """Both ends are part of the span; one that is not given is open."""
    if moment is None:
        return False
    return span.get("Start", moment) <= moment <= span.get("End", moment)
