"""The door: from a request to the principal who sent it, or to AWS's refusal."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from fogbank.http import Request
from fogbank.identity import errors, sigv4
from fogbank.identity.credentials import (
    Credential,
    DummySecrets,
    Lookup,
    dummy_principal,
    is_aws_shaped,
    no_issued_credentials,
)
from fogbank.identity.errors import S3_SERVICES, Refusals, refusals
from fogbank.identity.principals import ANONYMOUS, DEFAULT_ACCOUNT, Principal
from fogbank.identity.sigv4 import Proof, Signing

# Larger bodies are hashed in a thread, so that the loop stays free (1 MiB takes 0.6 ms).
_HASH_INLINE = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNHASHED = frozenset(
    {
        sigv4.UNSIGNED,
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    }
)
# A presigned STS call is the credential of other systems (EKS): it lives this long whatever it says.
_STS_LIFE = 900


class Identity(msgspec.Struct, frozen=True):
    """Who sent a request, and for which region and service (signing name) it was signed; both empty when unsigned.

    `signing` is there when the signature was verified, for the signatures of a body in chunks.
    """

    principal: Principal
    region: str = ""
    service: str = ""
    signing: Signing | None = None

    @property
    def account(self) -> str:
        """The account that the request is for: the caller's own, for anonymous callers the default one."""
        return self.principal.account or DEFAULT_ACCOUNT


_ANONYMOUS = Identity(ANONYMOUS)


