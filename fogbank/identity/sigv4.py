"""Signature Version 4: what a request claims (Claim), and whether its signature proves it (Proof).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. A client repeats the part of its
Authorization header before the signature all day long, so that part is parsed once and kept; signing keys, which change
daily too, are kept likewise. A request whose signature does not match at first is tried again with the other spellings of
path and query that AWS's own signers produce; only refused requests pay for that.
"""

from __future__ import annotations

import hashlib
import hmac
from calendar import timegm
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter

import msgspec

from fogbank.http import Request
from fogbank.identity.canonical import (
    canonical_query,
    other_queries,
    other_s3_paths,
    other_service_paths,
    query_pairs,
    s3_path,
    service_path,
    wire,
)
from fogbank.identity.errors import S3_SERVICES, Attempt, Refusals, basic_iso

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
UNSIGNED = "UNSIGNED-PAYLOAD"
# to be copied: to make one takes longer than to hash a request
NO_HASH = hashlib.sha256()
EMPTY_SHA256 = NO_HASH.hexdigest()

_PREFIX = ALGORITHM + " "
_SIGNATURE = "Signature="
_SIGNATURE_LENGTH = 64
_MAX_EXPIRES = 604800
# An access key has at most 128 characters; what is longer than these is neither believed nor kept.
_LONGEST_CREDENTIAL = 256
_LONGEST_KEPT = 1024
_KEPT_NAMES = 16
_BLOCK = NO_HASH.block_size
_PRESIGNED_NAMES = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature")


class Claim:
    """What a signature says about itself: whose it is, what for (`scope`), and which headers it covers.

    Claims are kept and shared by requests, so the way to their headers is prepared.
    """

    __slots__ = (
        "_complete",
        "_sources",
        "_template",
        "_values",
        "access_key",
        "date",
        "names",
        "region",
        "scope",
        "service",
        "signed",
        "signed_text",
    )

    def __init__(self, access_key: str, date: str, region: str, service: str, signed_text: str) -> None:
        self.access_key = access_key
        self.date = date
        self.region = region
        self.service = service
        self.scope = f"{date}/{region}/{service}/{TERMINATOR}"
        self.signed_text = signed_text
        self.names = tuple(signed_text.split(";"))
        self.signed = frozenset(self.names)
        self._template = "\n".join([name.replace("%", "%%") + ":%s" for name in self.names])
        # who speaks HTTP/2 may sign the host under its name there, as the SDK for JavaScript does
        self._sources = tuple(["host" if name == ":authority" else name for name in self.names])
        self._values = itemgetter(*self._sources)
        self._complete: set[tuple[str, ...]] = set()

    def check_headers(self, headers: dict[str, str], words: Refusals) -> None:
        """Raise when a header that says something is not signed. Names that were found in order are not looked at again."""
        names = tuple(headers)
        if names in self._complete:
            return
        unsigned = [name for name in names if name[:6] == "x-amz-" and name not in self.signed | words.may_be_unsigned]
        if "host" not in self.signed and ":authority" not in self.signed:
            unsigned.insert(0, "host")
        if unsigned:
            raise words.unsigned_headers(unsigned)
        if len(self._complete) < _KEPT_NAMES:
            self._complete.add(names)

    def canonical_headers(self, headers: dict[str, str]) -> str:
        """The signed headers as `name:value` lines, runs of blanks folded to one; an absent header is empty."""
        try:
            text = self._template % self._values(headers)
        except KeyError:
            text = "\n".join([f"{name}:{headers.get(source, '')}" for name, source in self._pairs()])
        if "  " in text or "\t" in text:
            text = "\n".join([f"{name}:{' '.join(headers.get(source, '').split())}" for name, source in self._pairs()])
        return text

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """Each signed name, and the header that has its value."""
        return zip(self.names, self._sources, strict=True)


class Signing(msgspec.Struct, frozen=True):
    """A verified signature, from which the signatures of the chunks of a streamed body follow."""

    key: SigningKey
    timestamp: str
    scope: str
    signature: str


