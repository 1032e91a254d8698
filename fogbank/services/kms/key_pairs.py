"""Key material as bytes: how it is made, checked and turned into keys that compute.

Symmetric and HMAC keys rest as their bytes, key pairs as the DER of their private key (PKCS #8). What is loaded is kept by its bytes,
because loading an RSA key takes longer than using it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from fogbank.services.kms.specs import Spec

PrivateKey = Any
PublicKey = Any

_LOADED = 256

_CURVES: dict[str, ec.EllipticCurve] = {
    "ECC_NIST_P256": ec.SECP256R1(),
    "ECC_NIST_P384": ec.SECP384R1(),
    "ECC_NIST_P521": ec.SECP521R1(),
    "ECC_SECG_P256K1": ec.SECP256K1(),
}
_CLASSES: dict[str, Any] = {
    "ECC_NIST_EDWARDS25519": ed25519.Ed25519PrivateKey,
    "ML_DSA_44": mldsa.MLDSA44PrivateKey,
    "ML_DSA_65": mldsa.MLDSA65PrivateKey,
    "ML_DSA_87": mldsa.MLDSA87PrivateKey,
    "ML_KEM_768": mlkem.MLKEM768PrivateKey,
    "ML_KEM_1024": mlkem.MLKEM1024PrivateKey,
}
# The lengths of HMAC keys that can be imported, in bytes:
# https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-conceptual.html
_HMAC_BYTES = {"HMAC_224": (28, 64), "HMAC_256": (32, 64), "HMAC_384": (48, 128), "HMAC_512": (64, 128)}


def can_make(spec: Spec) -> bool:
    """Does the library have keys of this spec?"""
    return spec.family in ("symmetric", "hmac", "rsa") or spec.name in _CURVES or spec.name in _CLASSES


def generate(spec: Spec) -> bytes:
    """New material. RSA takes its time: 0.1 s for 2048 bits, seconds for 4096."""
    if spec.family in ("symmetric", "hmac"):
        return os.urandom(spec.size // 8)
    return private_der(_generator(spec)())


def _generator(spec: Spec) -> Callable[[], PrivateKey]:
    if spec.family == "rsa":
        return lambda: rsa.generate_private_key(65537, spec.size)
    if spec.family == "ecc":
        return lambda: ec.generate_private_key(_CURVES[spec.name])
    return _CLASSES[spec.name].generate


def private_der(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public_der(key: PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@lru_cache(maxsize=_LOADED)
def load(material: bytes) -> PrivateKey:
    """The private key of material that was made or checked here."""
    return load_der_private_key(material, None, unsafe_skip_rsa_key_validation=True)


@lru_cache(maxsize=_LOADED)
def load_public(material: bytes) -> PublicKey:
    return load(material).public_key()


def is_material(spec: Spec, data: bytes) -> bool:
    """Could the data be key material of that spec, from elsewhere?"""
    if spec.family == "symmetric":
        return len(data) == spec.size // 8
    if spec.family == "hmac":
        low, high = _HMAC_BYTES[spec.name]
        return low <= len(data) <= high
    try:
        key = load_der_private_key(data, None)
    except Exception:  # of many kinds, whatever the bytes make the library stumble over
        return False
    return _spec_name(key) == spec.name


def _spec_name(key: PrivateKey) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return f"RSA_{key.key_size}"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return next((name for name, curve in _CURVES.items() if curve.name == key.curve.name), "")
    return next((name for name, kind in _CLASSES.items() if isinstance(key, kind)), "")
