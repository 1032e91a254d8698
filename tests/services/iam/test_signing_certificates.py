"""Signing certificates of users and of the root."""

import pytest

from tests.services.iam.pki import Certified

FIRST, SECOND, THIRD = (Certified(name) for name in ("first", "second", "third"))


@pytest.fixture
def upload(iam, make_user):
    make_user()

    def upload(certified=FIRST, **params):
        made = iam.upload_signing_certificate(CertificateBody=certified.pem, **(params or {"UserName": "user"}))
        return made["Certificate"]

    return upload


def test_a_certificate_is_listed_as_it_was_uploaded(iam, upload):
    uploaded = upload()
    assert uploaded["Status"] == "Active"
    assert uploaded["CertificateBody"] == FIRST.pem
    assert iam.list_signing_certificates(UserName="user")["Certificates"] == [uploaded]


def test_the_root_has_certificates_of_its_own(iam, upload):
    upload()
    root = iam.upload_signing_certificate(CertificateBody=SECOND.pem)["Certificate"]
    assert "UserName" not in root
    assert [found["CertificateId"] for found in iam.list_signing_certificates()["Certificates"]] == [
        root["CertificateId"]
    ]


def test_the_same_certificate_is_refused_in_whatever_layout(iam, upload, refused):
    upload()
    with refused("DuplicateCertificate"):
        iam.upload_signing_certificate(UserName="user", CertificateBody=FIRST.pem.replace("\n", "\r\n"))


def test_a_user_has_two_certificates_at_most(upload, refused):
    upload()
    upload(SECOND)
    with refused("LimitExceeded", "Cannot exceed quota for SigningCertificatesPerUser: 2"):
        upload(THIRD)


def test_what_is_no_certificate_is_refused(iam, make_user, refused):
    make_user()
    with refused("MalformedCertificate", "Unable to parse certificate."):
        iam.upload_signing_certificate(UserName="user", CertificateBody="no certificate")


def test_an_expired_certificate_is_refused(upload, refused, clock):
    clock.advance(days=366)
    with refused("InvalidCertificate", "expired"):
        upload()


def test_a_certificate_is_made_inactive(iam, upload, refused):
    certificate = upload()["CertificateId"]
    iam.update_signing_certificate(UserName="user", CertificateId=certificate, Status="Inactive")
    assert iam.list_signing_certificates(UserName="user")["Certificates"][0]["Status"] == "Inactive"
    with refused("InvalidInput"):
        iam.update_signing_certificate(UserName="user", CertificateId=certificate, Status="Expired")


def test_a_user_with_certificates_cannot_be_deleted(iam, upload, refused):
    certificate = upload()["CertificateId"]
    with refused("DeleteConflict", "Cannot delete entity, must delete signing certificates first."):
        iam.delete_user(UserName="user")
    iam.delete_signing_certificate(UserName="user", CertificateId=certificate)
    with refused("NoSuchEntity", f"The Certificate with id {certificate} cannot be found."):
        iam.delete_signing_certificate(UserName="user", CertificateId=certificate)
    iam.delete_user(UserName="user")
