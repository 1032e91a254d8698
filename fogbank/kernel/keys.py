"""Order-preserving encoding of key tuples: comparing the bytes compares the tuples, part by part.

A part is a `str`, an `int` (64 bit, signed) or `bytes`; the type of a part is fixed by its position in a collection's key. Strings (UTF-8)
and bytes are ended by 00, with an inner 00 written 00 FF; so that no part begins with FF, bytes begin with 01. Integers are eight
bytes, big-endian, offset so that negative ones come first (those of 2^62 and more would begin with FF: there are none).
"""

from __future__ import annotations

Part = str | int | bytes

_OFFSET = 1 << 63


def encode(parts: tuple[Part, ...]) -> bytes:
    encoded = b""
    for part in parts:
        if part.__class__ is int:
            encoded += (part + _OFFSET).to_bytes(8, "big")  # type: ignore[operator]
            continue
        raw: bytes = part.encode("utf-8", "surrogatepass") if part.__class__ is str else b"\1" + part  # type: ignore
        if b"\0" in raw:
            raw = raw.replace(b"\0", b"\0\xff")
        encoded += raw + b"\0"
    return encoded


def decode(data: bytes, types: tuple[type, ...]) -> tuple[Part, ...]:
    """The parts of an encoded key, given their types in order."""
    out: list[Part] = []
    at = 0
    for kind in types:
        if kind is int:
            out.append(int.from_bytes(data[at : at + 8], "big") - _OFFSET)
            at += 8
            continue
        end = data.index(b"\0", at)
        while data[end + 1 : end + 2] == b"\xff":
            end = data.index(b"\0", end + 2)
        raw = data[at:end].replace(b"\0\xff", b"\0")
        out.append(raw.decode("utf-8", "surrogatepass") if kind is str else raw[1:])
        at = end + 1
    return tuple(out)


def prefix_of(text: str) -> bytes:
    """The encoding of the beginning of a string part: every string that starts with `text` starts with these bytes."""
    return text.encode("utf-8", "surrogatepass").replace(b"\0", b"\0\xff")


def after_prefix(prefix: bytes) -> bytes:
    """The smallest key greater than every key that starts with `prefix`."""
    trimmed = prefix.rstrip(b"\xff")
    if not trimmed:
        return b"\xff" * 64
    return trimmed[:-1] + bytes([trimmed[-1] + 1])
