"""The order of encoded keys is the order of the tuples."""

from hypothesis import given
from hypothesis import strategies as st

from fogbank.kernel import keys

texts = st.text(max_size=6)
blobs = st.binary(max_size=6)
numbers = st.integers(-(2**61), 2**61)
triples = st.tuples(texts, numbers, blobs)


def as_compared(key):
    return (key[0].encode("utf-8", "surrogatepass"), key[1], key[2])


@given(triples, triples)
def test_bytes_compare_as_the_tuples_do(one, other):
    assert (keys.encode(one) < keys.encode(other)) == (as_compared(one) < as_compared(other))


@given(triples)
def test_decoding_gives_the_tuple_back(key):
    assert keys.decode(keys.encode(key), (str, int, bytes)) == key


@given(texts, texts)
def test_a_beginning_of_a_string_covers_exactly_the_strings_that_start_with_it(beginning, text):
    low = keys.prefix_of(beginning)
    encoded = keys.encode((text,))
    assert (low <= encoded < keys.after_prefix(low) if low else True) == text.startswith(beginning)


def test_a_longer_string_never_falls_under_a_shorter_ones_key():
    assert not keys.encode(("queue10",)).startswith(keys.encode(("queue1",)))


def test_a_string_is_never_taken_for_a_shorter_one_and_bytes_after_it():
    assert keys.encode(("a", b"\xff\xff")) != keys.encode(("a\0\xff",))
    assert keys.encode(("a", b"\xff")) < keys.encode(("a\0", b""))
