"""The door: from a request to the principal who sent it, or to AWS's refusal.

A request that passed is as if it had come plain: its payload is free of aws-chunked framing, and bound to what was signed.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from fogbank.http import Request
from fogbank.identity import chunked, errors, sigv2, sigv4, sigv4a
from fogbank.identity.canonical import query_pairs
from fogbank.identity.credentials import (
    AWS_PREFIXES,
    DummySecrets,
    Evidence,
    Lookup,
    dummy_principal,
    dummy_secrets,
    no_issued_credentials,
)
from fogbank.identity.errors import S3_HEADER, S3_QUERY, S3_SERVICES, Refusals, refusals
from fogbank.identity.principals import ANONYMOUS, DEFAULT_ACCOUNT, Principal
from fogbank.identity.sigv2 import FormProofV2, ProofV2
from fogbank.identity.sigv4 import FormProof, Proof

# Larger bodies are hashed in a thread, so that the loop stays free (1 MiB takes 0.6 ms).
_HASH_INLINE = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_V4 = sigv4.ALGORITHM + " "
_VERSION_4 = (_V4, sigv4a.ALGORITHM + " ")
_LONGEST_KEY = 128
# A presigned STS call is the credential of other systems (EKS): it lives this long whatever it says.
_STS_LIFE = 900


class Identity(msgspec.Struct, frozen=True):
    """Who sent a request, and for which region and service (signing name) it was signed; both empty when it does not say."""

    principal: Principal
    region: str = ""
    service: str = ""

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
    virtual_now   the virtual clock, by which credentials expire; the real one when none is given
    """

    def __init__(
        self,
        credentials: Literal["default", "strict"] = "default",
        lookup: Lookup = no_issued_credentials,
        now: Callable[[], float] = time.time,
        virtual_now: Callable[[], float] | None = None,
    ) -> None:
        self._strict = credentials == "strict"
        self.lookup = lookup
        self._virtual_now = virtual_now or now
        self._now = now
        self._dummies = DummySecrets()

    async def authenticate(
        self, request: Request, service: str, protocol: str = "json", anonymous: bool = False
    ) -> Identity:
        """The identity behind a request. Does not suspend unless the body is large.

        `service` is the signing name of the service that the request was routed to, `protocol` the one in whose words a
        refusal is put, `anonymous` says that the operation may be called unsigned; S3's always may. For S3 this may replace
        `request.payload`. Raises AWSError, or PayloadError when the body that is here is not what was signed.
        """
        authorization = request.headers.get("authorization")
        if authorization is not None and authorization.startswith(_VERSION_4):
            if service in S3_SERVICES and "X-Amz-Algorithm=" in request.query:
                raise errors.two_mechanisms(authorization)
            body_hash = _header_body_hash(request, service)
            if body_hash is None:
                body_hash = await _hash_body(request)
            module = sigv4 if authorization.startswith(_V4) else sigv4a
            proof = module.from_header(request, authorization, refusals(service, protocol, False), body_hash)
            if proof.claim.service != service:
                _check_service(proof, service)
            self._check_age(proof)
        elif "X-Amz-Signature=" in request.query or "X-Amz-Algorithm=" in request.query:
            body_hash = _presigned_body_hash(request, service)
            if body_hash is None:
                body_hash = await _hash_body(request)
            proof = self._query_proof(request, body_hash, service, protocol)
        elif service in S3_SERVICES:
            return await self._version_2_or_anonymous(request, authorization)
        elif anonymous:
            return _ANONYMOUS
        elif authorization is not None:
            raise refusals(service, protocol, False).unsupported(authorization)
        else:
            raise refusals(service, protocol, False).missing()
        claim = proof.claim
        if self._is_dummy(claim.access_key):
            principal, secret = self._prove_dummy(proof, proof.words)
        else:
            principal, secret = await self._prove_issued(proof, _token(request), proof.words)
        if service in S3_SERVICES:
            signing = proof.signing(secret) if secret is not None and body_hash in chunked.MODES else None
            _bind_body(request, body_hash, signing)
        return Identity(principal, claim.region, claim.service)

    async def authenticate_form(self, fields: dict[str, str]) -> Identity:
        """The identity behind an S3 form upload, from the form's fields; anonymous when it has no policy.

        What the policy allows is for `post_policy.check` to say. Raises AWSError.
        """
        form = {name.lower(): value for name, value in fields.items()}
        if "policy" not in form:
            return _ANONYMOUS
        proof = _form_proof(form)
        principal = await self._prove(proof, form.get("x-amz-security-token", ""))
        return Identity(principal, proof.region, "s3")

    # -- proofs

    def _query_proof(self, request: Request, body_hash: str, service: str, protocol: str) -> Proof:
        if service in S3_SERVICES and "authorization" in request.headers:
            raise errors.two_mechanisms(request.headers["authorization"])
        module = sigv4a if f"X-Amz-Algorithm={sigv4a.ALGORITHM}" in request.query else sigv4
        proof, expires = module.from_query(request, refusals(service, protocol, True), body_hash)
        _check_service(proof, service)
        self._check_expiry(proof, expires)
        return proof

    async def _version_2_or_anonymous(self, request: Request, authorization: str | None) -> Identity:
        proof = self._version_2_proof(request, authorization)
        identity = _ANONYMOUS if proof is None else Identity(await self._prove(proof, _token(request)), "", "s3")
        _bind_body(request, request.headers.get("x-amz-content-sha256", sigv4.UNSIGNED), None)
        return identity

    def _version_2_proof(self, request: Request, authorization: str | None) -> ProofV2 | None:
        signed_query = sigv2.in_query(request.query)
        if authorization is None:
            return sigv2.from_query(request, self._now()) if signed_query else None
        if signed_query:
            raise errors.two_mechanisms(authorization)
        if not sigv2.in_header(authorization):
            raise S3_HEADER.unsupported(authorization)
        return sigv2.from_header(request, authorization, self._now())

    # -- when

    def _check_age(self, proof: Proof) -> None:
        signed = _epoch(proof)
        now = self._now()
        words = proof.words
        if signed < now - words.skew:
            raise words.too_old(proof.timestamp, now)
        if signed > now + words.skew:
            raise words.too_new(proof.timestamp, now)

    def _check_expiry(self, proof: Proof, expires: int) -> None:
        signed = _epoch(proof)
        now = self._now()
        words = proof.words
        end = signed + (max(expires, _STS_LIFE) if proof.claim.service == "sts" else expires)
        if now > end:
            raise words.expired(expires, end, now)
        if signed > now + words.skew:
            raise words.too_new(proof.timestamp, now)

    # -- who

    def _is_dummy(self, access_key: str) -> bool:
        return not (self._strict or access_key.startswith(AWS_PREFIXES))

    async def _prove(self, proof: Evidence, token: str) -> Principal:
        """The principal of a signature of S3's other kinds."""
        if self._is_dummy(proof.access_key):
            return self._prove_dummy(proof, S3_HEADER)[0]
        return (await self._prove_issued(proof, token, S3_HEADER))[0]

    async def _prove_issued(self, proof: Evidence, token: str, words: Refusals) -> tuple[Principal, str]:
        """The principal of an issued key, and the key's secret."""
        credential = await self.lookup(proof.access_key)
        if credential is None or not credential.active:
            raise words.unknown_key(proof.access_key)
        if token != credential.session_token:
            raise words.invalid_token(token)
        if credential.expires is not None and credential.expires <= self._virtual_now():
            raise words.expired_token(token)
        if not proof.matches(credential.secret):
            raise words.mismatch(proof.attempt())
        return credential.principal, credential.secret

    def _prove_dummy(self, proof: Evidence, words: Refusals) -> tuple[Principal, str | None]:
        """The principal of a dummy key, and the key's secret when it is known."""
        access_key = proof.access_key
        if len(access_key) > _LONGEST_KEY:
            raise words.unknown_key(access_key)
        proved = self._dummies.proved.get(access_key)
        if proved is not None:
            if not proof.matches(proved):
                raise words.mismatch(proof.attempt())
            return dummy_principal(access_key), proved
        for secret in dummy_secrets(access_key):
            if proof.matches(secret):
                self._dummies.prove(access_key, secret)
                return dummy_principal(access_key), secret
        return dummy_principal(access_key), None


