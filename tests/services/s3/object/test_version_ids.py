"""Ids of versions and uploads: their order is the order in time."""

from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.s3.object import versions

TAIL = bytes(versions.RANDOM_BYTES)
MOMENTS = st.floats(0, 4e9, allow_nan=False)


@given(MOMENTS, MOMENTS)
def test_a_later_version_sorts_first(one, other):
    if int(one * 1e6) != int(other * 1e6):
        ids = {moment: versions.version_id(moment, TAIL) for moment in (one, other)}
        assert (ids[one] < ids[other]) == (one > other)


@given(MOMENTS, MOMENTS, st.binary(min_size=16, max_size=16))
def test_a_new_version_sorts_before_the_newest_whatever_the_clock_says(now, before, tail):
    newest = versions.version_id(before, tail)
    assert versions.version_id(now, TAIL, newest) < newest


@given(MOMENTS, MOMENTS)
def test_a_later_upload_sorts_last(one, other):
    if int(one * 1e6) < int(other * 1e6):
        assert versions.upload_id(one, TAIL) < versions.upload_id(other, TAIL)


@given(MOMENTS, st.binary(min_size=16, max_size=16))
def test_an_id_is_known_as_one(now, tail):
    assert versions.is_id(versions.version_id(now, tail))


def test_other_texts_are_no_ids():
    for text in ("", "null", "x" * 31, "x" * 33, "!" * 32, "é" * 32):
        assert not versions.is_id(text)
