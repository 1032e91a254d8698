"""Certificates as CloudFormation and Cloud Control see them."""

from __future__ import annotations

import pytest

from tests.services.cloud_client import Cloud

CERTIFICATE = "AWS::CertificateManager::Certificate"
ACCOUNT = "AWS::CertificateManager::Account"


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_certificate_is_ready_when_it_is_issued(acm, cloud, describe, refused):
    arn = cloud.create(
        CERTIFICATE,
        DomainName="example.com",
        SubjectAlternativeNames=["www.example.com"],
        ValidationMethod="DNS",
        KeyAlgorithm="EC_prime256v1",
        Tags=[{"Key": "a", "Value": "1"}],
    )
    assert describe(arn)["Status"] == "ISSUED"
    assert cloud.read(CERTIFICATE, arn) == {
        "Id": arn,
        "DomainName": "example.com",
        "SubjectAlternativeNames": ["www.example.com"],
        "ValidationMethod": "DNS",
        "KeyAlgorithm": "EC_prime256v1",
        "CertificateExport": "DISABLED",
        "CertificateTransparencyLoggingPreference": "ENABLED",
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    cloud.update(CERTIFICATE, arn, {"op": "replace", "path": "/Tags", "value": [{"Key": "b", "Value": "2"}]})
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    cloud.delete(CERTIFICATE, arn)
    with refused("ResourceNotFoundException"):
        acm.describe_certificate(CertificateArn=arn)


def test_the_accounts_configuration(aws, acm, cloud):
    identifier = cloud.create(ACCOUNT, ExpiryEventsConfiguration={"DaysBeforeExpiry": 20})
    assert identifier == aws.account
    assert acm.get_account_configuration()["ExpiryEvents"]["DaysBeforeExpiry"] == 20
