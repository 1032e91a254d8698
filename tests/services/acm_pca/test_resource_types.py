"""Authorities as CloudFormation and Cloud Control see them."""

from __future__ import annotations

import pytest

from tests.services.acm_pca.conftest import TEMPLATE
from tests.services.cloud_client import Cloud

AUTHORITY = "AWS::ACMPCA::CertificateAuthority"
CERTIFICATE = "AWS::ACMPCA::Certificate"
ACTIVATION = "AWS::ACMPCA::CertificateAuthorityActivation"
PERMISSION = "AWS::ACMPCA::Permission"


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_root_authority_is_made_activated_and_deleted(pca, cloud, describe):
    arn = cloud.create(
        AUTHORITY,
        Type="ROOT",
        KeyAlgorithm="EC_prime256v1",
        SigningAlgorithm="SHA256WITHECDSA",
        Subject={"CommonName": "From a template"},
    )
    csr = cloud.read(AUTHORITY, arn)["CertificateSigningRequest"]
    certificate = cloud.create(
        CERTIFICATE,
        CertificateAuthorityArn=arn,
        CertificateSigningRequest=csr,
        SigningAlgorithm="SHA256WITHECDSA",
        TemplateArn=f"{TEMPLATE}RootCACertificate/V1",
        Validity={"Type": "YEARS", "Value": 10},
    )
    text = cloud.read(CERTIFICATE, certificate)["Certificate"]
    cloud.create(ACTIVATION, CertificateAuthorityArn=arn, Certificate=text, Status="ACTIVE")
    assert describe(arn)["Status"] == "ACTIVE"
    assert cloud.read(ACTIVATION, arn)["CompleteCertificateChain"] == text
    permission = cloud.create(
        PERMISSION, CertificateAuthorityArn=arn, Principal="acm.amazonaws.com", Actions=["IssueCertificate"]
    )
    assert cloud.read(PERMISSION, permission)["Actions"] == ["IssueCertificate"]
    cloud.delete(PERMISSION, permission)
    cloud.delete(ACTIVATION, arn)
    assert describe(arn)["Status"] == "DISABLED"
    cloud.delete(AUTHORITY, arn)
    assert describe(arn)["Status"] == "DELETED"