# The second is that of S3's directory buckets.
_TOKENS = ("x-amz-security-token", "x-amz-s3session-token")


def _token(request: Request) -> str:
    """The session token, from the header or the query; empty when there is none."""
    token = request.headers.get(_TOKENS[0]) or request.headers.get(_TOKENS[1])
    if token is not None or "-token=" not in request.query.lower():
        return token or ""
    return next((value for name, value in query_pairs(request.query) if name.lower() in _TOKENS), "")


def _form_proof(form: dict[str, str]) -> FormProof | FormProofV2:
    policy = form["policy"]
    if "x-amz-signature" not in form and "signature" in form:
        return FormProofV2(_field(form, "AWSAccessKeyId"), form["signature"], policy)
    signature = _field(form, "X-Amz-Signature")
    if _field(form, "X-Amz-Algorithm") != sigv4.ALGORITHM:
        raise S3_HEADER.unsupported("AWS4-")
    claim = sigv4.make_claim(_field(form, "X-Amz-Credential"), "", S3_QUERY)
    timestamp = _field(form, "X-Amz-Date")
    if claim.service not in S3_SERVICES:
        raise S3_QUERY.wrong_service(claim.service, "s3")
    if claim.date != timestamp[:8]:
        raise S3_QUERY.scope_date(claim.date, timestamp)
    return FormProof(claim, signature, policy)