class Proof:
    """A signature over a request, ready to be held against secrets."""

    __slots__ = (
        "_alternatives",
        "_request",
        "access_key",
        "body_hash",
        "canonical",
        "claim",
        "signature",
        "string_to_sign",
        "timestamp",
        "words",
    )

    def __init__(
        self, claim: Claim, timestamp: str, signature: str, request: Request, words: Refusals, body_hash: str
    ) -> None:
        self.claim = claim
        self.access_key = claim.access_key
        self.words = words
        self.timestamp = timestamp
        self.signature = signature
        self.body_hash = body_hash
        self._request = request
        self._alternatives: list[str] | None = None
        path = request.path
        if path != "/":
            path = s3_path(path) if claim.service in S3_SERVICES else service_path(path)
        self.canonical = self._canonical(path, canonical_query(request.query) if request.query else "")
        self.string_to_sign = self._string_to_sign(self.canonical)

    def matches(self, secret: str) -> bool:
        """Whether the signature was made with this secret."""
        claim = self.claim
        key = signing_key(secret, claim.date, claim.region, claim.service)
        if self.signature.isascii() and hmac.compare_digest(key.sign(self.string_to_sign), self.signature):
            return True
        if self._alternatives is None:
            self._alternatives = [self._string_to_sign(canonical) for canonical in self._other_canonicals()]
        return any(_equal(key.sign(text), self.signature) for text in self._alternatives)

    def signing(self, secret: str) -> Signing:
        """What the chunks of the body need to be verified."""
        claim = self.claim
        key = signing_key(secret, claim.date, claim.region, claim.service)
        return Signing(key, self.timestamp, claim.scope, self.signature)

    def attempt(self) -> Attempt:
        """The failed proof as error messages show it."""
        return Attempt(self.claim.access_key, self.signature, self.string_to_sign, self.canonical)

    def _canonical(self, path: str, query: str) -> str:
        claim = self.claim
        headers = claim.canonical_headers(self._request.headers)
        return f"{self._request.method}\n{path}\n{query}\n{headers}\n\n{claim.signed_text}\n{self.body_hash}"

    def _string_to_sign(self, canonical: str) -> str:
        hashed = NO_HASH.copy()
        hashed.update(wire(canonical))
        digest = hashed.hexdigest()
        return f"{ALGORITHM}\n{self.timestamp}\n{self.claim.scope}\n{digest}"

    def _other_canonicals(self) -> Iterator[str]:
        seen = {self.canonical}
        spellings = other_s3_paths if self.claim.service in S3_SERVICES else other_service_paths
        for path in spellings(self._request.path):
            for query in other_queries(self._request.query):
                canonical = self._canonical(path, query)
                if canonical not in seen:
                    seen.add(canonical)
                    yield canonical


class FormProof:
    """A signature over the policy of a form upload: the policy's base64 text is the string to sign.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
    """

    __slots__ = ("_policy", "claim", "signature")

    def __init__(self, claim: Claim, signature: str, policy: str) -> None:
        self.claim = claim
        self.signature = signature
        self._policy = policy

    @property
    def access_key(self) -> str:
        return self.claim.access_key

    @property
    def region(self) -> str:
        return self.claim.region

    def matches(self, secret: str) -> bool:
        """Whether the signature was made with this secret."""
        claim = self.claim
        key = signing_key(secret, claim.date, claim.region, claim.service)
        return _equal(key.sign(self._policy), self.signature)

    def attempt(self) -> Attempt:
        """The failed proof as error messages show it."""
        return Attempt(self.access_key, self.signature, self._policy)


# -- keys and signatures


class SigningKey:
    """The key of one secret for one day, region and service."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, secret: str, date: str, region: str, service: str) -> None:
        key = ("AWS4" + secret).encode()
        for part in (date, region, service, TERMINATOR):
            key = hmac.digest(key, wire(part), "sha256")
        # The two keyed states of HMAC (RFC 2104), to be copied: to set up the key on every call takes longer than to sign.
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in padded]))
        self._outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in padded]))

    def sign(self, text: str) -> str:
        """The signature of a string to sign, in hexadecimal digits."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text.encode())
        outer.update(inner.digest())
        return outer.hexdigest()


@lru_cache(maxsize=4096)
def signing_key(secret: str, date: str, region: str, service: str) -> SigningKey:
    return SigningKey(secret, date, region, service)


def _equal(computed: str, given: str) -> bool:
    return given.isascii() and hmac.compare_digest(computed, given)


# -- reading a request


def from_header(request: Request, authorization: str, words: Refusals, body_hash: str) -> Proof:
    """The proof in an Authorization header. Raises in the service's words when the header is malformed."""
    head, found, signature = authorization.rpartition(_SIGNATURE)
    if found and len(signature) == _SIGNATURE_LENGTH and len(head) <= _LONGEST_KEPT:
        claim = _header_claim(head, words)
    else:
        claim, signature = _read_header(authorization, words)
    timestamp = request.headers.get("x-amz-date")
    if timestamp is None:
        timestamp = _date(request.headers, authorization, words)
    check_claim(claim, timestamp, request.headers, words)
    return Proof(claim, timestamp, signature, request, words, body_hash)


