"""Attribute values: what is taken in, in which form, of which size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.kernel.errors import AWSError
from fogbank.services.dynamodb import values

_scalars = st.one_of(
    st.builds(lambda text: {"S": text}, st.text(max_size=8)),
    st.builds(lambda number: {"N": str(number)}, st.integers(-(10**20), 10**20)),
    st.builds(lambda flag: {"BOOL": flag}, st.booleans()),
    st.just({"NULL": True}),
    st.builds(lambda members: {"SS": members}, st.lists(st.text(max_size=4), min_size=1, max_size=4, unique=True)),
    st.builds(
        lambda members: {"NS": [str(member) for member in members]},
        st.lists(st.integers(-99, 99), min_size=1, max_size=4, unique=True),
    ),
)
documents = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.builds(lambda elements: {"L": elements}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"M": members}, st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3)),
    ),
    max_leaves=8,
)


def refused(value):
    with pytest.raises(AWSError) as caught:
        values.take_in(value)
    return caught.value.code, caught.value.message


def nested(levels, inner):
    for _ in range(levels):
        inner = {"L": [inner]}
    return inner


@given(documents)
def test_size_on_the_way_in_is_the_size_of_the_canonical_value(value):
    assert values.take_in(value) == values.size_of(value)


@given(documents)
def test_a_canonical_value_stays_as_it_is(value):
    values.take_in(value)
    before = repr(value)
    values.take_in(value)
    assert repr(value) == before


@given(st.lists(st.text(max_size=3), min_size=1, unique=True), st.randoms())
def test_sets_are_equal_in_any_order(members, random):
    shuffled = list(members)
    random.shuffle(shuffled)
    one, two = {"SS": members}, {"SS": shuffled}
    values.take_in(one)
    values.take_in(two)
    assert one == two


@given(st.text(), st.text())
def test_strings_order_as_their_utf8_bytes(one, two):
    assert (values.comparable({"S": one}) < values.comparable({"S": two})) == (one.encode() < two.encode())


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "é"}, 2),
        ({"S": ""}, 0),
        ({"B": "YWJj"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "a"}, {"S": "b"}]}, 7),
        ({"M": {"k": {"S": "a"}}}, 6),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"BS": ["YQ=="]}, 1),
        ({"L": [{"L": []}]}, 7),
    ],
)
def test_size_is_what_aws_counts(value, size):
    assert values.take_in(value) == size


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (None, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        ({"S": None}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        ({"X": "y"}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            {"S": "x", "N": "1"},
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        ),
        (
            {"NULL": False},
            "One or more parameter values were invalid: Null attribute value types must have the value of true",
        ),
        ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
        ({"NS": []}, "One or more parameter values were invalid: An number set  may not be empty"),
        ({"BS": []}, "One or more parameter values were invalid: Binary sets should not be empty"),
        ({"SS": ["a", "a"]}, "One or more parameter values were invalid: Input collection [a, a] contains duplicates."),
        ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
        (
            {"BS": ["YQ==", "YQ=="]},
            "One or more parameter values were invalid: Input collection of type BS contains duplicates.",
        ),
        ({"L": [{}]}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        ({"M": {"": {"S": "x"}}}, "One or more parameter values were invalid: Empty attribute name"),
        (
            nested(32, {"S": "x"}),
            "Nesting Levels have exceeded supported limits: "
            "Attributes in the item have nested levels beyond supported limit",
        ),
    ],
)
def test_values_that_break_the_rules_are_refused(value, message):
    assert refused(value) == ("ValidationException", message)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"S": 5}, "NUMBER_VALUE cannot be converted to String"),
        ({"N": 5}, "NUMBER_VALUE cannot be converted to String"),
        ({"S": True}, "TRUE_VALUE cannot be converted to String"),
        ({"BOOL": "true"}, "STRING_VALUE cannot be converted to Boolean"),
        ({"S": ["a"]}, "Start of list found where not expected"),
        ({"L": {}}, "Start of structure or map found where not expected."),
        ({"SS": "x"}, "Unexpected value type in payload"),
        ({"SS": [1]}, "NUMBER_VALUE cannot be converted to String"),
        ("x", "Unexpected value type in payload"),
        ({"B": "YQ"}, "Base64 encoded length is expected a multiple of 4 bytes but found: 2"),
        ({"B": "!!!!"}, "Invalid Base64 character"),
    ],
)
def test_json_of_another_type_is_refused(value, message):
    assert refused(value) == ("SerializationException", message)


def test_31_levels_are_not_too_deep():
    values.take_in(nested(31, {"S": "x"}))


def test_unknown_members_beside_a_known_one_are_dropped():
    value = {"X": 1, "S": "x", "N": None}
    values.take_in(value)
    assert value == {"S": "x"}


def test_base64_is_written_as_everyone_writes_it():
    value = {"B": "YR=="}
    values.take_in(value)
    assert value == {"B": "YQ=="}
