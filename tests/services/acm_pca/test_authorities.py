"""The life of certificate authorities."""

from __future__ import annotations

import re

import pytest
from cryptography import x509

from fogbank.services.acm_pca import states
from tests.services.acm_pca.conftest import YEAR, load, signing_request


def status(describe, arn):
    return describe(arn)["Status"]


def test_a_new_authority_waits_for_its_certificate(aws, pca, create, describe):
    arn = create()
    assert re.fullmatch(rf"arn:aws:acm-pca:us-east-1:{aws.account}:certificate-authority/[0-9a-f-]{{36}}", arn)
    found = describe(arn)
    assert (found["Status"], found["Type"], found["OwnerAccount"]) == ("PENDING_CERTIFICATE", "ROOT", aws.account)
    assert found["CertificateAuthorityConfiguration"]["Subject"] == {"CommonName": "Test Root"}
    assert found["RevocationConfiguration"] == {
        "CrlConfiguration": {"Enabled": False},
        "OcspConfiguration": {"Enabled": False},
    }
    assert (found["UsageMode"], found["KeyStorageSecurityStandard"]) == (
        "GENERAL_PURPOSE",
        "FIPS_140_2_LEVEL_3_OR_HIGHER",
    )


def test_a_signing_request_is_signed_by_the_authoritys_key(pca, create):
    csr = x509.load_pem_x509_csr(pca.get_certificate_authority_csr(CertificateAuthorityArn=create())["Csr"].encode())
    assert csr.is_signature_valid
    assert csr.subject.rfc4514_string() == "CN=Test Root"


def test_a_root_is_active_with_a_certificate_that_it_has_signed_itself(pca, root, describe):
    found = describe(root)
    assert found["Status"] == "ACTIVE"
    assert (found["NotAfter"] - found["NotBefore"]).days >= 3650
    answer = pca.get_certificate_authority_certificate(CertificateAuthorityArn=root)
    own = load(answer["Certificate"])
    own.verify_directly_issued_by(own)
    assert "CertificateChain" not in answer
    constraints = own.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.value.ca, constraints.critical) == (True, True)


def test_a_subordinate_is_active_with_a_certificate_of_the_root(pca, create, install, root):
    arn = install(create("SUBORDINATE", "Test Issuing"), above=root)
    answer = pca.get_certificate_authority_certificate(CertificateAuthorityArn=arn)
    own, above = load(answer["Certificate"]), load(answer["CertificateChain"])
    own.verify_directly_issued_by(above)
    assert own.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0


@pytest.mark.parametrize(
    ("algorithm", "signing"),
    [
        ("RSA_2048", "SHA256WITHRSA"),
        ("EC_secp384r1", "SHA384WITHECDSA"),
        ("EC_secp521r1", "SHA512WITHECDSA"),
        ("ML_DSA_65", "ML_DSA_65"),
    ],
)
def test_keys_of_all_kinds_sign(create, install, pca, algorithm, signing):
    arn = install(create(algorithm=algorithm, signing=signing), SigningAlgorithm=signing)
    own = load(pca.get_certificate_authority_certificate(CertificateAuthorityArn=arn)["Certificate"])
    own.verify_directly_issued_by(own)


def test_algorithms_fit_each_other(create, refused):
    with refused("InvalidArgsException"):
        create(signing="SHA256WITHRSA")
    with refused("InvalidArgsException"):
        create(algorithm="SM2", signing="SM3WITHSM2")


def test_a_token_stands_for_one_authority_for_five_minutes(create, clock):
    first = create(IdempotencyToken="token")
    assert create(IdempotencyToken="token") == first
    clock.advance(minutes=6)
    assert create(IdempotencyToken="token") != first


# -- certificates that do not fit


def test_a_certificate_is_for_the_authoritys_own_key(pca, create, root, issue, refused):
    arn = create("SUBORDINATE", "Test Issuing")
    certificate, chain, _ = issue(root, signing_request("Test Issuing"), "SubordinateCACertificate_PathLen0/V1")
    with refused("CertificateMismatchException", "public key"):
        pca.import_certificate_authority_certificate(
            CertificateAuthorityArn=arn, Certificate=certificate.encode(), CertificateChain=chain.encode()
        )


def test_a_subordinate_needs_the_chain_to_its_root(pca, create, root, issue, refused):
    arn = create("SUBORDINATE", "Test Issuing")
    csr = pca.get_certificate_authority_csr(CertificateAuthorityArn=arn)["Csr"].encode()
    certificate, _, _ = issue(root, csr, "SubordinateCACertificate_PathLen0/V1")
    with refused("InvalidRequestException"):
        pca.import_certificate_authority_certificate(CertificateAuthorityArn=arn, Certificate=certificate.encode())


def test_a_certificate_of_an_authority_has_its_constraints(pca, create, root, issue, refused):
    arn = create("SUBORDINATE", "Test Issuing")
    csr = pca.get_certificate_authority_csr(CertificateAuthorityArn=arn)["Csr"].encode()
    certificate, chain, _ = issue(root, csr)
    with refused("MalformedCertificateException", "basic constraints"):
        pca.import_certificate_authority_certificate(
            CertificateAuthorityArn=arn, Certificate=certificate.encode(), CertificateChain=chain.encode()
        )


