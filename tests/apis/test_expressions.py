"""Regular expressions of users: what fits, as Java has it, and that none takes for ever."""

import pytest

from fogbank.apis import expressions


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("4\\d{2}", "404", True),
        (".*Bad.*", "a Bad b", True),
        (".*Bad.*", "a\nBad b", False),
        ("(\\n|.)*Bad(\\n|.)*", "a\nBad b", True),
        ("(?s).*Bad.*", "a\nBad b", True),
        ("(?!4)\\d+", "500", True),
        ("(a+)+b", "a" * 60, False),
        ("(x+x+)+y", "x" * 60, False),
    ],
)
def test_a_whole_text_fits(pattern, text, fits):
    assert bool(expressions.whole(pattern)(text)) is fits


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [("^[a-z]+$", "abc", True), ("^[a-z]+$", "abC", False), ("b", "abc", True), ("(a+)+$", "a" * 5000 + "b", False)],
)
def test_a_part_of_a_text_fits(pattern, text, fits):
    assert bool(expressions.anywhere(pattern)(text)) is fits


@pytest.mark.parametrize("pattern", ["(", "(?!a)(x+x+)+y"])
def test_what_is_none_or_may_take_for_ever_is_refused(pattern):
    with pytest.raises(ValueError, match="expression"):
        expressions.whole(pattern)
