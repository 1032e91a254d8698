"""JSON with the place of every value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.identity.located_json import Lines, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def _nodes(node):
    yield node
    for inner in (*node.items, *(member.value for member in node.members), *(member.key for member in node.members)):
        yield from _nodes(inner)


@given(VALUES, st.sampled_from([None, 0, 2]))
def test_every_node_is_at_the_text_of_its_value(value, indent):
    text = json.dumps(value, indent=indent)
    root = parse(text)
    assert root.value == value
    for node in _nodes(root):
        assert json.loads(text[node.start : node.end]) == node.value


@given(st.text(alphabet='{}[],:"0a \\\n-e.', max_size=12))
def test_what_json_refuses_is_refused(text):
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            parse(text)
    else:
        assert parse(text).value == expected


def test_names_that_come_twice_are_both_there():
    root = parse('{"a": 1, "a": 2}')
    assert [member.value.value for member in root.members] == [1, 2]
    assert root.get("a").value == 2
    assert root.get("b") is None


def test_a_deep_document_is_refused():
    with pytest.raises(ValueError, match="deep"):
        parse("[" * 100_000)


def test_lines_are_counted_from_one_and_columns_from_zero():
    lines = Lines("ab\n\ncd")
    assert [lines.at(offset) for offset in (0, 2, 3, 4, 6)] == [(1, 0), (1, 2), (2, 0), (3, 0), (3, 2)]
