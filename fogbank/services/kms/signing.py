"""Signatures: RSASSA-PSS and -PKCS1-v1_5, ECDSA, Ed25519, ML-DSA. Pure: keys and bytes in, bytes out.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from fogbank.services.kms import errors
from fogbank.services.kms.key_pairs import PrivateKey, PublicKey

MU_BYTES = 64
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA_256": hashes.SHA256(),
    "SHA_384": hashes.SHA384(),
    "SHA_512": hashes.SHA512(),
}
_EDDSA = "ED25519_SHA_512"
_EDDSA_OF_DIGEST = "ED25519_PH_SHA_512"
_MLDSA = "ML_DSA_SHAKE_256"
# What the message may be, where it is not the message or its digest.
_MESSAGE_TYPES = {_EDDSA: ("RAW",), _EDDSA_OF_DIGEST: ("DIGEST",), _MLDSA: ("RAW", "EXTERNAL_MU")}


def sign(key: PrivateKey, algorithm: str, message: bytes, message_type: str) -> bytes:
    """The signature. Raises ValidationException when the message is not what its type says."""
    check(algorithm, message, message_type)
    if message_type == "EXTERNAL_MU":
        return key.sign_mu(message)
    return key.sign(message, *_parameters(algorithm, message_type))


def verifies(key: PublicKey, algorithm: str, message: bytes, message_type: str, signature: bytes) -> bool:
    """Is this the message's signature? Raises ValidationException when the message is not what its type says."""
    check(algorithm, message, message_type)
    verify: Callable[..., Any] = key.verify_mu if message_type == "EXTERNAL_MU" else key.verify
    parameters = () if message_type == "EXTERNAL_MU" else _parameters(algorithm, message_type)
    try:
        verify(signature, message, *parameters)
    except InvalidSignature:
        return False
    return True


def check(algorithm: str, message: bytes, message_type: str) -> None:
    """Raise ValidationException unless the message can be what its type says."""
    if message_type not in _MESSAGE_TYPES.get(algorithm, ("RAW", "DIGEST")):
        raise errors.message_type(message_type, algorithm)
    if algorithm == _EDDSA_OF_DIGEST:
        raise errors.unsupported(f"Fogbank does not support {algorithm}: its cryptographic library does not have it.")
    if message_type == "DIGEST" and len(message) != _hash(algorithm).digest_size:
        raise errors.digest_length(algorithm)
    if message_type == "EXTERNAL_MU" and len(message) != MU_BYTES:
        raise errors.digest_length(algorithm)


def _hash(algorithm: str) -> hashes.HashAlgorithm:
    return _HASHES[algorithm[-7:]]


def _parameters(algorithm: str, message_type: str) -> tuple[Any, ...]:
    """What the library's keys want to know besides the message."""
    if algorithm in (_EDDSA, _MLDSA):
        return ()
    digest = _hash(algorithm)
    how = Prehashed(digest) if message_type == "DIGEST" else digest
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(how),)
    if algorithm.startswith("RSASSA_PKCS1"):
        return padding.PKCS1v15(), how
    return padding.PSS(padding.MGF1(digest), salt_length=digest.digest_size), how
