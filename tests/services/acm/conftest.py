"""Certificates, authorities and refusals, as the tests of ACM use them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@pytest.fixture
def acm(aws):
    return aws("acm")


@pytest.fixture
def describe(acm):
    return lambda arn: acm.describe_certificate(CertificateArn=arn)["Certificate"]


@pytest.fixture
def settle(fogbank_server, clock):
    """Let what is due by the clock take place, also what is done beside it: keys are made in threads."""

    def due():
        app = fogbank_server.app
        now = app.clock.now()
        pending = fogbank_server.call(app.tasks.list_pending())
        return any(task.due / 1e6 <= now and task.service == "acm" for task in pending)

    def settle(**duration):
        clock.advance(**(duration or {"seconds": 2}))
        deadline = time.monotonic() + 10
        while due() and time.monotonic() < deadline:
            time.sleep(0.005)

    return settle


@pytest.fixture
def request_one(acm):
    """Requests a certificate with an EC key, which is quick to make, and gives its ARN."""

    def request_one(name="example.com", **params):
        params = {"ValidationMethod": "DNS", "KeyAlgorithm": "EC_prime256v1", **params}
        return acm.request_certificate(DomainName=name, **params)["CertificateArn"]

    return request_one


@pytest.fixture
def issued(request_one, settle):
    def issued(name="example.com", **params):
        arn = request_one(name, **params)
        settle()
        return arn

    return issued


class Issuer:
    """A certificate authority of the test's own."""

    def __init__(self, name="Test CA", above=None):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = certificate(name, self.key, above or self, self.key, authority=True)

    def issue(self, name="imported.example", days=90, start=-1, key=None):
        """(certificate, key), as ImportCertificate takes them."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        return pem(certificate(name, key, self, self.key, days=days, start=start)), key_pem(key)

    @property
    def pem(self):
        return pem(self.certificate)

    @property
    def subject(self):
        return self.certificate.subject


def certificate(name, key, issuer, signing_key, days=90, start=-1, authority=False):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if hasattr(issuer, "certificate") else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=start))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(signing_key, hashes.SHA256())


def pem(found):
    return found.public_bytes(serialization.Encoding.PEM)


def key_pem(key, passphrase=None):
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


@pytest.fixture
def issuer():
    return Issuer()


@pytest.fixture
def refused(acm):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(acm.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error.get("Message", "")

    return refused
