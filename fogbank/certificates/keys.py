"""Key pairs and signature algorithms under AWS's names (`RSA_2048`, `EC_prime256v1`, `SHA256WITHRSA`). Pure, but for randomness.

https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html#algorithms-term
"""

from __future__ import annotations

import asyncio
from typing import Any

_RSA_SIZES = {"RSA_1024": 1024, "RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
_CURVES = {"EC_prime256v1": "SECP256R1", "EC_secp384r1": "SECP384R1", "EC_secp521r1": "SECP521R1"}
_ML_DSA = {"ML_DSA_44": "MLDSA44PrivateKey", "ML_DSA_65": "MLDSA65PrivateKey", "ML_DSA_87": "MLDSA87PrivateKey"}
GENERATED = frozenset({*_RSA_SIZES, *_CURVES, *_ML_DSA})
"""The algorithms for which keys are made here."""

_HASHES = ("SHA256", "SHA384", "SHA512")
_SIGNATURES = {
    "1.2.840.113549.1.1.5": "SHA1WITHRSA",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.113549.1.1.11": "SHA256WITHRSA",
    "1.2.840.113549.1.1.12": "SHA384WITHRSA",
    "1.2.840.113549.1.1.13": "SHA512WITHRSA",
    "1.2.840.10045.4.3.2": "SHA256WITHECDSA",
    "1.2.840.10045.4.3.3": "SHA384WITHECDSA",
    "1.2.840.10045.4.3.4": "SHA512WITHECDSA",
}


# -- key pairs


async def generate(algorithm: str) -> Any:
    """A new private key. Where that takes time it is made in a thread, so not inside a transaction."""
    if algorithm in _RSA_SIZES:
        return await asyncio.to_thread(generate_now, algorithm)
    return generate_now(algorithm)


def generate_now(algorithm: str) -> Any:
    """A new private key, made here and now: 0.1 to 0.6 seconds for RSA."""
    from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa

    if algorithm in _RSA_SIZES:
        return rsa.generate_private_key(65537, _RSA_SIZES[algorithm])
    if algorithm in _CURVES:
        return ec.generate_private_key(getattr(ec, _CURVES[algorithm])())
    return getattr(mldsa, _ML_DSA[algorithm]).generate()


def algorithm_of(public_key: Any) -> str:
    """AWS's name of a public key's algorithm; empty when it has none."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(public_key, rsa.RSAPublicKey):
        return f"RSA_{public_key.key_size}"
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return f"EC_{ {'secp256r1': 'prime256v1'}.get(public_key.curve.name, public_key.curve.name) }"
    kind = type(public_key).__name__
    return next((name for name, private in _ML_DSA.items() if private[:7] in kind), "")


def family_of(public_key: Any) -> str:
    """`RSA`, `EC` or `ML_DSA`."""
    name = algorithm_of(public_key)
    return "ML_DSA" if name.startswith("ML_DSA") else name.partition("_")[0]


# -- writing and reading


def to_der(private_key: Any) -> bytes:
    """PKCS #8, not encrypted."""
    from cryptography.hazmat.primitives import serialization as forms

    return private_key.private_bytes(forms.Encoding.DER, forms.PrivateFormat.PKCS8, forms.NoEncryption())


def from_der(data: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(data, None)


def to_encrypted_pem(private_key: Any, passphrase: bytes) -> str:
    """PKCS #8, encrypted under the passphrase."""
    from cryptography.hazmat.primitives import serialization as forms

    encryption = forms.BestAvailableEncryption(passphrase)
    return private_key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, encryption).decode()


def public_bytes(public_key: Any) -> bytes:
    """What two equal public keys have in common."""
    from cryptography.hazmat.primitives import serialization as forms

    return public_key.public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo)


# -- signing


def sign(builder: Any, private_key: Any, algorithm: str | None = None) -> Any:
    """Sign what an X.509 builder has; `algorithm` is AWS's name (`SHA384WITHECDSA`), by default SHA-256 for the key's family."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    name = algorithm or "SHA256"
    if family_of(private_key.public_key()) == "ML_DSA":
        return builder.sign(private_key, None)
    digest = getattr(hashes, next(known for known in _HASHES if name.startswith(known)))()
    if name.endswith("_PSS"):
        pss = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
        return builder.sign(private_key, digest, rsa_padding=pss)
    return builder.sign(private_key, digest)


def fits(private_key: Any, algorithm: str) -> bool:
    """Can a key of this family sign by the algorithm of that name?"""
    family = family_of(private_key.public_key())
    if family == "ML_DSA":
        return algorithm == algorithm_of(private_key.public_key())
    return {"RSA": "WITHRSA", "EC": "WITHECDSA"}[family] in algorithm


def signature_name(certificate: Any) -> str:
    """AWS's name of the algorithm by which a certificate is signed."""
    oid = certificate.signature_algorithm_oid
    name = _SIGNATURES.get(oid.dotted_string)
    if name == "RSASSA-PSS" and certificate.signature_hash_algorithm is not None:
        return f"{certificate.signature_hash_algorithm.name.upper()}WITHRSA_PSS"
    return name or oid._name.upper()
