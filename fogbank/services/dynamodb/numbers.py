"""DynamoDB's numbers: exact decimals of up to 38 significant digits, with magnitudes from 1E-130 to 9.99...E+125.

A number is kept as its canonical text: plain digits, no exponent, no superfluous zeros, so that equal numbers are equal texts.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

import re
from decimal import Context, Decimal

from fogbank.services.dynamodb import errors

MAX_DIGITS = 38
MAX_MAGNITUDE = 125
MIN_MAGNITUDE = -130

Number = int | Decimal

_CANONICAL_INTEGER = re.compile(r"(?:0|-?[1-9][0-9]{0,37})\Z").match
_NUMERIC = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?\Z").match
# wide enough for any sum of two numbers: 126 digits before the point, 168 behind it
_EXACT = Context(prec=320)
_FAR = 10**9


def canonical(text: str) -> str:
    """The canonical text of a number. Raises ValidationException for what is none, or is too large, small or long."""
    if _CANONICAL_INTEGER(text):
        return text
    sign, digits, exponent = _decompose(text)
    if not digits:
        return "0"
    _check_limits(len(digits), exponent)
    point = len(digits) + exponent
    if exponent >= 0:
        plain = digits + "0" * exponent
    elif point > 0:
        plain = f"{digits[:point]}.{digits[point:]}"
    else:
        plain = f"0.{'0' * -point}{digits}"
    return f"-{plain}" if sign else plain


def _decompose(text: str) -> tuple[bool, str, int]:
    """(negative?, significant digits without zeros at the ends, exponent of the last digit)."""
    match = _NUMERIC(text)
    if match is None or not (match[2] or match[3]):
        raise errors.not_a_number(text)
    fraction = match[3] or ""
    digits = (match[2] + fraction).lstrip("0")
    significant = digits.rstrip("0")
    exponent = _exponent(match[4]) - len(fraction) + len(digits) - len(significant)
    return match[1] == "-", significant, exponent


def _exponent(text: str | None) -> int:
    if not text:
        return 0
    if len(text) > 9:  # too far away to matter, and too long for int() perhaps
        zero = not text.strip("+-0")
        return 0 if zero else -_FAR if text[0] == "-" else _FAR
    return int(text)


def _check_limits(digits: int, exponent: int) -> None:
    if digits > MAX_DIGITS:
        raise errors.too_many_digits()
    if digits + exponent - 1 > MAX_MAGNITUDE:
        raise errors.number_overflow()
    if digits + exponent - 1 < MIN_MAGNITUDE:
        raise errors.number_underflow()


def parse(text: str) -> Number:
    """The value of a canonical text; ints and Decimals compare exactly with each other."""
    return Decimal(text) if "." in text else int(text)


def add(left: str, right: str) -> str:
    """The exact sum of two canonical numbers. Raises ValidationException when it is out of DynamoDB's limits."""
    if "." in left or "." in right:
        return canonical(str(_EXACT.add(Decimal(left), Decimal(right))))
    return canonical(str(int(left) + int(right)))


def negated(text: str) -> str:
    if text == "0":
        return text
    return text[1:] if text[0] == "-" else f"-{text}"


def _parts(text: str) -> tuple[bool, str, int]:
    """What `_decompose` gives, of a canonical number other than zero."""
    negative = text[0] == "-"
    whole, _, fraction = text[negative:].partition(".")
    if fraction:
        return negative, (whole + fraction).lstrip("0"), -len(fraction)
    significant = whole.rstrip("0")
    return negative, significant, len(whole) - len(significant)


def stored_size(text: str) -> int:
    """Bytes that AWS counts for a canonical number: one, one per pair of digits around the point, one for a minus sign.

    Pairs are those of the base 100: 12 is one pair, 1.2 is two (01.20). Zeros at either end do not count.
    """
    if text == "0":
        return 1
    negative, digits, exponent = _parts(text)
    return 1 + (len(digits) + (exponent & 1) + 1) // 2 + negative


def sort_key(text: str) -> bytes:
    """Bytes that order as the numbers do.

    A sign byte (1 negative, 2 zero, 3 positive), the decimal magnitude offset to one byte, pairs of digits as 1 to 100. Of a
    negative number all that follows the sign is complemented, and ended by FF so that a longer one comes first.
    """
    if text == "0":
        return b"\2"
    negative, digits, exponent = _parts(text)
    magnitude = len(digits) + exponent - 1 - MIN_MAGNITUDE
    if len(digits) & 1:
        digits += "0"
    pairs = [int(digits[at : at + 2]) + 1 for at in range(0, len(digits), 2)]
    if not negative:
        return bytes((3, magnitude, *pairs))
    return bytes((1, 255 - magnitude, *[255 - pair for pair in pairs], 255))
