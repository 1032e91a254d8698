"""Imported certificates, and what is checked of them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.services.acm.conftest import Issuer, key_pem


@pytest.fixture
def take(acm, issuer):
    """Imports a certificate of the test's authority, with changes to the request, and gives its ARN."""

    def take(**changes):
        certificate, key = issuer.issue()
        request = {"Certificate": certificate, "PrivateKey": key, "CertificateChain": issuer.pem, **changes}
        return acm.import_certificate(**{name: value for name, value in request.items() if value is not None})[
            "CertificateArn"
        ]

    return take


def test_an_imported_certificate_is_what_was_given(acm, describe, issuer, take):
    certificate, key = issuer.issue("db.example")
    arn = take(Certificate=certificate, PrivateKey=key)
    found = describe(arn)
    assert (found["Type"], found["Status"], found["DomainName"]) == ("IMPORTED", "ISSUED", "db.example")
    assert (found["KeyAlgorithm"], found["SignatureAlgorithm"]) == ("EC_prime256v1", "SHA256WITHECDSA")
    assert (found["Subject"], found["Issuer"]) == ("CN=db.example", "Test CA")
    assert found["ImportedAt"] and "IssuedAt" not in found
    answer = acm.get_certificate(CertificateArn=arn)
    assert (answer["Certificate"], answer["CertificateChain"]) == (certificate.decode(), issuer.pem.decode())


def test_a_certificate_is_imported_in_place_of_another(describe, issuer, take):
    arn = take()
    certificate, key = issuer.issue("newer.example")
    assert take(CertificateArn=arn, Certificate=certificate, PrivateKey=key) == arn
    assert describe(arn)["DomainName"] == "newer.example"


def test_what_was_requested_is_not_replaced_by_import(issued, take, refused):
    with refused("ValidationException"):
        take(CertificateArn=issued())


def test_tags_come_with_the_first_import_only(acm, take, refused):
    arn = take(Tags=[{"Key": "a", "Value": "1"}])
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    with refused("ValidationException", "Tagging is not permitted on re-import."):
        take(CertificateArn=arn, Tags=[{"Key": "a", "Value": "1"}])


def test_a_self_signed_certificate_needs_no_chain(acm, describe):
    own = Issuer("self.example")
    arn = acm.import_certificate(Certificate=own.pem, PrivateKey=key_pem(own.key))["CertificateArn"]
    assert describe(arn)["Issuer"] == "self.example"


def test_a_certificate_of_an_authority_needs_its_chain(take, refused):
    with refused("ValidationException", "Provided certificate is not a valid self signed."):
        take(CertificateChain=None)


def test_a_chain_goes_from_issuer_to_issuer(issuer, take, refused):
    below = Issuer("Below", above=None)
    with refused("ValidationException", "The index within the chain of the invalid certificate is: 0"):
        take(CertificateChain=below.pem)
    with refused("ValidationException", "The index within the chain of the invalid certificate is: 1"):
        take(CertificateChain=issuer.pem + below.pem)


@pytest.mark.parametrize("days", [{"days": -1, "start": -5}, {"start": 2}], ids=["over", "not yet begun"])
def test_a_certificate_is_valid_today(issuer, take, refused, days):
    certificate, key = issuer.issue(**days)
    with refused("ValidationException"):
        take(Certificate=certificate, PrivateKey=key)


def test_the_key_is_that_of_the_certificate(take, refused):
    with refused("ValidationException", "The private key does not match the certificate."):
        take(PrivateKey=key_pem(ec.generate_private_key(ec.SECP256R1())))


def test_the_key_has_no_passphrase(issuer, take, refused):
    key = ec.generate_private_key(ec.SECP256R1())
    certificate, _ = issuer.issue(key=key)
    with refused("ValidationException", "not protected by a passphrase"):
        take(Certificate=certificate, PrivateKey=key_pem(key, b"s3cret"))


def test_the_key_is_of_a_kind_that_acm_knows(issuer, take, refused):
    key = ed25519.Ed25519PrivateKey.generate()
    certificate, _ = issuer.issue(key=key)
    with refused("ValidationException", "The private key is not supported."):
        take(Certificate=certificate, PrivateKey=key_pem(key))


def test_the_key_is_of_the_issuers_family(issuer, take, refused):
    key = rsa.generate_private_key(65537, 2048)
    certificate, _ = issuer.issue(key=key)
    with refused("ValidationException", "must match that of the signing certificate authority"):
        take(Certificate=certificate, PrivateKey=key_pem(key))


@pytest.mark.parametrize("member", ["Certificate", "PrivateKey", "CertificateChain"])
def test_what_is_no_pem_is_refused(take, refused, member):
    with refused("ValidationException"):
        take(**{member: b"garbage"})


def test_one_certificate_is_imported_at_a_time(issuer, take, refused):
    certificate, key = issuer.issue()
    with refused("ValidationException", "The certificate field contains more than one certificate."):
        take(Certificate=certificate + issuer.pem, PrivateKey=key)


def test_an_imported_certificate_is_not_renewed_and_expires(describe, issuer, take, settle):
    certificate, key = issuer.issue(days=90)
    arn = take(Certificate=certificate, PrivateKey=key)
    assert describe(arn)["RenewalEligibility"] == "INELIGIBLE"
    settle(days=91)
    assert describe(arn)["Status"] == "EXPIRED"


def test_an_imported_certificate_is_not_exported(acm, take, refused):
    with refused("ValidationException"):
        acm.export_certificate(CertificateArn=take(), Passphrase=b"s3cret!")
