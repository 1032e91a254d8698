"""The forms of the protocol, against those that AWS's client makes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.dax.wire import cbor, lexical

amazondax = pytest.importorskip("amazondax")

numbers = st.builds(
    lambda sign, digits, exponent: Decimal(f"{sign}{digits}E{exponent}"),
    st.sampled_from(["", "-"]),
    st.integers(1, 10**38 - 1),
    st.integers(-120, 80),
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.text() | st.binary() | numbers,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_values_come_back(value):
    assert cbor.loads(cbor.dumps(value)) == value


@given(st.binary(max_size=40))
def test_any_bytes_are_a_value_or_malformed(data):
    try:
        cbor.loads(data)
    except cbor.Malformed:
        return


@given(numbers)
def test_numbers_are_what_the_client_takes_them_for(number):
    from amazondax import LexDecimal

    assert LexDecimal.decode_all(lexical.encode(number)) == number
    assert lexical.decode(LexDecimal.encode(LexDecimal.create_decimal(number))) == number


@given(numbers, numbers)
def test_bytes_order_as_numbers_do(one, other):
    assert (lexical.encode(one) < lexical.encode(other)) == (one < other)


@given(st.binary(max_size=12))
def test_any_bytes_are_a_number_or_none(data):
    try:
        lexical.decode(data)
    except (ValueError, ArithmeticError):
        return
