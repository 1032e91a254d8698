"""The local certificate authority: a root that users can trust once, and an issuer below it that signs ACM's public certificates.

It is made when the first certificate is needed and is the same for all accounts, as Amazon's is. Its keys rest in the store under a root
key of the data directory. `GET /_fogbank/ca.pem` shows the root.

authority ()   Authority
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fogbank.certificates import keys, reading
from fogbank.kernel.collection import Collection, Record
from fogbank.kernel.context import Context
from fogbank.kernel.vault import Vault

ORGANIZATION = "Fogbank"
ROOT_NAME = "Fogbank Local Root CA"
ISSUER_NAME = "Fogbank Local Issuing CA"

_ALGORITHM = "EC_prime256v1"
_ROOT_DAYS = 365 * 30
_ISSUER_DAYS = 365 * 25
_EARLIER = timedelta(days=1)


class Authority(Record, frozen=True):
    """Certificates in PEM, the issuer's private key sealed. The root's key is not kept: it signs nothing but the issuer."""

    root: str
    issuer: str
    sealed_key: bytes


vault = Vault("certificates")
_authority: Collection[Authority] = Collection("certificates", "authority", Authority, scope="global", cached=True)


async def authority(ctx: Context) -> Authority:
    """The authority, made if there is none yet. `ctx` is in a transaction."""
    found = await _authority.get(ctx)
    if found is None:
        root, issuer, key = _make(datetime.fromtimestamp(ctx.now(), UTC))
        sealed = await vault.seal(ctx, keys.to_der(key), "authority")
        found = Authority(reading.pem(root), reading.pem(issuer), sealed)
        _authority.put(ctx, found)
    return found


async def issue(
    ctx: Context, public_key: Any, domain: str, names: Sequence[str], not_before: datetime, not_after: datetime
) -> tuple[str, str]:
    """A server's certificate for the names, and its chain without itself, both in PEM. `ctx` is in a transaction."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    found = await authority(ctx)
    key = keys.from_der(await vault.unseal(ctx, found.sealed_key, "authority"))
    issuer = reading.load(found.issuer)
    builder = (
        _builder(_name(domain), issuer.subject, public_key, not_before, not_after)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage("digital_signature", "key_encipherment"), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)
    )
    return reading.pem(keys.sign(builder, key)), found.issuer + found.root


def usage(*wanted: str) -> Any:
    """A KeyUsage extension with those usages, by the names that `cryptography` has for them."""
    from cryptography import x509

    known = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in wanted for name in known})


# -- making it


def _make(now: datetime) -> tuple[Any, Any, Any]:
    """Root, issuer, and the issuer's private key."""
    root_key, issuer_key = keys.generate_now(_ALGORITHM), keys.generate_now(_ALGORITHM)
    name = _name(ROOT_NAME, ORGANIZATION)
    root = _authority_certificate(name, name, root_key.public_key(), root_key, now, _ROOT_DAYS, None)
    issuer = _authority_certificate(
        _name(ISSUER_NAME, ORGANIZATION), name, issuer_key.public_key(), root_key, now, _ISSUER_DAYS, 0
    )
    return root, issuer, issuer_key


def _authority_certificate(
    subject: Any, issuer: Any, public_key: Any, signing_key: Any, now: datetime, days: int, path_length: int | None
) -> Any:
    from cryptography import x509

    issuing = signing_key.public_key()
    builder = (
        _builder(subject, issuer, public_key, now - _EARLIER, now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(usage("digital_signature", "key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing), critical=False)
    )
    return keys.sign(builder, signing_key)


def _builder(subject: Any, issuer: Any, public_key: Any, not_before: datetime, not_after: datetime) -> Any:
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _name(common_name: str, organization: str = "") -> Any:
    from fogbank.certificates.names import to_name

    return to_name({"Organization": organization, "CommonName": common_name})
