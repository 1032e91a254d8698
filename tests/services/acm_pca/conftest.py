"""Authorities, signing requests and refusals, as the tests of Private CA use them."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TEMPLATE = "arn:aws:acm-pca:::template/"
YEAR = {"Type": "DAYS", "Value": 365}


@pytest.fixture
def pca(aws):
    return aws("acm-pca")


@pytest.fixture
def settle(fogbank_server, clock):
    """Let what is due by the clock take place, also what is done beside it: keys are made in threads."""

    def due():
        app = fogbank_server.app
        now = app.clock.now()
        pending = fogbank_server.call(app.tasks.list_pending())
        return any(task.due / 1e6 <= now and task.service in ("acm", "acm-pca") for task in pending)

    def settle(**duration):
        clock.advance(**(duration or {"seconds": 1}))
        deadline = time.monotonic() + 10
        while due() and time.monotonic() < deadline:
            time.sleep(0.005)

    return settle


@pytest.fixture
def create(pca, settle):
    """Creates an authority that waits for its certificate, and gives its ARN."""

    def create(kind="ROOT", name="Test Root", algorithm="EC_prime256v1", signing="SHA256WITHECDSA", **params):
        configuration = {"KeyAlgorithm": algorithm, "SigningAlgorithm": signing, "Subject": {"CommonName": name}}
        arn = pca.create_certificate_authority(
            CertificateAuthorityType=kind, CertificateAuthorityConfiguration=configuration, **params
        )["CertificateAuthorityArn"]
        settle()
        return arn

    return create


@pytest.fixture
def issue(pca):
    """Issues a certificate and gives (certificate, chain, ARN)."""

    def issue(authority, csr, template=None, **params):
        if template is not None:
            params["TemplateArn"] = TEMPLATE + template
        arn = pca.issue_certificate(
            CertificateAuthorityArn=authority,
            Csr=csr,
            **{"SigningAlgorithm": "SHA256WITHECDSA", "Validity": {"Type": "DAYS", "Value": 30}, **params},
        )["CertificateArn"]
        answer = pca.get_certificate(CertificateAuthorityArn=authority, CertificateArn=arn)
        return answer["Certificate"], answer.get("CertificateChain", ""), arn

    return issue


@pytest.fixture
def install(pca, issue):
    """Gives an authority its certificate: a root its own, a subordinate one of the authority above it."""

    def install(authority, above=None, template="SubordinateCACertificate_PathLen0/V1", **params):
        csr = pca.get_certificate_authority_csr(CertificateAuthorityArn=authority)["Csr"].encode()
        name = "RootCACertificate/V1" if above is None else template
        certificate, chain, _ = issue(above or authority, csr, name, **{"Validity": YEAR, **params})
        request = {"CertificateAuthorityArn": authority, "Certificate": certificate.encode()}
        if chain:
            request["CertificateChain"] = chain.encode()
        pca.import_certificate_authority_certificate(**request)
        return authority

    return install


@pytest.fixture
def root(create, install):
    """An active root authority."""
    return install(create(), Validity={"Type": "YEARS", "Value": 10})


@pytest.fixture
def describe(pca):
    return lambda arn: pca.describe_certificate_authority(CertificateAuthorityArn=arn)["CertificateAuthority"]


def signing_request(name="app.internal", alternatives=(), usages=None):
    """A CSR in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    )
    if alternatives:
        names = [x509.DNSName(one) for one in alternatives]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def load(pem):
    return x509.load_pem_x509_certificate(pem.encode())


def extension(certificate, kind):
    return certificate.extensions.get_extension_for_class(kind).value


@pytest.fixture
def bucket(aws):
    """A bucket that Private CA may write to."""
    s3, name = aws("s3"), f"crl-{aws.account}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "acm-pca.amazonaws.com"},
        "Action": ["s3:PutObject", "s3:PutObjectAcl", "s3:GetBucketAcl", "s3:GetBucketLocation"],
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"StringEquals": {"aws:SourceAccount": aws.account}},
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return name


@pytest.fixture
def refused(pca):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(pca.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error.get("Message", "")

    return refused
