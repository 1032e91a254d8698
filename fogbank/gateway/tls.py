"""TLS on the same port as plain HTTP, with a certificate of our own making.

The certificate is self-signed, for the names under which clients reach a local AWS endpoint. It lies in a directory of the
caller's, so that it can be trusted once (`AWS_CA_BUNDLE=.../fogbank.crt`) and stays the same over restarts. Somebody's own
certificate is used when its files are put in that place.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from cryptography import x509

CERTIFICATE = "fogbank.crt"
KEY = "fogbank.key"
ALPN = ["h2", "http/1.1"]
COMMON_NAME = "Fogbank local endpoint"
VALIDITY = datetime.timedelta(days=397)
"""The longest that current clients accept of a server's certificate."""
MARGIN = datetime.timedelta(days=7)
"""A certificate is made anew when it would expire within this time."""

# A wildcard stands for one label, so that each depth at which services put theirs needs its own name. Clients refuse one
# right below a top-level domain, which `localhost` is, so that endpoints there are named one by one.
_ZONES = ("localhost", "localhost.localstack.cloud")
_REGIONAL = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "sa-east-1",
)
_ENDPOINTS = (
    "s3",
    "sqs",
    "sns",
    "dynamodb",
    "lambda",
    "kinesis",
    "iam",
    "sts",
    "kms",
    "events",
    "logs",
    "ecr",
    "cognito-idp",
)
_PER_REGION = ("s3", "execute-api", "lambda-url", "elb")
_DIRECT = ("s3", "s3-website", "execute-api", "lambda-url", "cloudfront", "sqs", "elb")


def names() -> list[str]:
    """The DNS names of the certificate."""
    found = []
    for zone in _ZONES:
        found.append(zone)
        found += [f"{service}.{zone}" for service in _ENDPOINTS]
        found += [f"*.{service}.{zone}" for service in _DIRECT]
        found += [f"*.{service}.{region}.{zone}" for service in _PER_REGION for region in _REGIONAL]
        found += [f"*.{region}.{service}.{zone}" for service in ("elb", "lambda-url") for region in _REGIONAL]
    return [*found, "*.localhost.localstack.cloud"]


def server_context(directory: Path) -> ssl.SSLContext:
    """TLS as the front speaks it, with the certificate in `directory`, made there when there is none that is valid.

    Errors: OSError, when the directory cannot be written; ssl.SSLError, when what lies in it is not a certificate and its key.
    """
    certificate, key = directory / CERTIFICATE, directory / KEY
    if not _is_usable(certificate, key):
        _make(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(ALPN)
    return context


def _is_usable(certificate: Path, key: Path) -> bool:
    """Whether the files need not be made: they are valid, or somebody else's."""
    if not certificate.exists() or not key.exists():
        return False
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except ValueError:
        return False
    return not _is_ours(found) or found.not_valid_after_utc - MARGIN > datetime.datetime.now(datetime.UTC)


def _is_ours(certificate: x509.Certificate) -> bool:
    return certificate.subject == certificate.issuer == _subject()


def _subject() -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, COMMON_NAME)])


def _make(certificate: Path, key: Path) -> None:
    """Write a new certificate and its key, which only the owner may read."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    signed = _unsigned(private.public_key()).sign(private, hashes.SHA256())
    certificate.parent.mkdir(parents=True, exist_ok=True)
    _write(
        key,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
    _write(certificate, signed.public_bytes(serialization.Encoding.PEM))


def _unsigned(public_key: Any) -> x509.CertificateBuilder:
    """It signs itself, so it is marked as an authority: that is how clients' trust stores take it."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    now = datetime.datetime.now(datetime.UTC)
    addresses = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    alternatives = [x509.DNSName(name) for name in names()] + [x509.IPAddress(address) for address in addresses]
    return (
        x509.CertificateBuilder()
        .subject_name(_subject())
        .issuer_name(_subject())
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage() -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, data: bytes) -> None:
    """All at once, so that another process that starts now finds the old file or the new one."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
    os.replace(temporary, path)


async def start(
    transport: asyncio.Transport, protocol: asyncio.Protocol, context: ssl.SSLContext, seen: bytes, seconds: float
) -> asyncio.Transport:
    """Turn a connection, whose reading is paused, into a TLS one, though its first bytes (`seen`) were read already.

    Returns the transport for what is inside. Data may reach `protocol` before this returns. Errors: OSError (of which
    ssl.SSLError is one), when the handshake fails or takes longer than `seconds`.
    """
    loop = asyncio.get_running_loop()
    starting = loop.create_task(
        loop.start_tls(transport, protocol, context, server_side=True, ssl_handshake_timeout=seconds)
    )
    # In its first turn `start_tls` puts its own protocol in place, and asks the loop to tell that of the transport and to
    # resume reading, in the next turn. What was seen has to be given to it right after these two, before the socket is read.
    await asyncio.sleep(0)
    loop.call_soon(_replay, transport, seen)
    secured = await starting
    if secured is None:
        raise ConnectionAbortedError("closed during the handshake")
    return secured


def _replay(transport: asyncio.Transport, data: bytes) -> None:
    if transport.is_closing():
        return
    protocol = cast(asyncio.BufferedProtocol, transport.get_protocol())
    while data:
        buffer = protocol.get_buffer(len(data))
        size = min(len(buffer), len(data))  # type: ignore[arg-type]
        buffer[:size] = data[:size]  # type: ignore[index]
        protocol.buffer_updated(size)
        data = data[size:]
