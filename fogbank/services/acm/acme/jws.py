"""JSON Web Signatures as ACME uses them: flattened, with the key or its id in the protected header. Pure. RFC 7515, RFC 7638, RFC 8555."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any, NamedTuple

_CURVES = {"P-256": ("SECP256R1", 32), "P-384": ("SECP384R1", 48), "P-521": ("SECP521R1", 66)}
_EC_HASHES = {"ES256": ("P-256", "SHA256"), "ES384": ("P-384", "SHA384"), "ES512": ("P-521", "SHA512")}
ALGORITHMS = (*_EC_HASHES, "RS256", "EdDSA")
_THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}


class Signed(NamedTuple):
    """A JWS that was taken apart, not verified yet."""

    header: dict[str, Any]
    payload: bytes
    signature: bytes
    signing_input: bytes


def parse(body: bytes) -> Signed:
    """Raises ValueError for what is no flattened JWS."""
    try:
        document = json.loads(body)
        protected, payload = document["protected"], document["payload"]
        header = json.loads(decode(protected))
        signature = decode(document["signature"])
    except (KeyError, TypeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError("the body is no flattened JWS") from error
    if not isinstance(header, dict):
        raise ValueError("the protected header is no object")
    return Signed(header, decode(payload), signature, f"{protected}.{payload}".encode())


def decode(text: str) -> bytes:
    """Base64url without padding. Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("this is no base64url") from error


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638. Raises ValueError for a key of another kind."""
    members = _THUMBPRINT_MEMBERS.get(str(jwk.get("kty")))
    if members is None or not all(isinstance(jwk.get(name), str) for name in members):
        raise ValueError("the key is of no known kind")
    text = json.dumps({name: jwk[name] for name in members}, separators=(",", ":"), sort_keys=True)
    return encode(hashlib.sha256(text.encode()).digest())


def is_signed_by(signed: Signed, jwk: dict[str, Any]) -> bool:
    """Is the signature that of the public key, by the algorithm that the header names? Raises ValueError for no key."""
    from cryptography.exceptions import InvalidSignature

    try:
        _verify(signed, jwk, str(signed.header.get("alg")))
    except InvalidSignature:
        return False
    except (KeyError, TypeError) as error:
        raise ValueError("the key lacks a part") from error
    return True


def _verify(signed: Signed, jwk: dict[str, Any], algorithm: str) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    if algorithm == "RS256" and jwk["kty"] == "RSA":
        numbers = rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"]))
        numbers.public_key().verify(signed.signature, signed.signing_input, padding.PKCS1v15(), hashes.SHA256())
    elif algorithm == "EdDSA" and jwk["kty"] == "OKP" and jwk["crv"] == "Ed25519":
        ed25519.Ed25519PublicKey.from_public_bytes(decode(jwk["x"])).verify(signed.signature, signed.signing_input)
    elif algorithm in _EC_HASHES and jwk["kty"] == "EC" and jwk["crv"] == _EC_HASHES[algorithm][0]:
        curve, size = _CURVES[jwk["crv"]]
        key = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), getattr(ec, curve)()).public_key()
        r, s = signed.signature[:size], signed.signature[size:]
        der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
        key.verify(der, signed.signing_input, ec.ECDSA(getattr(hashes, _EC_HASHES[algorithm][1])()))
    else:
        raise ValueError("the key does not fit the algorithm")


def _number(text: str) -> int:
    return int.from_bytes(decode(text), "big")


def is_keyed_with(signed: Signed, key: bytes) -> bool:
    """Is the signature the HMAC (HS256) with that key?"""
    expected = hmac.new(key, signed.signing_input, hashlib.sha256).digest()
    return signed.header.get("alg") == "HS256" and hmac.compare_digest(expected, signed.signature)
