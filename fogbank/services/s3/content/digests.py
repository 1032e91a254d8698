"""What a client claims of the bytes it sends, and whether it is true: Content-MD5 and the x-amz-checksum-* family.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fogbank.http import Request as HttpRequest
from fogbank.protocols import checksums
from fogbank.services.s3 import errors

FULL_OBJECT = "FULL_OBJECT"
COMPOSITE = "COMPOSITE"

_TRAILER = "x-amz-checksum-"
DEFAULT = "CRC64NVME"
"""What S3 computes of an upload that brings no checksum."""


class Claim(NamedTuple):
    """`md5` is that of Content-MD5 in hexadecimal. `value` is base64; None: it comes in the trailer, or only ours counts."""

    md5: str | None
    algorithm: str
    value: str | None
    in_trailer: bool


class Sums(NamedTuple):
    """What was computed: `md5` in hexadecimal, `checksum` in base64, empty without an algorithm."""

    md5: str
    checksum: str


def claim(request: Mapping[str, Any], headers: Mapping[str, str]) -> Claim:
    """What the headers of an upload claim. Raises InvalidDigest and InvalidRequest for claims that cannot be true."""
    md5 = _md5_claim(request)
    algorithm, value = _checksum_claim(request)
    announced = request.get("ChecksumAlgorithm")
    if value is not None:
        if announced is not None and announced != algorithm:
            raise errors.invalid_request("Value for x-amz-sdk-checksum-algorithm header is invalid.")
        return Claim(md5, algorithm, value, False)
    trailer = headers.get("x-amz-trailer")
    if trailer is not None and trailer.lower().startswith(_TRAILER):
        return Claim(md5, usable(trailer.strip()[len(_TRAILER) :].upper()), None, True)
    if announced is not None:
        raise errors.invalid_request(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
        )
    return Claim(md5, DEFAULT, None, False)


def _md5_claim(request: Mapping[str, Any]) -> str | None:
    text = request.get("ContentMD5")
    if text is None:
        return None
    try:
        digest = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 16:
        raise errors.invalid_digest(text)
    return digest.hex()


def _checksum_claim(request: Mapping[str, Any]) -> tuple[str, str | None]:
    """The algorithm and value of the one x-amz-checksum-* header, if there is one."""
    found = [name for name in request if name.startswith("Checksum") and name not in _NOT_VALUES]
    if not found:
        return "", None
    if len(found) > 1:
        raise errors.invalid_request(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    algorithm = found[0].removeprefix("Checksum")
    value = request[found[0]]
    if not is_value(algorithm, value):
        raise errors.invalid_request(f"Value for x-amz-checksum-{algorithm.lower()} header is invalid.")
    return usable(algorithm), value


_NOT_VALUES = frozenset({"ChecksumAlgorithm", "ChecksumMode", "ChecksumType"})


def usable(algorithm: str) -> str:
    """The algorithm, when it is one that S3 knows."""
    if algorithm not in checksums.LENGTHS:
        raise errors.invalid_request("The value specified in the x-amz-trailer header is not supported")
    return algorithm


def is_value(algorithm: str, value: str) -> bool:
    """Is this base64 of as many bytes as the algorithm gives?"""
    try:
        return len(b64decode(value, validate=True)) == checksums.LENGTHS.get(algorithm)
    except (binascii.Error, ValueError):
        return False


class Hashes:
    """Computes the sums of bytes in pieces: always MD5, a checksum if one is wanted, SHA-256 if the body's was signed.

    MD5, the slowest, is updated on its own, so that another thread can do the rest meanwhile.
    """

    def __init__(self, algorithm: str, with_sha256: bool = False) -> None:
        self.md5 = hashlib.md5(usedforsecurity=False)
        self._checksum = checksums.new(algorithm) if algorithm else None
        self._sha256 = hashlib.sha256() if with_sha256 else None

    def update_others(self, data: bytes) -> None:
        if self._checksum is not None:
            self._checksum.update(data)
        if self._sha256 is not None:
            self._sha256.update(data)

    def sums(self) -> Sums:
        checksum = b64encode(self._checksum.digest()).decode() if self._checksum is not None else ""
        return Sums(self.md5.hexdigest(), checksum)

    def sha256(self) -> str:
        return self._sha256.hexdigest() if self._sha256 is not None else ""


def sums_of(data: bytes, algorithm: str) -> Sums:
    """The sums of bytes that are all here."""
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return Sums(md5, b64encode(checksums.compute(algorithm, data)).decode() if algorithm else "")


def verify(claimed: Claim, sums: Sums, trailers: Mapping[str, str]) -> None:
    """Raise BadDigest unless the bytes are what the client says; InvalidRequest when its trailer is none."""
    if claimed.md5 is not None and claimed.md5 != sums.md5:
        raise errors.bad_digest(claimed.md5, sums.md5)
    value = claimed.value
    if claimed.in_trailer:
        name = f"{_TRAILER}{claimed.algorithm.lower()}"
        value = trailers.get(name, "")
        if not is_value(claimed.algorithm, value):
            raise errors.invalid_request(f"Value for {name} trailing header is invalid.")
    if value is not None and value != sums.checksum:
        raise errors.bad_checksum(claimed.algorithm)


def check_document(request: HttpRequest | None, required: bool = False) -> None:
    """Hold the digests in the headers of a request against its (buffered) body. Another service's call has none.

    Raises BadDigest, InvalidDigest, InvalidRequest; the latter also when a digest is required and there is none.
    """
    if request is None:
        return
    headers = request.headers
    found: dict[str, Any] = {
        f"Checksum{name[len(_TRAILER) :].upper()}": value
        for name, value in headers.items()
        if name.startswith(_TRAILER) and name not in _NOT_VALUE_HEADERS
    }
    if "content-md5" in headers:
        found["ContentMD5"] = headers["content-md5"]
    if required and not found and _TRAILER not in headers.get("x-amz-trailer", ""):
        raise errors.missing_digest()
    claimed = claim(found, headers)
    verify(claimed, sums_of(request.payload.data or b"", claimed.algorithm), request.payload.trailers)


_NOT_VALUE_HEADERS = frozenset({"x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"})


def composite(algorithm: str, values: Iterable[str]) -> str:
    """The checksum of the parts' checksums, and their number, as S3 gives it for an object of parts."""
    digests = [b64decode(value) for value in values]
    return f"{b64encode(checksums.compute(algorithm, b''.join(digests))).decode()}-{len(digests)}"


def whole(algorithm: str, sized: Iterable[tuple[str, int]]) -> str:
    """The CRC of the whole object from the CRCs (base64) and sizes of its parts, in order."""
    (first, _), *rest = list(sized)
    crc = b64decode(first)
    for value, size in rest:
        crc = checksums.combine(algorithm, crc, b64decode(value), size)
    return b64encode(crc).decode()
