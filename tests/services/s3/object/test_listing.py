"""Folding an ordered scan into a page: what it shows, and what it costs."""

import asyncio
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.s3.object import listing


class Keys:
    """A source over a sorted list of keys that counts what it was made to read."""

    def __init__(self, keys, prefix, start):
        self.keys = [key for key in sorted(keys) if key.startswith(prefix)]
        self.read = 0
        self.seek(start)

    async def rows(self, limit):
        found = [(key, None) for key in self.keys[self.at : self.at + limit]]
        self.at += len(found)
        self.read += len(found)
        return found

    def seek(self, key):
        self.at = len(self.keys) if key is None else bisect_left(self.keys, key)


def page_of(keys, prefix="", delimiter="", marker="", limit=1000):
    source = Keys(keys, prefix, listing.start_of(prefix, delimiter, marker))
    return asyncio.run(listing.fold(source, prefix, delimiter, limit)), source


def shown(page):
    return [key for key, _ in page.entries], page.prefixes


def plainly(keys, prefix, delimiter):
    """What a listing has to show, told in the plainest way."""
    contents, prefixes = [], []
    for key in sorted(keys):
        if not key.startswith(prefix):
            continue
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            contents.append(key)
        elif key[: cut + len(delimiter)] not in prefixes:
            prefixes.append(key[: cut + len(delimiter)])
    return contents, prefixes


KEYS = st.sets(st.text(alphabet="ab/\0é\U0010ffff", min_size=1, max_size=6), max_size=60)
DELIMITERS = st.sampled_from(["", "/", "ab", "é", "\U0010ffff"])


@given(KEYS, st.text(alphabet="ab/", max_size=2), DELIMITERS)
def test_a_whole_listing_shows_every_key_or_its_common_prefix(keys, prefix, delimiter):
    page, _ = page_of(keys, prefix, delimiter)
    assert shown(page) == plainly(keys, prefix, delimiter)
    assert not page.truncated


@given(KEYS, st.text(alphabet="ab/", max_size=2), DELIMITERS, st.integers(1, 5))
def test_pages_put_together_are_the_whole_listing(keys, prefix, delimiter, limit):
    contents, prefixes, marker = [], [], ""
    while True:
        page, _ = page_of(keys, prefix, delimiter, marker, limit)
        contents += shown(page)[0]
        prefixes += page.prefixes
        assert len(page.entries) + len(page.prefixes) <= limit
        if not page.truncated:
            break
        assert len(page.entries) + len(page.prefixes) == limit
        marker = page.last
    assert (contents, prefixes) == plainly(keys, prefix, delimiter)


def test_keys_are_in_the_order_of_their_utf8_bytes():
    keys = ["a", "B", "é", "𝄞", "\ue000", "z"]
    assert shown(page_of(keys)[0])[0] == sorted(keys, key=str.encode)


def test_keys_below_a_common_prefix_are_not_read():
    keys = [f"logs/{n:06}" for n in range(50_000)] + ["readme"]
    page, source = page_of(keys, delimiter="/")
    assert shown(page) == (["readme"], ["logs/"])
    assert source.read < 200


def test_a_full_page_stops_reading():
    page, source = page_of([f"k{n:06}" for n in range(50_000)], limit=10)
    assert page.truncated
    assert source.read == 11


def test_marker_inside_a_common_prefix_continues_behind_it():
    page, _ = page_of(["a/1", "a/2", "b"], delimiter="/", marker="a/1")
    assert shown(page) == (["b"], [])


def test_marker_before_the_prefix_is_the_beginning():
    assert shown(page_of(["a", "b/1", "b/2"], prefix="b/", marker="a")[0])[0] == ["b/1", "b/2"]


@pytest.mark.parametrize(("prefix", "expected"), [("a", "b"), ("a\U0010ffff", "b"), ("\U0010ffff", None), ("", None)])
def test_past_is_the_least_string_behind_a_prefix(prefix, expected):
    assert listing.past(prefix) == expected
