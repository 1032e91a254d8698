"""Assertions that come encrypted (XML Encryption): AES in CBC or GCM mode, its key transported by RSA-OAEP.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html#idp-manage-identityprovider-create
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from fogbank.services.sts import errors

_ENCRYPTION = "{http://www.w3.org/2001/04/xmlenc#}"
_GCM_NONCE = 12
_BLOCK = 16


def decrypt(element: Any, private_keys: Sequence[str]) -> bytes:
    """The XML in an EncryptedAssertion, by one of the keys (PEM). Raises InvalidIdentityToken."""
    data = element.find(f"{_ENCRYPTION}EncryptedData")
    key = element.find(f".//{_ENCRYPTION}EncryptedKey")
    if data is None or key is None:
        raise errors.bad_saml("Your request included an invalid SAML response")
    method = data.find(f"{_ENCRYPTION}EncryptionMethod")
    algorithm = "" if method is None else method.get("Algorithm", "")
    for pem in private_keys:
        try:
            return _open(algorithm, _unwrap(pem, _value(key)), _value(data))
        except ValueError:
            continue
    raise errors.bad_saml("Assertion could not be decrypted with the private keys of the provider")


def _value(element: Any) -> bytes:
    return b64decode(element.findtext(f"{_ENCRYPTION}CipherData/{_ENCRYPTION}CipherValue") or "")


def _unwrap(pem: str, wrapped: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key.decrypt(wrapped, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))


def _open(algorithm: str, key: bytes, data: bytes) -> bytes:
    """Raises ValueError when the key is not the right one."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if algorithm.endswith("-gcm"):
        try:
            return AESGCM(key).decrypt(data[:_GCM_NONCE], data[_GCM_NONCE:], None)
        except InvalidTag:
            raise ValueError("wrong key") from None
    if not algorithm.endswith("-cbc"):
        raise ValueError(f"unknown algorithm {algorithm}")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(data[:_BLOCK])).decryptor()
    padded = decryptor.update(data[_BLOCK:]) + decryptor.finalize()
    return padded[: -padded[-1]]
