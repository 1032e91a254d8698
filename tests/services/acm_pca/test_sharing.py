"""Who may use an authority besides its owner; audit reports; certificates that ACM gets from an authority."""

from __future__ import annotations

import csv
import io
import json

import pytest
from cryptography import x509

from fogbank.services.acm import limits
from fogbank.testing.clients import fresh_account
from tests.services.acm_pca.conftest import load, signing_request

ACM = "acm.amazonaws.com"
ACTIONS = ["IssueCertificate", "GetCertificate", "ListPermissions"]


# -- permissions


def test_a_permission_is_given_listed_and_taken_back(aws, pca, root):
    pca.create_permission(CertificateAuthorityArn=root, Principal=ACM, Actions=ACTIONS)
    (found,) = pca.list_permissions(CertificateAuthorityArn=root)["Permissions"]
    assert (found["Principal"], found["Actions"], found["SourceAccount"]) == (ACM, ACTIONS, aws.account)
    pca.delete_permission(CertificateAuthorityArn=root, Principal=ACM)
    assert pca.list_permissions(CertificateAuthorityArn=root)["Permissions"] == []


def test_a_permission_is_given_once_and_to_acm_only(pca, root, refused):
    pca.create_permission(CertificateAuthorityArn=root, Principal=ACM, Actions=ACTIONS)
    with refused("PermissionAlreadyExistsException"):
        pca.create_permission(CertificateAuthorityArn=root, Principal=ACM, Actions=ACTIONS)
    with refused("InvalidArgsException"):
        pca.create_permission(CertificateAuthorityArn=root, Principal="s3.amazonaws.com", Actions=ACTIONS)


# -- the resource policy


