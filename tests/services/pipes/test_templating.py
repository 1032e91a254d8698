"""Input templates. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html"""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.pipes.templating import filled, resolved

EVENT = {"messageId": "m-1", "body": '{"key": "k", "Records": [{"n": 1}, {"n": 2}]}', "attributes": {"SenderId": "s"}}
VARIABLES = {"aws.pipes.pipe-name": "p"}

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "template, expected",
    [
        ("Hello, sender", "Hello, sender"),
        ("<$.attributes.SenderId>", "s"),
        ("Hello, <$.attributes.SenderId>", "Hello, s"),
        ("<$.body.Records>", '[{"n":1},{"n":2}]'),
        ('{"key2": <$.body.key>, "d": "<aws.pipes.pipe-name>"}', '{"key2": "k", "d": "p"}'),
        ('{"key2": <$.body.Records[1]>}', '{"key2": {"n":2}}'),
        ('{"all": <$.body.Records[*].n>}', '{"all": [1,2]}'),
        ('{"none": <$.nothing.at.all>}', '{"none": ""}'),
        ('"<$.body.Records[0]>"', '"{\\"n\\":1}"'),
        ("<$.body.Records[0].n> of <$.messageId>", "1 of m-1"),
        ('{"html": "<b>"}', '{"html": "<b>"}'),
    ],
)
def test_placeholders_are_filled_in(template, expected):
    assert filled(template, EVENT, VARIABLES) == expected


def test_data_in_base64_is_looked_into():
    data = base64.b64encode(b'{"n": 1}').decode()
    assert filled('{"n": <$.data.n>}', {"data": data}, {}) == '{"n": 1}'
    assert filled("<$.data>", {"data": base64.b64encode(b"text").decode()}, {}) == base64.b64encode(b"text").decode()


def test_parameters_are_paths_or_constants():
    assert resolved("$.body.key", EVENT) == "k"
    assert resolved("key", EVENT) == "key"
    assert resolved("$.body.Records[0]", EVENT) == '{"n":1}'


@given(values)
def test_a_template_of_json_makes_json_of_any_event(value):
    event = {"body": json.dumps({"x": value})}
    made = json.loads(filled('{"a": <$.body.x>, "b": "-<$.body.x>-", "c": [<aws.pipes.event.json>]}', event, {}))
    assert made["a"] == value
    assert made["b"] == f"-{value}-" if isinstance(value, str) else json.loads(made["b"][1:-1]) == value
    assert made["c"] == [{"body": {"x": value}}]
