"""What was in force, and when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.logs.rulings import Ruling, begun, current, ended


def test_what_says_the_same_changes_nothing():
    rulings = begun((), Ruling("a", 1))
    assert begun(rulings, Ruling("a", 5)) == rulings


def test_what_is_over_counts_for_its_time():
    rulings = ended(begun((), Ruling("a", 10)), 20)
    assert current(rulings) is None
    assert [moment for moment in range(5, 30, 5) if rulings[0].counts("/app", moment)] == [10, 15]


@given(st.lists(st.text("abc", min_size=1, max_size=2), min_size=1, max_size=80))
def test_no_moment_since_the_first_is_without_a_ruling(documents):
    rulings = ()
    for moment, document in enumerate(documents):
        rulings = begun(rulings, Ruling(document, moment))
    assert len(rulings) <= 32
    for moment in range(len(documents)):
        assert sum(ruling.counts("/app", moment) for ruling in rulings) == 1
    assert current(rulings).document == documents[-1]