def policy_for(account, effect="Allow", action="acm-pca:IssueCertificate"):
    statement = {
        "Effect": effect,
        "Principal": {"AWS": account},
        "Action": [action, "acm-pca:GetCertificate"],
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_policy_opens_an_authority_to_another_account(aws, pca, root):
    account = fresh_account()
    other = aws("acm-pca", account=account)
    request = {
        "CertificateAuthorityArn": root,
        "Csr": signing_request(),
        "SigningAlgorithm": "SHA256WITHECDSA",
        "Validity": {"Type": "DAYS", "Value": 1},
    }
    with pytest.raises(other.exceptions.ClientError, match="is not authorized to perform: acm-pca:IssueCertificate"):
        other.issue_certificate(**request)
    pca.put_policy(ResourceArn=root, Policy=policy_for(account))
    assert other.issue_certificate(**request)["CertificateArn"].startswith(root)
    with pytest.raises(other.exceptions.ClientError, match="AccessDenied"):
        other.update_certificate_authority(CertificateAuthorityArn=root, Status="DISABLED")


def test_a_policy_is_put_got_and_deleted(pca, root, refused):
    text = policy_for("111122223333")
    pca.put_policy(ResourceArn=root, Policy=text)
    assert pca.get_policy(ResourceArn=root)["Policy"] == text
    pca.delete_policy(ResourceArn=root)
    with refused("ResourceNotFoundException"):
        pca.get_policy(ResourceArn=root)


@pytest.mark.parametrize("text", ["no json", policy_for("111122223333", action="s3:GetObject")])
def test_a_policy_that_is_none_is_refused(pca, root, refused, text):
    with refused("InvalidPolicyException"):
        pca.put_policy(ResourceArn=root, Policy=text)


def test_nobody_locks_themselves_out(pca, root, refused):
    with refused("LockoutPreventedException"):
        pca.put_policy(ResourceArn=root, Policy=policy_for("*", "Deny", "acm-pca:*"))


# -- audit reports


@pytest.mark.parametrize("kind", ["JSON", "CSV"])
def test_a_report_tells_what_was_issued_and_revoked(aws, pca, root, issue, bucket, settle, kind):
    text, _, arn = issue(root, signing_request("audited.internal"))
    serial = f"{load(text).serial_number:x}"
    pca.revoke_certificate(CertificateAuthorityArn=root, CertificateSerial=serial, RevocationReason="SUPERSEDED")
    made = pca.create_certificate_authority_audit_report(
        CertificateAuthorityArn=root, S3BucketName=bucket, AuditReportResponseFormat=kind
    )
    settle()
    described = pca.describe_certificate_authority_audit_report(
        CertificateAuthorityArn=root, AuditReportId=made["AuditReportId"]
    )
    assert (described["AuditReportStatus"], described["S3Key"]) == ("SUCCESS", made["S3Key"])
    body = aws("s3").get_object(Bucket=bucket, Key=made["S3Key"])["Body"].read().decode()
    rows = json.loads(body) if kind == "JSON" else list(csv.DictReader(io.StringIO(body)))
    (row,) = [row for row in rows if row["certificateArn"] == arn]
    assert (row["subject"], row["revocationReason"]) == ("CN=audited.internal", "SUPERSEDED")
    assert row["templateArn"].endswith("EndEntityCertificate/V1")


def test_a_report_is_made_every_half_hour_at_most(pca, root, bucket, settle, refused):
    request = {"CertificateAuthorityArn": root, "S3BucketName": bucket, "AuditReportResponseFormat": "JSON"}
    pca.create_certificate_authority_audit_report(**request)
    with refused("RequestInProgressException"):
        pca.create_certificate_authority_audit_report(**request)
    settle(minutes=31)
    pca.create_certificate_authority_audit_report(**request)


def test_a_report_that_cannot_be_written_has_failed(pca, root, settle):
    made = pca.create_certificate_authority_audit_report(
        CertificateAuthorityArn=root, S3BucketName="nobodys-bucket-at-all", AuditReportResponseFormat="JSON"
    )
    settle()
    described = pca.describe_certificate_authority_audit_report(
        CertificateAuthorityArn=root, AuditReportId=made["AuditReportId"]
    )
    assert described["AuditReportStatus"] == "FAILED"


# -- with ACM


@pytest.fixture
def acm(aws):
    return aws("acm")


@pytest.fixture
def lasting(create, install):
    """A root that outlives the certificates of ACM."""
    return install(create(name="Lasting"), Validity={"Type": "YEARS", "Value": 20})


@pytest.fixture
def private(acm, lasting):
    """A private certificate that ACM has got from the authority."""
    return acm.request_certificate(
        DomainName="db.internal", CertificateAuthorityArn=lasting, KeyAlgorithm="EC_prime256v1"
    )["CertificateArn"]


def test_acm_gets_a_private_certificate_at_once(acm, pca, lasting, private):
    found = acm.describe_certificate(CertificateArn=private)["Certificate"]
    assert (found["Type"], found["Status"]) == ("PRIVATE", "ISSUED")
    assert found["CertificateAuthorityArn"] == lasting
    assert "DomainValidationOptions" not in found
    answer = acm.get_certificate(CertificateArn=private)
    own = pca.get_certificate_authority_certificate(CertificateAuthorityArn=lasting)["Certificate"]
    load(answer["Certificate"]).verify_directly_issued_by(load(own))
    assert load(answer["CertificateChain"]) == load(own)


def test_what_the_authority_refuses_has_failed(acm, pca, lasting):
    pca.update_certificate_authority(CertificateAuthorityArn=lasting, Status="DISABLED")
    arn = acm.request_certificate(DomainName="db.internal", CertificateAuthorityArn=lasting)["CertificateArn"]
    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (found["Status"], found["FailureReason"]) == ("FAILED", "PCA_INVALID_STATE")


def export(acm, arn):
    return acm.export_certificate(CertificateArn=arn, Passphrase=b"s3cret!")["Certificate"]


def test_an_exported_private_certificate_is_renewed_with_the_authoritys_permission(acm, pca, lasting, private, settle):
    pca.create_permission(CertificateAuthorityArn=lasting, Principal=ACM, Actions=ACTIONS)
    before = load(export(acm, private))
    acm.renew_certificate(CertificateArn=private)
    settle()
    found = acm.describe_certificate(CertificateArn=private)["Certificate"]
    assert found["RenewalSummary"]["RenewalStatus"] == "SUCCESS"
    after = load(acm.get_certificate(CertificateArn=private)["Certificate"])
    assert after.serial_number != before.serial_number


def test_without_permission_acm_cannot_renew(acm, private, settle):
    export(acm, private)
    settle(days=limits.PRIVATE_VALID_DAYS - limits.PRIVATE_RENEWED_DAYS_BEFORE + 1)
    found = acm.describe_certificate(CertificateArn=private)["Certificate"]["RenewalSummary"]
    assert (found["RenewalStatus"], found["RenewalStatusReason"]) == ("FAILED", "PCA_ACCESS_DENIED")


def test_revoking_a_private_certificate_revokes_it_at_its_authority(acm, pca, lasting, private, refused):
    serial = x509.load_pem_x509_certificate(export(acm, private).encode()).serial_number
    acm.revoke_certificate(CertificateArn=private, RevocationReason="SUPERSEDED")
    with refused("RequestAlreadyProcessedException"):
        pca.revoke_certificate(
            CertificateAuthorityArn=lasting, CertificateSerial=f"{serial:x}", RevocationReason="SUPERSEDED"
        )
