"""aws-chunked bodies: S3's framing of an upload in chunks, each signed or not, with trailers or not.

    10000;chunk-signature=<64 hex digits>\\r\\n<65536 bytes>\\r\\n ... 0;chunk-signature=...\\r\\n
    x-amz-checksum-crc32c:sOO8/Q==\\r\\nx-amz-trailer-signature:...\\r\\n\\r\\n

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html. Each signature
covers the one before it, so that the chunks form a chain that starts at the request's own signature.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator

from fogbank.http import Payload, PayloadError
from fogbank.identity.sigv4 import EMPTY_SHA256, Signing

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
MODES = frozenset({SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER})

_MAX_LINE = 16 * 1024
_MIN_CHUNK = 8192
_SIZE = re.compile(rb"[0-9a-fA-F]{1,12}")


def decode(payload: Payload, mode: str, headers: dict[str, str], signing: Signing | None) -> Payload:
    """The payload without its framing: at once when the bytes are here, else as they arrive.

    `mode` is x-amz-content-sha256. Without `signing` (a dummy key whose secret is not known) chunk signatures are read but
    not verified. Raises PayloadError, here or while the result is read.
    """
    length = _decoded_length(headers.get("x-amz-decoded-content-length"))
    declared = frozenset(name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",") if name.strip())
    chain = _Chain(signing) if signing is not None and mode != UNSIGNED_TRAILER else None
    decoder = _Decoder(length, mode, declared, chain)
    if payload.data is None:
        return _DecodedPayload(payload, decoder, length)
    decoded = Payload(b"".join(decoder.feed(payload.data)))
    decoded.trailers = decoder.finish()
    return decoded


class _DecodedPayload(Payload):
    """A payload that takes the framing off another one while that arrives."""

    __slots__ = ("_decoder", "_framed")

    def __init__(self, framed: Payload, decoder: _Decoder, length: int) -> None:
        super().__init__(None, length)
        self._framed = framed
        self._decoder = decoder

    async def __aiter__(self) -> AsyncIterator[bytes]:
        feed = self._decoder.feed
        async for piece in self._framed:
            for data in feed(piece):
                yield data
        self.trailers = self._framed.trailers | self._decoder.finish()


class _Decoder:
    """Takes the framing off, piece by piece; holds back no more than a line.

    `_read_line` is the state: what the next line is about. `_left` is the number of bytes until the next line.
    """

    def __init__(self, length: int, mode: str, declared: frozenset[str], chain: _Chain | None) -> None:
        self._expected = length
        self._provided = 0
        self._signed = mode != UNSIGNED_TRAILER
        self._with_trailers = mode != SIGNED
        self._declared = declared
        self._chain = chain
        self._trailers: dict[str, str] = {}
        self._trailer_bytes = 0
        self._done = False
        self._held = b""
        self._left = 0
        self._size = 0
        self._chunks = 0
        self._signature = ""
        self._read_line = self._read_size

    def feed(self, piece: bytes) -> list[bytes]:
        """The data in the next piece. A piece without framing in it is passed on as it is."""
        if self._held:
            piece = self._held + piece
            self._held = b""
        out = []
        at = 0
        end = len(piece)
        while at < end:
            if self._done:
                raise _incomplete()
            if self._left:
                stop = min(at + self._left, end)
                data = piece if stop - at == end else piece[at:stop]
                self._take(data)
                out.append(data)
                at = stop
            else:
                stop = piece.find(b"\r\n", at)
                if stop < 0:
                    self._hold(piece[at:])
                    break
                self._read_line(piece[at:stop])
                at = stop + 2
        return out

    def finish(self) -> dict[str, str]:
        """The trailers, when everything was there. Raises PayloadError when something is missing."""
        if not self._done:
            raise _incomplete()
        if self._provided != self._expected:
            raise _wrong_length(self._expected, self._provided)
        return self._trailers

    def _hold(self, rest: bytes) -> None:
        if len(rest) > _MAX_LINE:
            raise _incomplete()
        self._held = rest

    def _take(self, data: bytes) -> None:
        self._left -= len(data)
        self._provided += len(data)
        if self._provided > self._expected:
            raise _wrong_length(self._expected, self._provided)
        if self._chain is not None:
            self._chain.add(data)

    # -- lines

    def _read_size(self, line: bytes) -> None:
        digits, _, extension = line.partition(b";")
        size = _parse_size(digits)
        self._chunks += 1
        if self._signed:
            self._signature = _chunk_signature(extension)
            if 0 < self._size < _MIN_CHUNK and size:
                raise _chunk_too_small(self._chunks, self._size)
        self._size = self._left = size
        if size:
            self._read_line = self._read_chunk_end
            return
        self._verify_chunk()
        self._read_line = self._read_trailer

    def _read_chunk_end(self, line: bytes) -> None:
        if line:
            raise _incomplete()
        self._verify_chunk()
        self._read_line = self._read_size

    def _verify_chunk(self) -> None:
        if self._chain is not None:
            self._chain.verify_chunk(self._signature)

    def _read_trailer(self, line: bytes) -> None:
        if not line:
            self._check_trailers()
            self._done = True
            return
        if not self._with_trailers:
            raise _incomplete()
        name, colon, value = line.decode("latin-1").partition(":")
        self._trailer_bytes += len(line)
        if not colon or self._trailer_bytes > _MAX_LINE:
            raise _malformed_trailer()
        self._trailers[name.strip().lower()] = value.strip()

    def _check_trailers(self) -> None:
        signature = self._trailers.pop("x-amz-trailer-signature", None)
        if self._trailers.keys() != self._declared:
            raise _malformed_trailer()
        if self._signed and self._trailers:
            if signature is None:
                raise _malformed_trailer()
            if self._chain is not None:
                self._chain.verify_trailers(self._trailers, signature)


class _Chain:
    """The chain of chunk signatures."""

    def __init__(self, signing: Signing) -> None:
        self._key = signing.key
        self._context = f"{signing.timestamp}\n{signing.scope}"
        self._previous = signing.signature
        self._digest = hashlib.sha256()

    def add(self, data: bytes) -> None:
        """More of the chunk's data."""
        self._digest.update(data)

    def verify_chunk(self, signature: str) -> None:
        digest = self._digest.hexdigest()
        self._digest = hashlib.sha256()
        self._verify(
            f"AWS4-HMAC-SHA256-PAYLOAD\n{self._context}\n{self._previous}\n{EMPTY_SHA256}\n{digest}", signature
        )

    def verify_trailers(self, trailers: dict[str, str], signature: str) -> None:
        text = "".join([f"{name}:{value}\n" for name, value in trailers.items()])
        digest = hashlib.sha256(text.encode("latin-1")).hexdigest()
        self._verify(f"AWS4-HMAC-SHA256-TRAILER\n{self._context}\n{self._previous}\n{digest}", signature)

    def _verify(self, string_to_sign: str, signature: str) -> None:
        if not hmac.compare_digest(self._key.sign(string_to_sign).encode(), signature.encode("latin-1")):
            raise PayloadError(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                403,
                StringToSign=string_to_sign,
                SignatureProvided=signature,
            )
        self._previous = signature