def from_query(request: Request, words: Refusals, body_hash: str) -> tuple[Proof, int]:
    """The proof in a presigned URL, and the seconds that it is good for."""
    params = dict(query_pairs(request.query))
    absent = tuple(name for name in _PRESIGNED_NAMES if name not in params)
    if absent:
        raise words.components("", absent)
    algorithm, credential, timestamp, signed, signature = [params[name] for name in _PRESIGNED_NAMES]
    if algorithm != ALGORITHM:
        raise words.unsupported(algorithm)
    claim = make_claim(credential, signed, words)
    check_claim(claim, timestamp, request.headers, words)
    return Proof(claim, timestamp, signature, request, words, body_hash), expires(params, claim, words)


def expires(params: dict[str, str], claim: Claim, words: Refusals) -> int:
    """The seconds that a presigned URL is good for. Raises what is wrong with them."""
    value = params.get("X-Amz-Expires")
    if value is None:
        if claim.service in S3_SERVICES:
            raise words.components("", ("X-Amz-Expires",))
        return words.skew
    if not (value.isascii() and value.isdecimal()) or len(value) > 9 or int(value) > _MAX_EXPIRES:
        raise words.bad_expires(value)
    return int(value)


def _read_header(authorization: str, words: Refusals) -> tuple[Claim, str]:
    parts = _components(authorization)
    signature = parts.get("Signature", "")
    return _claim_of(parts, authorization, words), signature


@lru_cache(maxsize=4096)
def _header_claim(head: str, words: Refusals) -> Claim:
    return _claim_of(_components(head) | {"Signature": "given"}, head, words)


def _components(authorization: str) -> dict[str, str]:
    pairs = [part.strip().partition("=") for part in authorization[len(_PREFIX) :].split(",")]
    return {name: value for name, _, value in pairs}


def _claim_of(parts: dict[str, str], authorization: str, words: Refusals) -> Claim:
    absent = tuple(name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name))
    if absent:
        raise words.components(authorization, absent)
    return make_claim(parts["Credential"], parts["SignedHeaders"], words)


def make_claim(credential: str, signed_headers: str, words: Refusals) -> Claim:
    """The claim of a credential (`AKID/20250131/us-east-1/s3/aws4_request`) and a list of signed headers."""
    parts = credential.split("/")
    if len(parts) != 5 or not all(parts[:4]) or len(credential) > _LONGEST_CREDENTIAL:
        raise words.credential_shape(credential)
    access_key, date, region, service, terminator = parts
    if terminator != TERMINATOR:
        raise words.terminator(terminator)
    return Claim(access_key, date, region, service, signed_headers.lower())


def _date(headers: dict[str, str], authorization: str, words: Refusals) -> str:
    """The time of signing where X-Amz-Date does not say it."""
    date = headers.get("date")
    if date is None:
        raise words.no_date(authorization)
    try:
        return basic_iso(http_date(date))
    except (ValueError, OverflowError):
        return date


def http_date(text: str) -> float:
    """A Date header as epoch seconds. Raises ValueError or OverflowError."""
    from email.utils import parsedate_to_datetime  # rarely needed, and slow to import

    return parsedate_to_datetime(text).timestamp()


def check_claim(claim: Claim, timestamp: str, headers: dict[str, str], words: Refusals) -> None:
    """Raise when the dates differ, or when a header that says something is not signed."""
    if claim.date != timestamp[:8]:
        if not is_timestamp(timestamp):
            raise words.bad_date(timestamp)
        raise words.scope_date(claim.date, timestamp)
    claim.check_headers(headers, words)


def is_timestamp(text: str) -> bool:
    try:
        epoch(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def epoch(timestamp: str) -> int:
    """`20250131T235959Z` as epoch seconds. Raises ValueError."""
    digits = timestamp[:8] + timestamp[9:15]
    if (
        len(timestamp) != 16
        or timestamp[8] != "T"
        or timestamp[15] != "Z"
        or not (digits.isascii() and digits.isdigit())
    ):
        raise ValueError(timestamp)
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    return timegm((year, month, day, int(digits[8:10]), int(digits[10:12]), int(digits[12:14])))
