"""Numbers as bytes that order as the numbers do: sort keys in DAX's key bytes. Pure.

A header byte has the sign and the exponent (with four more bytes when it is large); digits follow by three in ten bits each, which are
12 to 1011, and an end, which is 0, 1 or 2 and says how many of the last three digits count. Negative numbers have it all upside down.
"""

from __future__ import annotations

from decimal import Decimal

_ZERO = 0x80
_FIRST_DIGITS = 12
_LEAST, _MOST = -0x3E, 0x3E
_SIGN_BIT = 0x80000000
_ALL_BITS = 0xFFFFFFFF


def encode(number: Decimal) -> bytes:
    if not number:
        return bytes([_ZERO])
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    whole = len(digits) + exponent
    text = "".join(map(str, digits)).rstrip("0")
    groups = [int(text[start : start + 3].ljust(3, "0")) + _FIRST_DIGITS for start in range(0, len(text), 3)]
    groups.append((len(text) - 1) % 3)
    if sign:
        groups = [1023 - group for group in groups]
    return _header(whole, bool(sign)) + _packed(groups)


def decode(data: bytes) -> Decimal:
    """Raises ValueError when the bytes are no number."""
    if data[:1] in (b"\x80", b"\x7f") and len(data) == 1:
        return Decimal(0)
    negative, exponent, rest = _read_header(data)
    groups = _unpacked(rest)
    if negative:
        groups = [1023 - group for group in groups]
    text = ""
    for group in groups:
        if group < 3:
            digits = text[: len(text) - 2 + group]
            return Decimal(f"{'-' if negative else ''}0.{digits}E{exponent}")
        text += f"{group - _FIRST_DIGITS:03}"
    raise ValueError("a number without an end")


def _header(exponent: int, negative: bool) -> bytes:
    if _LEAST <= exponent < _MOST:
        return bytes([0x3F - exponent if negative else 0xC0 + exponent])
    bits = exponent & _ALL_BITS
    if negative:
        return bytes([0x7E if exponent < 0 else 0x01]) + (bits ^ _SIGN_BIT ^ _ALL_BITS).to_bytes(4, "big")
    return bytes([0x81 if exponent < 0 else 0xFE]) + (bits ^ _SIGN_BIT).to_bytes(4, "big")


def _read_header(data: bytes) -> tuple[bool, int, bytes]:
    """(is it negative, exponent, what follows)"""
    if not data or data[0] in (0x00, 0xFF):
        raise ValueError("not a number")
    first = data[0]
    if first not in (0x01, 0x7E, 0x81, 0xFE):
        return first < 0x80, 0x3F - first if first < 0x80 else first - 0xC0, data[1:]
    bits = int.from_bytes(data[1:5], "big") ^ _SIGN_BIT
    negative = first < 0x80
    if negative:
        bits ^= _ALL_BITS
    return negative, bits - (1 << 32) if bits & _SIGN_BIT else bits, data[5:]


def _packed(groups: list[int]) -> bytes:
    bits = "".join(f"{group:010b}" for group in groups)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def _unpacked(data: bytes) -> list[int]:
    bits = "".join(f"{byte:08b}" for byte in data)
    return [int(bits[start : start + 10], 2) for start in range(0, len(bits) - 9, 10)]
