"""Patterns with wildcards as sets of strings."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.accessanalyzer.globs import common, within

PATTERNS = st.text(alphabet="ab*?", max_size=3)
# over an alphabet with a letter that no pattern has, so that no wildcard is all letters by chance
STRINGS = ["".join(letters) for length in range(7) for letters in itertools.product("abz", repeat=length)]


def matching(pattern):
    regex = re.compile("".join({"*": ".*", "?": "."}.get(char, char) for char in pattern))
    return {text for text in STRINGS if regex.fullmatch(text)}


@given(PATTERNS, PATTERNS)
def test_all_strings_of_what_is_within_another_are_the_others(inner, outer):
    if within(inner, outer):
        assert matching(inner) <= matching(outer)
    elif "?" not in outer:
        assert not matching(inner) <= matching(outer)


@given(PATTERNS, PATTERNS)
def test_two_have_something_in_common_when_a_string_is_in_both(one, other):
    assert common(one, other) == common(other, one) == bool(matching(one) & matching(other))


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ("home/${aws:username}", "home/*", True),
        ("home/${aws:username}", "home/${aws:username}", True),
        ("home/${aws:username}", "home/${aws:userid}", False),
        ("home/${aws:username}", "home/?", False),
        ("home/x", "home/${aws:username}", False),
        ("home/*", "home/${aws:username}", False),
    ],
)
def test_a_variable_is_within_itself_and_within_everything(inner, outer, expected):
    assert within(inner, outer) is expected


def test_a_variable_may_have_anything_in_common():
    assert common("home/${aws:username}", "home/x")
    assert not common("home/${aws:username}", "away/x")
