"""Keys and certificates for tests, PEM throughout."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


class Certified:
    """A key and its certificate. `issuer` None signs itself."""

    def __init__(self, name: str, issuer: Certified | None = None, days: int = 365, authority: bool = False) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC).replace(microsecond=0)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if issuer is None else issuer.cert.subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        self.cert = builder.sign((self if issuer is None else issuer).key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.cert.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()

    @property
    def encrypted_key_pem(self) -> str:
        protection = BestAvailableEncryption(b"secret")
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection).decode()

    @property
    def base64(self) -> str:
        """The certificate as SAML metadata has it."""
        return "".join(self.pem.splitlines()[1:-1])
