"""Issued certificates: templates, passthrough, validity; their revocation."""

from __future__ import annotations

import base64
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fogbank.services.acm_pca import templates, validities
from tests.services.acm_pca.conftest import TEMPLATE, extension, load, signing_request


def test_a_certificate_has_the_subject_and_names_of_its_request(pca, root, issue):
    text, chain, arn = issue(root, signing_request("app.internal", ["app.internal", "api.internal"]))
    certificate = load(text)
    certificate.verify_directly_issued_by(load(chain))
    assert certificate.subject.rfc4514_string() == "CN=app.internal"
    names = extension(certificate, x509.SubjectAlternativeName).get_values_for_type(x509.DNSName)
    assert names == ["app.internal", "api.internal"]
    assert arn == f"{root}/certificate/{certificate.serial_number:x}"
    assert not extension(certificate, x509.BasicConstraints).ca


@pytest.mark.parametrize(
    ("template", "usages"),
    [
        (None, [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
        ("EndEntityClientAuthCertificate/V1", [ExtendedKeyUsageOID.CLIENT_AUTH]),
        ("EndEntityServerAuthCertificate/V1", [ExtendedKeyUsageOID.SERVER_AUTH]),
        ("CodeSigningCertificate/V1", [ExtendedKeyUsageOID.CODE_SIGNING]),
        ("OCSPSigningCertificate/V1", [ExtendedKeyUsageOID.OCSP_SIGNING]),
    ],
)
def test_a_template_says_what_a_certificate_is_for(root, issue, template, usages):
    certificate = load(issue(root, signing_request(), template)[0])
    assert list(extension(certificate, x509.ExtendedKeyUsage)) == usages


def test_a_template_without_passthrough_takes_nothing_else_from_the_request(root, issue, refused):
    certificate = load(issue(root, signing_request(usages=[ExtendedKeyUsageOID.TIME_STAMPING]))[0])
    assert ExtendedKeyUsageOID.TIME_STAMPING not in extension(certificate, x509.ExtendedKeyUsage)
    with refused("InvalidArgsException", "takes no ApiPassthrough"):
        issue(root, signing_request(), ApiPassthrough={"Subject": {"CommonName": "x"}})


def test_a_blank_template_takes_extensions_from_the_csr(root, issue):
    csr = signing_request(usages=[ExtendedKeyUsageOID.TIME_STAMPING])
    certificate = load(issue(root, csr, "BlankEndEntityCertificate_CSRPassthrough/V1")[0])
    assert list(extension(certificate, x509.ExtendedKeyUsage)) == [ExtendedKeyUsageOID.TIME_STAMPING]
    with pytest.raises(x509.ExtensionNotFound):
        extension(certificate, x509.KeyUsage)


def test_an_api_template_takes_subject_and_extensions_from_the_call(root, issue):
    passthrough = {
        "Subject": {"CommonName": "other", "Organization": "Example", "Country": "DE"},
        "Extensions": {
            "SubjectAlternativeNames": [
                {"DnsName": "a.internal"},
                {"IpAddress": "10.0.0.1"},
                {"UniformResourceIdentifier": "spiffe://x"},
                {"Rfc822Name": "me@example.com"},
            ],
            "KeyUsage": {"DigitalSignature": True, "KeyAgreement": True},
            "ExtendedKeyUsage": [
                {"ExtendedKeyUsageType": "EMAIL_PROTECTION"},
                {"ExtendedKeyUsageObjectIdentifier": "1.2.3.4"},
            ],
            "CertificatePolicies": [
                {
                    "CertPolicyId": "1.2.3",
                    "PolicyQualifiers": [{"PolicyQualifierId": "CPS", "Qualifier": {"CpsUri": "http://cps"}}],
                }
            ],
            "CustomExtensions": [
                {"ObjectIdentifier": "1.3.6.1.4.1.99999.1", "Value": base64.b64encode(b"\x05\x00").decode()}
            ],
        },
    }
    csr = signing_request("mine", ["mine.internal"])
    text = issue(root, csr, "BlankEndEntityCertificate_APIPassthrough/V1", ApiPassthrough=passthrough)[0]
    certificate = load(text)
    assert certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "Example"
    names = extension(certificate, x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.DNSName) == ["a.internal"]
    assert str(names.get_values_for_type(x509.IPAddress)[0]) == "10.0.0.1"
    assert extension(certificate, x509.KeyUsage).key_agreement
    assert [oid.dotted_string for oid in extension(certificate, x509.ExtendedKeyUsage)][1] == "1.2.3.4"
    assert extension(certificate, x509.CertificatePolicies)[0].policy_qualifiers == ["http://cps"]


def test_the_template_counts_before_the_call_and_the_call_before_the_csr(root, issue):
    csr = signing_request("mine", ["csr.internal"], [ExtendedKeyUsageOID.TIME_STAMPING])
    passthrough = {
        "Extensions": {
            "SubjectAlternativeNames": [{"DnsName": "call.internal"}],
            "ExtendedKeyUsage": [{"ExtendedKeyUsageType": "CODE_SIGNING"}],
        }
    }
    text = issue(root, csr, "EndEntityClientAuthCertificate_APICSRPassthrough/V1", ApiPassthrough=passthrough)[0]
    certificate = load(text)
    assert list(extension(certificate, x509.ExtendedKeyUsage)) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    names = extension(certificate, x509.SubjectAlternativeName).get_values_for_type(x509.DNSName)
    assert names == ["call.internal"]


@pytest.mark.parametrize(
    "passthrough",
    [
        {"Subject": {"Country": "Germany"}},
        {"Extensions": {"SubjectAlternativeNames": [{"IpAddress": "10.0.0.256"}]}},
        {"Extensions": {"SubjectAlternativeNames": [{"DnsName": "a", "IpAddress": "10.0.0.1"}]}},
    ],
)
def test_what_x509_does_not_take_is_refused(aws, root, refused, passthrough):
    raw = aws("acm-pca", parameter_validation=False)
    with refused("ValidationException" if "Country" in str(passthrough) else "InvalidArgsException"):
        raw.issue_certificate(
            CertificateAuthorityArn=root,
            Csr=signing_request(),
            SigningAlgorithm="SHA256WITHECDSA",
            Validity={"Type": "DAYS", "Value": 1},
            TemplateArn=f"{TEMPLATE}BlankEndEntityCertificate_APIPassthrough/V1",
            ApiPassthrough=passthrough,
        )


# -- validity


def test_a_certificate_begins_an_hour_ago_and_ends_when_asked_for(root, issue):
    certificate = load(issue(root, signing_request(), Validity={"Type": "DAYS", "Value": 10})[0])
    now = datetime.now(UTC)
    assert abs(certificate.not_valid_before_utc - (now - timedelta(hours=1))) < timedelta(minutes=1)
    assert abs(certificate.not_valid_after_utc - (now + timedelta(days=10))) < timedelta(minutes=1)


def test_a_certificate_does_not_outlive_its_authority(root, issue, refused):
    with refused(
        "ValidationException", "The certificate validity specified exceeds the certificate authority validity"
    ):
        issue(root, signing_request(), Validity={"Type": "YEARS", "Value": 11})


START = datetime(2024, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("DAYS", 1, datetime(2024, 2, 1, 12, tzinfo=UTC)),
        ("MONTHS", 1, datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("MONTHS", 12, datetime(2025, 1, 31, 12, tzinfo=UTC)),
        ("YEARS", 2, datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("ABSOLUTE", 1893456000, datetime(2030, 1, 1, tzinfo=UTC)),
        ("END_DATE", 20301231235959, datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("END_DATE", 491231235959, datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_end_is_told_in_five_ways(kind, value, expected):
    assert validities.end({"Type": kind, "Value": value}, START) == expected


@pytest.mark.parametrize(("kind", "value"), [("YEARS", 10**6), ("DAYS", 10**9), ("END_DATE", 5), ("ABSOLUTE", 10**15)])
def test_an_end_that_cannot_be_is_refused(kind, value):
    with pytest.raises(ValueError):
        validities.end({"Type": kind, "Value": value}, START)


# -- templates


@pytest.mark.parametrize(
    "name",
    [
        "EndEntityCertificate/V1",
        "EndEntityCertificate_APICSRPassthrough/V1",
        "RootCACertificate_APIPassthrough/V1",
        "SubordinateCACertificate_PathLen3/V1",
        "SubordinateCACertificate_PathLen0_APICSRPassthrough/V1",
        "BlankRootCACertificate_PathLen2_APIPassthrough/V1",
        "BlankSubordinateCACertificate_PathLen1_CSRPassthrough/V1",
        "BlankEndEntityCertificate_CriticalBasicConstraints_APIPassthrough/V1",
    ],
)
def test_the_documented_templates_are_known(name):
    assert templates.find(TEMPLATE + name) is not None


@pytest.mark.parametrize(
    "name",
    [
        "EndEntityCertificate/V2",
        "EndEntityCertificate_PathLen1/V1",
        "SubordinateCACertificate/V1",
        "SubordinateCACertificate_PathLen4/V1",
        "RootCACertificate_CSRPassthrough/V1",
        "BlankEndEntityCertificate/V1",
        "SomethingElse/V1",
    ],
)
def test_other_templates_are_refused(root, issue, refused, name):
    with refused("InvalidArgsException"):
        issue(root, signing_request(), name)


def test_a_root_template_is_for_the_root_itself(root, issue, refused):
    with refused("MalformedCSRException"):
        issue(root, signing_request(), "RootCACertificate/V1")


def test_a_request_is_signed(root, issue, refused):
    pem = signing_request()
    body = pem.splitlines()
    raw = bytearray(base64.b64decode(b"".join(body[1:-1])))
    raw[-1] ^= 1
    broken = b"\n".join([body[0], base64.b64encode(raw), body[-1]])
    with refused("MalformedCSRException"):
        issue(root, broken)
    with refused("MalformedCSRException"):
        issue(root, b"garbage")


def test_the_signing_algorithm_is_of_the_authoritys_family(root, issue, refused):
    with refused("InvalidArgsException"):
        issue(root, signing_request(), SigningAlgorithm="SHA256WITHRSA")


def test_a_token_stands_for_one_certificate(root, issue):
    csr = signing_request()
    assert issue(root, csr, IdempotencyToken="t")[2] == issue(root, csr, IdempotencyToken="t")[2]


def test_a_certificate_that_was_not_issued_is_not_found(pca, root, refused):
    with refused("ResourceNotFoundException"):
        pca.get_certificate(CertificateAuthorityArn=root, CertificateArn=f"{root}/certificate/abc123")


# -- revocation


@pytest.fixture
def keeping_lists(create, install, bucket):
    configuration = {
        "Enabled": True,
        "ExpirationInDays": 7,
        "S3BucketName": bucket,
        "S3ObjectAcl": "BUCKET_OWNER_FULL_CONTROL",
    }
    arn = create(RevocationConfiguration={"CrlConfiguration": configuration})
    return install(arn)


@pytest.fixture
def crl(aws, bucket):
    def crl(authority):
        key = f"crl/{authority.rpartition('/')[2]}.crl"
        return x509.load_der_x509_crl(aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    return crl


def revoke(pca, authority, certificate, reason="KEY_COMPROMISE"):
    serial = f"{certificate.serial_number:x}"
    pca.revoke_certificate(CertificateAuthorityArn=authority, CertificateSerial=serial, RevocationReason=reason)


def test_a_revoked_certificate_is_on_the_list_in_the_bucket(pca, keeping_lists, issue, settle, crl):
    certificate = load(issue(keeping_lists, signing_request())[0])
    place = extension(certificate, x509.CRLDistributionPoints)[0].full_name[0].value
    assert place.endswith(f"/crl/{keeping_lists.rpartition('/')[2]}.crl")
    settle()
    assert crl(keeping_lists).get_revoked_certificate_by_serial_number(certificate.serial_number) is None
    revoke(pca, keeping_lists, certificate)
    settle()
    found = crl(keeping_lists)
    own = load(pca.get_certificate_authority_certificate(CertificateAuthorityArn=keeping_lists)["Certificate"])
    assert found.is_signature_valid(own.public_key())
    entry = found.get_revoked_certificate_by_serial_number(certificate.serial_number)
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.key_compromise


def test_a_list_is_renewed_before_it_expires(pca, keeping_lists, settle, crl):
    settle()
    first = crl(keeping_lists)
    settle(days=6)
    assert crl(keeping_lists).next_update_utc > first.next_update_utc


def test_a_list_needs_a_bucket_that_lets_it_in(aws, create, refused):
    aws("s3").create_bucket(Bucket=f"closed-{aws.account}")
    configuration = {"Enabled": True, "ExpirationInDays": 7, "S3BucketName": f"closed-{aws.account}"}
    with refused("InvalidArgsException", "Permission denied"):
        create(RevocationConfiguration={"CrlConfiguration": configuration})
    with refused("InvalidArgsException"):
        create(RevocationConfiguration={"CrlConfiguration": {"Enabled": True}})


def test_a_certificate_is_revoked_once(pca, root, issue, refused):
    certificate = load(issue(root, signing_request())[0])
    revoke(pca, root, certificate)
    with refused("RequestAlreadyProcessedException"):
        revoke(pca, root, certificate)


def test_an_authority_does_not_revoke_itself(pca, root, refused):
    own = load(pca.get_certificate_authority_certificate(CertificateAuthorityArn=root)["Certificate"])
    with refused("InvalidRequestException", "Self-signed certificate can not be revoked"):
        revoke(pca, root, own)


def test_lists_are_switched_on_later(pca, root, issue, bucket, settle, crl):
    configuration = {"Enabled": True, "ExpirationInDays": 7, "S3BucketName": bucket}
    pca.update_certificate_authority(
        CertificateAuthorityArn=root, RevocationConfiguration={"CrlConfiguration": configuration}
    )
    settle()
    assert len(crl(root)) == 0


# -- OCSP


@pytest.fixture
def responding(create, install):
    return install(create(RevocationConfiguration={"OcspConfiguration": {"Enabled": True}}))


def ask(certificate, issuer, method="POST"):
    """What the responder says to which the certificate points."""
    access = extension(certificate, x509.AuthorityInformationAccess)
    url = access[0].access_location.value
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256()).build()
    body = asked.public_bytes(serialization.Encoding.DER)
    if method == "GET":
        request = urllib.request.Request(f"{url}/{quote(base64.b64encode(body), safe='')}")
    else:
        request = urllib.request.Request(url, body, {"Content-Type": "application/ocsp-request"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["content-type"] == "application/ocsp-response"
        return ocsp.load_der_ocsp_response(answer.read())


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_responder_tells_whether_a_certificate_was_revoked(pca, responding, issue, method):
    text, chain, _ = issue(responding, signing_request())
    certificate, issuer = load(text), load(chain)
    good = ask(certificate, issuer, method)
    assert good.certificate_status == ocsp.OCSPCertStatus.GOOD
    issuer.public_key().verify(good.signature, good.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
    revoke(pca, responding, certificate)
    revoked = ask(certificate, issuer, method)
    assert revoked.certificate_status == ocsp.OCSPCertStatus.REVOKED
    assert revoked.revocation_reason == x509.ReasonFlags.key_compromise


def test_a_responder_answers_only_for_authorities_that_have_it_enabled(pca, responding, issue):
    text, chain, _ = issue(responding, signing_request())
    configuration = {"OcspConfiguration": {"Enabled": False}}
    pca.update_certificate_authority(CertificateAuthorityArn=responding, RevocationConfiguration=configuration)
    assert ask(load(text), load(chain)).response_status == ocsp.OCSPResponseStatus.UNAUTHORIZED