class Authenticator:
    """Verifies signatures.

    credentials   "default" accepts dummy keys, "strict" only issued ones
    lookup        finds an issued credential by its access key
    now           the real clock: signatures age by it, however far the virtual clock was moved
    """

    def __init__(
        self,
        credentials: Literal["default", "strict"] = "default",
        lookup: Lookup = no_issued_credentials,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._strict = credentials == "strict"
        self._lookup = lookup
        self._now = now
        self._dummies = DummySecrets()

    async def authenticate(
        self, request: Request, service: str, protocol: str = "json", anonymous: bool = False
    ) -> Identity:
        """The identity behind a request. Does not suspend unless the body is large.

        `service` is the signing name of the service that the request was routed to, `protocol` the one in whose words a
        refusal is put, `anonymous` says that the operation may be called unsigned; S3's always may.
        """
        authorization = request.headers.get("authorization")
        if authorization is not None:
            words = refusals(service, protocol, False)
            if not authorization.startswith("AWS4-HMAC-SHA256 "):
                raise words.unsupported(authorization)
            body_hash = _header_body_hash(request, service) or await _hash_body(request)
            proof = sigv4.from_header(request, authorization, words, body_hash)
            self._check_age(proof.timestamp, words)
        elif "X-Amz-Signature=" in request.query or "X-Amz-Algorithm=" in request.query:
            words = refusals(service, protocol, True)
            body_hash = _presigned_body_hash(request, service) or await _hash_body(request)
            proof, expires = sigv4.from_query(request, words, body_hash)
            self._check_expiry(proof, expires, words)
        elif anonymous or service in S3_SERVICES:
            return _ANONYMOUS
        else:
            raise refusals(service, protocol, False).missing()
        claim = proof.claim
        if claim.service != service and not (service in S3_SERVICES and claim.service in S3_SERVICES):
            raise words.wrong_service(claim.service, service)
        if self._strict or is_aws_shaped(claim.access_key):
            principal, signing = await self._prove_issued(proof, request, words)
        else:
            principal, signing = self._prove_dummy(proof, words)
        if service in S3_SERVICES:
            _check_body(request, body_hash)
        return Identity(principal, claim.region, claim.service, signing)

    def anonymous(self, request: Request) -> Identity:
        """The identity of a request that is let in unsigned, as at the doors of data planes."""
        return _ANONYMOUS

    # -- when

    def _check_age(self, timestamp: str, words: Refusals) -> None:
        signed = _epoch(timestamp, words)
        now = self._now()
        if signed < now - words.skew:
            raise words.too_old(timestamp, now)
        if signed > now + words.skew:
            raise words.too_new(timestamp, now)

    def _check_expiry(self, proof: Proof, expires: int, words: Refusals) -> None:
        signed = _epoch(proof.timestamp, words)
        now = self._now()
        life = max(expires, _STS_LIFE) if proof.claim.service == "sts" else expires
        if now > signed + life:
            raise words.expired(expires, signed + life, now)
        if signed > now + words.skew:
            raise words.too_new(proof.timestamp, now)

    # -- who

    async def _prove_issued(self, proof: Proof, request: Request, words: Refusals) -> tuple[Principal, Signing]:
        access_key = proof.access_key
        credential = await self._lookup(access_key)
        if credential is None or not credential.active:
            raise words.unknown_key(access_key)
        self._check_token(credential, request, words)
        if not proof.matches(credential.secret):
            raise words.mismatch(proof.attempt())
        return credential.principal, proof.signing(credential.secret)

    def _prove_dummy(self, proof: Proof, words: Refusals) -> tuple[Principal, Signing | None]:
        access_key = proof.access_key
        for secret in self._dummies.candidates(access_key):
            if proof.matches(secret):
                self._dummies.prove(access_key, secret)
                return dummy_principal(access_key), proof.signing(secret)
        if self._dummies.is_proved(access_key):
            raise words.mismatch(proof.attempt())
        return dummy_principal(access_key), None

    def _check_token(self, credential: Credential, request: Request, words: Refusals) -> None:
        token = request.headers.get("x-amz-security-token", "")
        if not token and "X-Amz-Security-Token=" in request.query:
            token = dict(sigv4.query_pairs(request.query)).get("X-Amz-Security-Token", "")
        if token != credential.session_token:
            raise words.invalid_token(token)
        if credential.expires is not None and credential.expires <= self._now():
            raise words.expired_token(token)


def _epoch(timestamp: str, words: Refusals) -> int:
    try:
        return sigv4.epoch(timestamp)
    except ValueError:
        raise words.bad_date(timestamp) from None


# -- the body's part in the signature


def _header_body_hash(request: Request, service: str) -> str | None:
    """The hash of the body as the canonical request has it; None when it must be computed aside.

    S3 believes the header at first, since the body may still be under way; the others take the body's own hash.
    """
    claimed = request.headers.get("x-amz-content-sha256")
    if service in S3_SERVICES:
        if claimed is None:
            raise errors.payload_hash_missing()
        if claimed not in _UNHASHED and _SHA256.fullmatch(claimed) is None:
            raise errors.payload_hash_malformed(claimed)
        return claimed
    return claimed if claimed == sigv4.UNSIGNED else _quick_hash(request)


def _presigned_body_hash(request: Request, service: str) -> str | None:
    if service not in S3_SERVICES:
        return _quick_hash(request)
    in_query = dict(sigv4.query_pairs(request.query)).get("X-Amz-Content-Sha256")
    return in_query or request.headers.get("x-amz-content-sha256", sigv4.UNSIGNED)


def _quick_hash(request: Request) -> str | None:
    data = request.payload.data
    if data is None or len(data) > _HASH_INLINE:
        return None
    return hashlib.sha256(data).hexdigest() if data else sigv4.EMPTY_SHA256


async def _hash_body(request: Request) -> str:
    data = await request.payload.read()
    return await asyncio.to_thread(_hexdigest, data)


def _hexdigest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _check_body(request: Request, body_hash: str) -> None:
    """Hold the body against the hash that was signed; a body under way is checked by whoever reads it."""
    if len(body_hash) != 64:
        return
    payload = request.payload
    if payload.data is None:
        payload.expected_sha256 = body_hash
        return
    computed = _hexdigest(payload.data)
    if computed != body_hash:
        raise errors.payload_hash_mismatch(body_hash, computed)
