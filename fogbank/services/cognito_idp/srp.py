"""Secure Remote Password (SRP-6a) as Cognito speaks it: the 3072-bit group of RFC 5054 with SHA-256.

The verifier is all that is kept of a password: whoever signs in with the password itself is checked against it, too.
Sources: RFC 5054, and how amazon-cognito-identity-js and the AWS SDK for Android calculate the client's side.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G = 2
_INFO = b"Caldera Derived Key\x01"


def padded(number: int) -> bytes:
    """A number as it is hashed: big-endian, with a zero byte before a first bit that is set."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


_K = _hash(padded(N), padded(G))


def _secret(salt: bytes, identity: str, password: str) -> int:
    """`x`; the identity is the pool's name in its id and the username."""
    inner = hashlib.sha256(f"{identity}:{password}".encode()).digest()
    return _hash(padded(int.from_bytes(salt, "big")), inner)


def verifier(salt: bytes, identity: str, password: str) -> bytes:
    """`v`: what is kept of a password."""
    return pow(G, _secret(salt, identity, password), N).to_bytes(384, "big")


def public(private: int, kept: bytes) -> int:
    """`B`, which is told to the client."""
    return (_K * int.from_bytes(kept, "big") + pow(G, private, N)) % N


def new_private() -> int:
    return secrets.randbits(256)


def is_public(number: int) -> bool:
    """May a client's `A` be that?"""
    return number % N != 0


def session_key(client: int, private: int, kept: bytes) -> bytes:
    """The key that both sides know when the client knows the password. `client` is `A`, `private` is `b`."""
    server = public(private, kept)
    scramble = _hash(padded(client), padded(server))
    common = pow(client * pow(int.from_bytes(kept, "big"), scramble, N), private, N)
    derived = hmac.new(padded(scramble), padded(common), hashlib.sha256).digest()
    return hmac.new(derived, _INFO, hashlib.sha256).digest()[:16]


def signature(key: bytes, identity: str, block: bytes, timestamp: str) -> bytes:
    """PASSWORD_CLAIM_SIGNATURE: that the client has the key. `block` is the SECRET_BLOCK that it was given."""
    return hmac.new(key, identity.encode() + block + timestamp.encode(), hashlib.sha256).digest()
