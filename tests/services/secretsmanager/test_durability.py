"""Secrets, parameters, certificates and authorities are there after `kill -9`, and what is due later happens."""

from __future__ import annotations

import time

import pytest

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def test_a_killed_server_comes_back_with_its_secrets(server):
    clients = Clients(server.endpoint)
    clients("secretsmanager").create_secret(Name="db", SecretString="s3cret")
    clients("secretsmanager").create_secret(Name="gone")
    clients("secretsmanager").delete_secret(SecretId="gone")
    clients("ssm").put_parameter(Name="/app/password", Value="s3cret", Type="SecureString")
    acm = clients("acm")
    arn = acm.request_certificate(DomainName="example.com", KeyAlgorithm="EC_prime256v1")["CertificateArn"]
    configuration = {
        "KeyAlgorithm": "EC_prime256v1",
        "SigningAlgorithm": "SHA256WITHECDSA",
        "Subject": {"CommonName": "Root"},
    }
    authority = clients("acm-pca").create_certificate_authority(
        CertificateAuthorityType="ROOT", CertificateAuthorityConfiguration=configuration
    )["CertificateAuthorityArn"]

    server.kill()
    server.start()
    clients = Clients(server.endpoint, clients.account)

    assert clients("secretsmanager").get_secret_value(SecretId="db")["SecretString"] == "s3cret"
    assert "DeletedDate" in clients("secretsmanager").describe_secret(SecretId="gone")
    parameter = clients("ssm").get_parameter(Name="/app/password", WithDecryption=True)["Parameter"]
    assert parameter["Value"] == "s3cret"
    assert settled(lambda: clients("acm").describe_certificate(CertificateArn=arn)["Certificate"]["Status"]) == "ISSUED"
    pca = clients("acm-pca")
    assert settled(lambda: status(pca, authority)) == "PENDING_CERTIFICATE"
    assert pca.get_certificate_authority_csr(CertificateAuthorityArn=authority)["Csr"]


def status(pca, authority):
    return pca.describe_certificate_authority(CertificateAuthorityArn=authority)["CertificateAuthority"]["Status"]


def settled(state):
    """What a state comes to by itself, within some seconds."""
    deadline = time.monotonic() + 15
    while (found := state()) in ("PENDING_VALIDATION", "CREATING") and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
