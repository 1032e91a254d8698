"""Random passwords."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.secretsmanager.passwords import generate

TYPES = [string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation]


@pytest.fixture
def password(aws):
    sm = aws("secretsmanager", parameter_validation=False)
    return lambda **params: sm.get_random_password(**params)["RandomPassword"]


def test_a_password_has_32_characters_and_one_of_each_type(password):
    found = password()
    assert len(found) == 32
    assert all(set(found) & set(alphabet) for alphabet in TYPES)


def test_no_two_passwords_are_alike(password):
    assert password() != password()


@pytest.mark.parametrize("length", [1, 4096])
def test_a_password_is_as_long_as_asked_for(password, length):
    assert len(password(PasswordLength=length, RequireEachIncludedType=False)) == length


@pytest.mark.parametrize("length", [0, 4097])
def test_a_password_of_any_other_length_is_refused(password, refused, length):
    with refused("ValidationException"):
        password(PasswordLength=length)


@pytest.mark.parametrize(
    ("flag", "alphabet"),
    [
        ("ExcludeLowercase", string.ascii_lowercase),
        ("ExcludeUppercase", string.ascii_uppercase),
        ("ExcludeNumbers", string.digits),
        ("ExcludePunctuation", string.punctuation),
    ],
)
def test_a_type_that_is_excluded_does_not_occur(password, flag, alphabet):
    assert not set(password(PasswordLength=500, **{flag: True})) & set(alphabet)


def test_characters_that_are_excluded_do_not_occur(password):
    assert not set(password(PasswordLength=1000, ExcludeCharacters="/@\"'\\abc")) & set("/@\"'\\abc")


def test_a_space_occurs_when_included(password):
    assert " " in password(IncludeSpace=True)
    assert " " not in password(PasswordLength=1000)


def test_a_password_too_short_for_all_types_is_refused(password, refused):
    with refused("InvalidParameterException"):
        password(PasswordLength=3)


def test_a_password_of_nothing_is_refused(password, refused):
    with refused("InvalidParameterException"):
        password(ExcludeLowercase=True, ExcludeUppercase=True, ExcludePunctuation=True, ExcludeCharacters=string.digits)


@given(st.sets(st.sampled_from(TYPES), min_size=1), st.integers(min_value=4, max_value=40))
def test_every_required_type_occurs_and_nothing_else(types, length):
    found = generate(sorted(types), sorted(types), length)
    assert len(found) == length
    assert all(set(found) & set(alphabet) for alphabet in types)
    assert set(found) <= set("".join(types))
