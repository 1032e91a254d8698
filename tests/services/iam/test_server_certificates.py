"""Server certificates."""

import pytest

from tests.services.iam.pki import Certified

ROOT = Certified("root", authority=True)
MIDDLE = Certified("middle", ROOT, authority=True)
LEAF = Certified("www.example.com", MIDDLE)


@pytest.fixture
def upload(iam):
    def upload(name="web", body=LEAF.pem, key=LEAF.key_pem, **params):
        made = iam.upload_server_certificate(ServerCertificateName=name, CertificateBody=body, PrivateKey=key, **params)
        return made["ServerCertificateMetadata"]

    return upload


def test_a_certificate_is_answered_with_its_chain_and_never_its_key(aws, iam, upload):
    chain = MIDDLE.pem + ROOT.pem
    metadata = upload(Path="/cloudfront/test/", CertificateChain=chain)
    assert metadata["Arn"] == f"arn:aws:iam::{aws.account}:server-certificate/cloudfront/test/web"
    assert metadata["ServerCertificateId"].startswith("ASCA")
    assert metadata["Expiration"] == LEAF.cert.not_valid_after_utc
    found = iam.get_server_certificate(ServerCertificateName="web")["ServerCertificate"]
    assert found == {
        "ServerCertificateMetadata": metadata,
        "CertificateBody": LEAF.pem.strip(),
        "CertificateChain": chain.strip(),
    }


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"body": "no certificate"}, "MalformedCertificate", "Unable to parse certificate."),
        ({"body": LEAF.pem + MIDDLE.pem}, "MalformedCertificate", "Unable to parse certificate."),
        ({"key": "no key"}, "MalformedCertificate", "Unable to parse private key."),
        ({"key": LEAF.encrypted_key_pem}, "MalformedCertificate", "Unable to parse key; the body is encrypted."),
        ({"key": MIDDLE.key_pem}, "KeyPairMismatch", "does not match"),
        ({"CertificateChain": "no chain"}, "MalformedCertificate", "Unable to parse certificate."),
        ({"CertificateChain": ROOT.pem}, "MalformedCertificate", "of the invalid certificate is: 0"),
        ({"CertificateChain": ROOT.pem + MIDDLE.pem}, "MalformedCertificate", "of the invalid certificate is: 0"),
        ({"CertificateChain": MIDDLE.pem + MIDDLE.pem}, "MalformedCertificate", "of the invalid certificate is: 1"),
    ],
)
def test_what_does_not_fit_together_is_refused(iam, upload, refused, given, code, message):
    with refused(code, message):
        upload(**given)
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []


def test_an_expired_certificate_is_refused(upload, refused, clock):
    clock.advance(days=366)
    with refused("MalformedCertificate", "expired"):
        upload()


def test_a_name_is_taken_once(upload, refused):
    upload()
    with refused("EntityAlreadyExists", "The Server Certificate with name web already exists."):
        upload()


def test_a_certificate_is_renamed_and_moved(iam, upload, refused):
    before = upload()
    upload("taken")
    with refused("EntityAlreadyExists"):
        iam.update_server_certificate(ServerCertificateName="web", NewServerCertificateName="taken")
    iam.update_server_certificate(ServerCertificateName="web", NewServerCertificateName="shop", NewPath="/new/")
    after = iam.get_server_certificate(ServerCertificateName="shop")["ServerCertificate"]["ServerCertificateMetadata"]
    assert after["ServerCertificateId"] == before["ServerCertificateId"]
    assert after["Arn"].endswith(":server-certificate/new/shop")
    with refused("NoSuchEntity", "The Server Certificate with name web cannot be found."):
        iam.get_server_certificate(ServerCertificateName="web")


def test_certificates_are_listed_by_path_in_pages(iam, upload):
    for name in ("b", "a"):
        upload(name)
    upload("c", Path="/x/")
    pages = list(iam.get_paginator("list_server_certificates").paginate(PaginationConfig={"PageSize": 2}))
    names = [[found["ServerCertificateName"] for found in page["ServerCertificateMetadataList"]] for page in pages]
    assert names == [["a", "b"], ["c"]]
    (only,) = iam.list_server_certificates(PathPrefix="/x/")["ServerCertificateMetadataList"]
    assert only["ServerCertificateName"] == "c"


def test_a_deleted_certificate_is_gone(iam, upload, refused):
    upload()
    iam.delete_server_certificate(ServerCertificateName="web")
    with refused("NoSuchEntity"):
        iam.delete_server_certificate(ServerCertificateName="web")


def test_an_account_has_twenty_certificates_at_most(upload, refused):
    for number in range(20):
        upload(f"web{number}")
    with refused("LimitExceeded", "Cannot exceed quota for ServerCertificatesPerAccount: 20"):
        upload("more")


def test_a_certificate_has_tags(iam, upload):
    upload(Tags=[{"Key": "a", "Value": "1"}])
    iam.tag_server_certificate(ServerCertificateName="web", Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_server_certificate(ServerCertificateName="web", TagKeys=["a"])
    assert iam.list_server_certificate_tags(ServerCertificateName="web")["Tags"] == [{"Key": "b", "Value": "2"}]
