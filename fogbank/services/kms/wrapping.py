"""RSA-OAEP, and what it wraps: encryption with RSA keys, and key material on its way into KMS.

https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-get-public-key-and-token.html#select-wrapping-algorithm
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap_with_padding

from fogbank.services.kms.key_pairs import PrivateKey, PublicKey

_HASHES: dict[str, hashes.HashAlgorithm] = {"SHA_1": hashes.SHA1(), "SHA_256": hashes.SHA256()}
_WITH_AES = "RSA_AES_KEY_WRAP_"
_OAEP = "RSAES_OAEP_"


def oaep(algorithm: str) -> padding.OAEP:
    digest = _HASHES[algorithm.removeprefix(_OAEP).removeprefix(_WITH_AES)]
    return padding.OAEP(padding.MGF1(digest), digest, None)


def encrypt(key: PublicKey, algorithm: str, plaintext: bytes) -> bytes:
    return key.encrypt(plaintext, oaep(algorithm))


def decrypt(key: PrivateKey, algorithm: str, ciphertext: bytes) -> bytes | None:
    """The plaintext; None when the ciphertext is not one of this key and algorithm."""
    try:
        return key.decrypt(ciphertext, oaep(algorithm))
    except ValueError:
        return None


def longest_plaintext(bits: int, algorithm: str) -> int:
    """How many bytes a key of so many bits encrypts (RFC 8017, 7.1.1)."""
    return bits // 8 - 2 * _HASHES[algorithm.removeprefix(_OAEP)].digest_size - 2


def unwrap(key: PrivateKey, algorithm: str, wrapped: bytes) -> bytes | None:
    """The key material; None when it was not wrapped for this key by this algorithm.

    RSA_AES_KEY_WRAP is a one-time AES key under RSA-OAEP, and after it the material under that key (RFC 5649).
    """
    if not algorithm.startswith(_WITH_AES):
        return decrypt(key, algorithm, wrapped)
    size = key.key_size // 8
    one_time = decrypt(key, algorithm, wrapped[:size])
    try:
        return None if one_time is None else aes_key_unwrap_with_padding(one_time, wrapped[size:])
    except (InvalidUnwrap, ValueError):
        return None