def test_a_path_is_no_longer_than_its_authorities_allow(pca, create, install, root, refused):
    middle = install(create("SUBORDINATE", "Middle"), above=root)
    with refused("CertificateMismatchException", "path length"):
        install(create("SUBORDINATE", "Bottom"), above=middle, Validity={"Type": "DAYS", "Value": 100})
    roomy = install(create("SUBORDINATE", "Roomy"), above=root, template="SubordinateCACertificate_PathLen1/V1")
    install(create("SUBORDINATE", "Bottom"), above=roomy, Validity={"Type": "DAYS", "Value": 100})


def test_what_is_no_certificate_is_refused(pca, create, refused):
    with refused("MalformedCertificateException"):
        pca.import_certificate_authority_certificate(CertificateAuthorityArn=create(), Certificate=b"garbage")


# -- states


def test_a_disabled_authority_issues_nothing_until_it_is_enabled(pca, root, issue, describe, refused):
    pca.update_certificate_authority(CertificateAuthorityArn=root, Status="DISABLED")
    assert status(describe, root) == "DISABLED"
    with refused("InvalidStateException"):
        issue(root, signing_request())
    pca.update_certificate_authority(CertificateAuthorityArn=root, Status="ACTIVE")
    assert issue(root, signing_request())


def test_an_active_authority_is_not_deleted(pca, root, refused):
    with refused("InvalidStateException"):
        pca.delete_certificate_authority(CertificateAuthorityArn=root)


def test_a_deleted_authority_is_restored_disabled(pca, root, describe):
    pca.update_certificate_authority(CertificateAuthorityArn=root, Status="DISABLED")
    pca.delete_certificate_authority(CertificateAuthorityArn=root, PermanentDeletionTimeInDays=7)
    found = describe(root)
    assert found["Status"] == "DELETED"
    assert found["RestorableUntil"]
    pca.restore_certificate_authority(CertificateAuthorityArn=root)
    assert status(describe, root) == "DISABLED"


def test_an_authority_without_a_certificate_is_restored_to_wait_for_one(pca, create, describe):
    arn = create()
    pca.delete_certificate_authority(CertificateAuthorityArn=arn)
    pca.restore_certificate_authority(CertificateAuthorityArn=arn)
    assert status(describe, arn) == "PENDING_CERTIFICATE"


def test_a_deleted_authority_is_gone_after_its_time(pca, create, settle, refused):
    arn = create()
    pca.delete_certificate_authority(CertificateAuthorityArn=arn, PermanentDeletionTimeInDays=7)
    settle(days=8)
    with refused("ResourceNotFoundException"):
        pca.describe_certificate_authority(CertificateAuthorityArn=arn)


def test_an_authority_expires_with_its_certificate_and_lives_on_with_a_new_one(create, install, describe, settle):
    arn = install(create(), Validity={"Type": "DAYS", "Value": 30})
    settle(days=31)
    assert status(describe, arn) == "EXPIRED"


def test_before_its_certificate_there_is_none_to_show(pca, create, refused):
    with refused("InvalidStateException"):
        pca.get_certificate_authority_certificate(CertificateAuthorityArn=create())


def test_what_is_no_authoritys_arn_is_refused(pca, refused):
    with refused("InvalidArnException"):
        pca.describe_certificate_authority(CertificateAuthorityArn="arn:aws:acm-pca:us-east-1:111122223333:other/thing")


def test_every_state_but_deleted_can_be_left():
    left = {state for state, _ in states.TABLE}
    assert left == {"CREATING", "PENDING_CERTIFICATE", "ACTIVE", "DISABLED", "EXPIRED", "FAILED", "DELETED"}
    assert {state for (state, event) in states.TABLE if event == "deleted"} == left - {"ACTIVE", "DELETED"}


# -- lists and tags


def test_authorities_are_listed_in_pages(pca, create):
    made = [create(name=f"CA {number}") for number in range(3)]
    pages = pca.get_paginator("list_certificate_authorities").paginate(PaginationConfig={"PageSize": 2})
    found = [[one["Arn"] for one in page["CertificateAuthorities"]] for page in pages]
    assert found == [made[:2], made[2:]]
    assert pca.list_certificate_authorities(ResourceOwner="OTHER_ACCOUNTS")["CertificateAuthorities"] == []


def test_a_token_that_nobody_gave_out_is_refused(pca, refused):
    with refused("InvalidNextTokenException"):
        pca.list_certificate_authorities(NextToken="garbage")


def test_tags_are_added_replaced_and_removed(pca, create):
    arn = create(Tags=[{"Key": "a", "Value": "1"}])
    pca.tag_certificate_authority(CertificateAuthorityArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b"}])
    pca.untag_certificate_authority(CertificateAuthorityArn=arn, Tags=[{"Key": "b"}, {"Key": "a", "Value": "1"}])
    assert pca.list_tags(CertificateAuthorityArn=arn)["Tags"] == [{"Key": "a", "Value": "2"}]


def test_an_authority_of_short_lived_certificates_issues_for_a_week(create, install, issue, refused):
    arn = install(create(UsageMode="SHORT_LIVED_CERTIFICATE"), Validity=YEAR)
    issue(arn, signing_request(), Validity={"Type": "DAYS", "Value": 7})
    with refused("InvalidArgsException"):
        issue(arn, signing_request(), Validity={"Type": "DAYS", "Value": 8})
