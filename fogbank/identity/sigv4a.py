"""Signature Version 4A: signed with an elliptic curve's key that follows from the secret, and good for a set of regions.

SDKs sign so for what is in several regions at once, as Multi-Region Access Points are.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html; how the key follows from the secret is as
NIST SP 800-108 has it, with a counter and HMAC-SHA256, as AWS's own signer (aws-c-auth) does.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

from fogbank.http import Request
from fogbank.identity import sigv4
from fogbank.identity.canonical import query_pairs, wire
from fogbank.identity.errors import Refusals

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

ALGORITHM = "AWS4-ECDSA-P256-SHA256"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_REGIONS = "x-amz-region-set"


class Proof(sigv4.Proof):
    """A signature that is verified with the public key. Its scope has no region; `claim.region` is the first one it is good for."""

    __slots__ = ()

    def matches(self, secret: str) -> bool:
        public = public_key(self.access_key, secret)
        texts = (self.string_to_sign, *map(self._string_to_sign, self._other_canonicals()))
        return any(_verifies(public, self.signature, text) for text in texts)

    def _string_to_sign(self, canonical: str) -> str:
        digest = hashlib.sha256(wire(canonical)).hexdigest()
        scope = f"{self.claim.date}/{self.claim.service}/{sigv4.TERMINATOR}"
        return f"{ALGORITHM}\n{self.timestamp}\n{scope}\n{digest}"


def from_header(request: Request, authorization: str, words: Refusals, body_hash: str) -> Proof:
    """The proof in an Authorization header. Raises in the service's words when the header is malformed."""
    pairs = [part.strip().partition("=") for part in authorization[len(ALGORITHM) + 1 :].split(",")]
    parts = {name: value for name, _, value in pairs}
    absent = tuple(name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name))
    if absent:
        raise words.components(authorization, absent)
    claim = _claim(parts["Credential"], parts["SignedHeaders"], request.headers.get(_REGIONS, ""), words)
    timestamp = request.headers.get("x-amz-date", "")
    sigv4.check_claim(claim, timestamp, request.headers, words)
    return Proof(claim, timestamp, parts["Signature"], request, words, body_hash)


def from_query(request: Request, words: Refusals, body_hash: str) -> tuple[Proof, int]:
    """The proof in a presigned URL, and the seconds that it is good for."""
    params = dict(query_pairs(request.query))
    names = ("X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature")
    absent = tuple(name for name in names if name not in params)
    if absent:
        raise words.components("", absent)
    credential, timestamp, signed, signature = [params[name] for name in names]
    claim = _claim(credential, signed, params.get("X-Amz-Region-Set", ""), words)
    sigv4.check_claim(claim, timestamp, request.headers, words)
    return Proof(claim, timestamp, signature, request, words, body_hash), sigv4.expires(params, claim, words)


def _claim(credential: str, signed_headers: str, regions: str, words: Refusals) -> sigv4.Claim:
    """The claim of a credential (`AKID/20250131/s3/aws4_request`) and a set of regions, of which `*` stands for all."""
    parts = credential.split("/")
    if len(parts) != 4 or not all(parts):
        raise words.credential_shape(credential)
    access_key, date, service, terminator = parts
    if terminator != sigv4.TERMINATOR:
        raise words.terminator(terminator)
    first = regions.split(",")[0].strip()
    return sigv4.Claim(access_key, date, "" if "*" in first else first, service, signed_headers.lower())


@lru_cache(maxsize=1024)
def public_key(access_key: str, secret: str) -> EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(private_number(access_key, secret), ec.SECP256R1()).public_key()


def private_number(access_key: str, secret: str) -> int:
    """The private key that follows from a secret."""
    key = b"AWS4A" + secret.encode()
    for counter in range(1, 255):
        context = access_key.encode() + bytes([counter])
        fixed = (1).to_bytes(4, "big") + ALGORITHM.encode() + b"\0" + context + (256).to_bytes(4, "big")
        candidate = int.from_bytes(hmac.digest(key, fixed, "sha256"), "big")
        if candidate <= _ORDER - 2:
            return candidate + 1
    raise ValueError("no key follows from this secret")


def _verifies(public: EllipticCurvePublicKey, signature: str, text: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        public.verify(bytes.fromhex(signature), text.encode(), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