# -- pieces of lines


def _decoded_length(value: str | None) -> int:
    if value is None:
        raise PayloadError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
    if not (value.isascii() and value.isdecimal()):
        raise PayloadError("InvalidArgument", "Invalid x-amz-decoded-content-length.")
    return int(value)


def _parse_size(digits: bytes) -> int:
    if _SIZE.fullmatch(digits) is None:
        raise _incomplete()
    return int(digits, 16)


def _chunk_signature(extension: bytes) -> str:
    name, _, signature = extension.partition(b"=")
    if name.strip() != b"chunk-signature" or len(signature) != 64:
        raise _incomplete()
    return signature.decode("latin-1")


# -- errors, as S3 words them


def _incomplete() -> PayloadError:
    return PayloadError("IncompleteBody", "The request body terminated unexpectedly")


def _wrong_length(expected: int, provided: int) -> PayloadError:
    return PayloadError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
        NumberBytesExpected=str(expected),
        NumberBytesProvided=str(provided),
    )


def _chunk_too_small(chunk: int, size: int) -> PayloadError:
    return PayloadError(
        "InvalidChunkSizeError",
        "Only the last chunk is allowed to have a size less than 8192 bytes",
        403,
        Chunk=str(chunk),
        BadChunkSize=str(size),
    )


def _malformed_trailer() -> PayloadError:
    return PayloadError(
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    )
