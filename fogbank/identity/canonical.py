"""Paths and queries in the form that signatures cover, by AWS's rules and by those of signers in the field.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
"""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes, unquote, unquote_to_bytes

_UNRESERVED = "-_.~"
_CLEAN = re.compile(r"(?:[A-Za-z0-9\-_.~/]++|%[0-9A-F]{2})*+")
_CLEAN_QUERY = re.compile(r"(?:[A-Za-z0-9\-_.~=&]++|%[0-9A-F]{2})*+")


def wire(text: str) -> bytes:
    """The bytes of a head as they came: heads are read as latin-1, so that UTF-8 in a header is signed as UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def s3_path(path: str) -> str:
    """S3's canonical path: decoded once and encoded again, nothing normalised. A plus sign is a blank."""
    if _CLEAN.fullmatch(path):
        return path
    return _spelled_again(path)


def _spelled_again(path: str) -> str:
    return _encode(unquote_to_bytes(wire(path.replace("+", " "))), "/")


def service_path(path: str) -> str:
    """Everybody else's: dot segments and double slashes removed, then the sent spelling encoded once more."""
    if path == "/":
        return path
    return _encode(wire(normalized(path)), "/")


def normalized(path: str) -> str:
    """RFC 3986 dot segments removed and slashes merged."""
    out: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            out = out[:-1]
        elif segment not in ("", "."):
            out.append(segment)
    trailing = "/" if out and path.endswith("/") else ""
    return "/" + "/".join(out) + trailing


def canonical_query(query: str) -> str:
    """Pairs as sent when they are properly encoded, else encoded again; sorted; without the signature itself."""
    if not _CLEAN_QUERY.fullmatch(query):
        return _join_pairs([(_encode_text(name), _encode_text(value)) for name, value in query_pairs(query)])
    return _join_pairs(_raw_pairs(query))


def _join_pairs(pairs: list[tuple[str, str]]) -> str:
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs if name != "X-Amz-Signature"])


def _raw_pairs(query: str) -> list[tuple[str, str]]:
    split = [pair.partition("=") for pair in query.split("&") if pair]
    return [(name, value) for name, _, value in split]


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Decoded names and values in the order sent. A plus sign is a blank, as in forms."""
    return [(_decode_plus(name), _decode_plus(value)) for name, value in _raw_pairs(query)]


def _decode_plus(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    return unquote(text.replace("+", " "), errors="surrogateescape")


def _encode_text(text: str) -> str:
    return _encode(text.encode("utf-8", "surrogateescape"), "")


def _encode(raw: bytes, also_safe: str) -> str:
    return quote_from_bytes(raw, safe=_UNRESERVED + also_safe)


def other_s3_paths(path: str) -> list[str]:
    """The spellings that signers in the field use besides S3's own: as sent, or encoded again though that is needless.

    None is normalised: `/a//b` and `/a/b` are two objects.
    """
    return [s3_path(path), _spelled_again(path), path]


def other_service_paths(path: str) -> list[str]:
    """Likewise for the others: with and without normalising, encoded once or twice."""
    return [service_path(path), _encode(wire(path), "/"), normalized(path), path]


def other_queries(query: str) -> list[str]:
    """Likewise for queries: AWS's, the pairs as sent, decoded and encoded again, plus signs taken literally."""
    if not query:
        return [""]
    literal = [(_encode_text(unquote(n)), _encode_text(unquote(v))) for n, v in _raw_pairs(query)]
    encoded = [(_encode_text(name), _encode_text(value)) for name, value in query_pairs(query)]
    return [canonical_query(query), _join_pairs(_raw_pairs(query)), _join_pairs(encoded), _join_pairs(literal)]