def _field(form: dict[str, str], name: str) -> str:
    value = form.get(name.lower())
    if value is None:
        raise errors.form_field_missing(name)
    return value


def _check_service(proof: Proof, service: str) -> None:
    claimed = proof.claim.service
    if claimed != service and not (claimed in S3_SERVICES and service in S3_SERVICES):
        raise proof.words.wrong_service(claimed, service)


def _epoch(proof: Proof) -> int:
    try:
        return sigv4.epoch(proof.timestamp)
    except ValueError:
        raise proof.words.bad_date(proof.timestamp) from None


# -- the body's part in the signature


def _header_body_hash(request: Request, service: str) -> str | None:
    """The hash of the body as the canonical request has it; None when it must be computed aside.

    S3 believes the header at first, since the body may still be under way; the others take the body's own hash.
    """
    claimed = request.headers.get("x-amz-content-sha256")
    if service not in S3_SERVICES:
        return claimed if claimed == sigv4.UNSIGNED else _quick_hash(request)
    if claimed is None:
        raise errors.payload_hash_missing()
    if claimed != sigv4.UNSIGNED and claimed not in chunked.MODES and _SHA256.fullmatch(claimed) is None:
        raise errors.payload_hash_malformed(claimed)
    return claimed


def _presigned_body_hash(request: Request, service: str) -> str | None:
    if service not in S3_SERVICES:
        return _quick_hash(request)
    in_header = request.headers.get("x-amz-content-sha256", sigv4.UNSIGNED)
    if "X-Amz-Content-Sha256=" not in request.query:
        return in_header
    return dict(query_pairs(request.query)).get("X-Amz-Content-Sha256", in_header)


def _quick_hash(request: Request) -> str | None:
    data = request.payload.data
    if data is None or len(data) > _HASH_INLINE:
        return None
    return _hexdigest(data) if data else sigv4.EMPTY_SHA256


async def _hash_body(request: Request) -> str:
    data = await request.payload.read()
    return await asyncio.to_thread(_hexdigest, data)


def _hexdigest(data: bytes) -> str:
    hashed = sigv4.NO_HASH.copy()
    hashed.update(data)
    return hashed.hexdigest()


def _bind_body(request: Request, body_hash: str, signing: sigv4.Signing | None) -> None:
    """Hold the body against the hash or the chunk signatures that were sent; one under way is checked as it is read."""
    if body_hash == sigv4.UNSIGNED:
        return
    if body_hash in chunked.MODES:
        request.payload = chunked.decode(request.payload, body_hash, request.headers, signing)
        _strip_encoding(request.headers)
        return
    payload = request.payload
    payload.expected_sha256 = body_hash
    if payload.data:
        payload.check_sha256(_hexdigest(payload.data))
    elif payload.data is not None and body_hash != sigv4.EMPTY_SHA256:
        payload.check_sha256(sigv4.EMPTY_SHA256)


def _strip_encoding(headers: dict[str, str]) -> None:
    """`aws-chunked` is no part of what the client calls the content's encoding."""
    encodings = [name.strip() for name in headers.get("content-encoding", "").split(",")]
    kept = ",".join([name for name in encodings if name and name != "aws-chunked"])
    headers.pop("content-encoding", None)
    if kept:
        headers["content-encoding"] = kept
