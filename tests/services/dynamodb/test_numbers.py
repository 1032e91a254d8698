"""Numbers against Python's Decimal."""

from __future__ import annotations

from decimal import Context, Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fogbank.kernel.errors import AWSError
from fogbank.services.dynamodb import numbers

_EXACT = Context(prec=400)


@st.composite
def texts(draw):
    """Spellings of numbers within DynamoDB's limits."""
    digits = draw(st.integers(0, 10**38 - 1))
    exponent = draw(st.integers(-130, 125))
    text = f"{draw(st.sampled_from(['', '-', '+']))}{digits}E{exponent - len(str(digits)) + 1}"
    value = abs(Decimal(text))
    assume(value == 0 or -130 <= value.normalize(_EXACT).adjusted() <= 125)
    return draw(st.sampled_from([text, format(Decimal(text), "f")]))


@given(texts())
def test_canonical_text_has_the_same_value_and_no_exponent(text):
    canonical = numbers.canonical(text)
    assert Decimal(canonical) == Decimal(text)
    assert not set(canonical) - set("-.0123456789")
    assert numbers.canonical(canonical) == canonical


@given(texts(), texts())
def test_equal_numbers_have_equal_texts(one, two):
    assert (Decimal(one) == Decimal(two)) == (numbers.canonical(one) == numbers.canonical(two))


@given(texts(), texts())
def test_sort_keys_order_as_the_numbers(one, two):
    one, two = numbers.canonical(one), numbers.canonical(two)
    assert (numbers.sort_key(one) < numbers.sort_key(two)) == (Decimal(one) < Decimal(two))


@given(st.lists(st.integers(-(10**9), 10**9).map(lambda value: str(value / 1000)), min_size=2))
def test_sorting_by_key_sorts_close_numbers(values):
    values = [numbers.canonical(value) for value in values]
    assert sorted(values, key=numbers.sort_key) == sorted(values, key=Decimal)


@given(texts(), texts())
def test_sums_are_exact_or_refused(one, two):
    exact = _EXACT.add(Decimal(one), Decimal(two))
    try:
        result = numbers.add(numbers.canonical(one), numbers.canonical(two))
    except AWSError:
        digits = exact.normalize(_EXACT)
        assert len(digits.as_tuple().digits) > 38 or not -130 <= digits.adjusted() <= 125
    else:
        assert Decimal(result) == exact


@given(texts())
def test_negating_twice_changes_nothing(text):
    canonical = numbers.canonical(text)
    assert numbers.negated(numbers.negated(canonical)) == canonical


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 1),
        ("1", 2),
        ("12", 2),
        ("123", 3),
        ("1000", 2),
        ("1001", 3),
        ("-1", 3),
        ("0.1", 2),
        ("1.2", 3),
        ("0.12", 2),
        ("0.012", 3),
        ("123.45", 4),
        ("100.5", 4),
        ("-100.5", 5),
        ("1e100", 2),
        ("1.2e101", 2),
        ("1e-100", 2),
        ("12345678901234567890123456789012345678", 20),
    ],
)
def test_a_number_takes_a_byte_for_two_digits_around_its_point(text, size):
    assert numbers.stored_size(numbers.canonical(text)) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The parameter cannot be converted to a numeric value"),
        ("abc", "The parameter cannot be converted to a numeric value: abc"),
        (" 1", "The parameter cannot be converted to a numeric value:  1"),
        ("1\n", "The parameter cannot be converted to a numeric value: 1\n"),
        ("NaN", "The parameter cannot be converted to a numeric value: NaN"),
        ("Infinity", "The parameter cannot be converted to a numeric value: Infinity"),
        ("1_000", "The parameter cannot be converted to a numeric value: 1_000"),
        ("٣", "The parameter cannot be converted to a numeric value: ٣"),
        (".", "The parameter cannot be converted to a numeric value: ."),
        ("1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        (
            "-1e99999999999999999999",
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
        ),
        ("1e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
        (
            "1e-99999999999999999999",
            "Number underflow. Attempting to store a number with magnitude smaller than supported range",
        ),
        ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
    ],
)
def test_what_is_no_number_is_refused(text, message):
    with pytest.raises(AWSError) as caught:
        numbers.canonical(text)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1.50", "1.5"),
        ("-0", "0"),
        ("0e999999999999", "0"),
        ("+.5e1", "5"),
        ("5.", "5"),
        ("00012", "12"),
        ("-00.10", "-0.1"),
        ("1E+2", "100"),
        ("1e-3", "0.001"),
        ("123.456e3", "123456"),
        ("1" * 38 + "0", "1" * 38 + "0"),
    ],
)
def test_spellings_become_one(text, canonical):
    assert numbers.canonical(text) == canonical
