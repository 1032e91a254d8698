"""What templates say, as a model has it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank import protocols
from fogbank.kernel import AWSError
from fogbank.kernel.fitting import fitted

SHAPE = protocols.load("lambda").operations["CreateFunction"].input_shape


def fit(**value):
    return fitted(SHAPE, value)


@given(st.integers(-(10**12), 10**12))
def test_whole_numbers_may_be_texts(number):
    assert fit(Timeout=str(number)) == fit(Timeout=number) == fit(Timeout=float(number)) == {"Timeout": number}


@given(st.booleans())
def test_truth_values_may_be_texts(value):
    assert fit(Publish=str(value)) == fit(Publish=str(value).lower()) == fit(Publish=value) == {"Publish": value}


def test_texts_may_be_numbers_truth_values_and_documents():
    variables = {"WHOLE": 5, "PART": 1.5, "TRUTH": True, "DOCUMENT": {"a": [1]}, "TEXT": "x"}
    found = fit(Environment={"Variables": variables})["Environment"]["Variables"]
    assert json.loads(found.pop("DOCUMENT")) == {"a": [1]}
    assert found == {"WHOLE": "5", "PART": "1.5", "TRUTH": "true", "TEXT": "x"}


def test_lists_are_fitted_one_by_one():
    assert fit(VpcConfig={"SubnetIds": ["a", 7]}) == {"VpcConfig": {"SubnetIds": ["a", "7"]}}


def test_what_the_model_does_not_know_stays():
    thing = object()
    assert fit(Unknown=thing, Timeout=None) == {"Unknown": thing, "Timeout": None}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"Timeout": "soon"}, "#/Timeout: expected type: Integer"),
        ({"Timeout": True}, "#/Timeout"),
        ({"Timeout": 1.5}, "#/Timeout"),
        ({"Publish": "perhaps"}, "#/Publish: expected type: Boolean"),
        ({"EphemeralStorage": {"Size": []}}, "#/EphemeralStorage/Size"),
    ],
)
def test_what_cannot_be_fitted_is_refused_by_its_path(value, path):
    with pytest.raises(AWSError, match=path):
        fit(**value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_fitting_twice_changes_nothing(value):
    once = fitted(SHAPE, {"Description": value, "Tags": value, "Layers": value})
    assert fitted(SHAPE, once) == once
