"""Requests that DynamoDB may be asked: keys, values, conditions, updates."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = ("a", "b", "c", "m", "l")

digits = st.integers(-(10**6), 10**6).map(str)
numbers = st.one_of(
    st.sampled_from(
        ["0", "-0", "1", "-1", "1.0", "1e2", "1E-3", "99999999999999999999999999999999999999", "-5.50", "007"]
    ),
    digits,
    st.builds(lambda whole, power: f"{whole}E{power}", st.integers(-999, 999), st.integers(-128, 124)),
)
texts = st.text("ab\u00e9\U0001f600 ", max_size=4)
binaries = st.binary(max_size=3)
scalars = st.one_of(
    numbers.map(lambda value: {"N": value}),
    texts.map(lambda value: {"S": value}),
    binaries.map(lambda value: {"B": value}),
    st.booleans().map(lambda value: {"BOOL": value}),
    st.just({"NULL": True}),
)
sets = st.one_of(
    st.lists(texts, max_size=3).map(lambda values: {"SS": values}),
    st.lists(numbers, max_size=3).map(lambda values: {"NS": values}),
    st.lists(binaries, max_size=3).map(lambda values: {"BS": values}),
)
values = st.recursive(
    st.one_of(scalars, sets),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda values: {"L": values}),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=3).map(lambda values: {"M": values}),
    ),
    max_leaves=5,
)
items = st.dictionaries(st.sampled_from(NAMES), values, max_size=4)

steps = st.one_of(st.sampled_from([f".{name}" for name in NAMES]), st.integers(0, 2).map(lambda place: f"[{place}]"))
paths = st.builds(lambda name, rest: name + "".join(rest), st.sampled_from(NAMES), st.lists(steps, max_size=2))
placeholders = st.sampled_from([":x", ":y", ":z"])
operands = st.one_of(paths, placeholders, paths.map(lambda path: f"size({path})"))
comparisons = st.builds(
    lambda one, sign, other: f"{one} {sign} {other}",
    operands,
    st.sampled_from(["=", "<>", "<", "<=", ">", ">="]),
    operands,
)
functions = st.one_of(
    paths.map(lambda path: f"attribute_exists({path})"),
    paths.map(lambda path: f"attribute_not_exists({path})"),
    st.builds(lambda path, of: f"attribute_type({path}, {of})", paths, placeholders),
    st.builds(lambda path, of: f"begins_with({path}, {of})", paths, operands),
    st.builds(lambda path, of: f"contains({path}, {of})", paths, operands),
    st.builds(lambda one, low, high: f"{one} BETWEEN {low} AND {high}", operands, operands, operands),
    st.builds(lambda one, of: f"{one} IN ({', '.join(of)})", operands, st.lists(operands, min_size=1, max_size=3)),
)
conditions = st.recursive(
    st.one_of(comparisons, functions),
    lambda inner: st.one_of(
        st.builds(lambda one, word, other: f"{one} {word} {other}", inner, st.sampled_from(["AND", "OR"]), inner),
        inner.map(lambda one: f"NOT {one}"),
        inner.map(lambda one: f"({one})"),
    ),
    max_leaves=3,
)

terms = st.one_of(
    paths,
    placeholders,
    st.builds(lambda path, of: f"if_not_exists({path}, {of})", paths, st.one_of(paths, placeholders)),
    st.builds(lambda one, other: f"list_append({one}, {other})", *[st.one_of(paths, placeholders)] * 2),
)
sums = st.one_of(
    terms, st.builds(lambda one, sign, other: f"{one} {sign} {other}", terms, st.sampled_from("+-"), terms)
)
clauses = st.one_of(
    st.lists(st.builds(lambda path, to: f"{path} = {to}", paths, sums), min_size=1, max_size=2).map(
        lambda all: f"SET {', '.join(all)}"
    ),
    st.lists(paths, min_size=1, max_size=2).map(lambda all: f"REMOVE {', '.join(all)}"),
    st.builds(lambda path, value: f"ADD {path} {value}", paths, placeholders),
    st.builds(lambda path, value: f"DELETE {path} {value}", paths, placeholders),
)
updates = st.lists(clauses, min_size=1, max_size=2, unique_by=lambda clause: clause.split()[0]).map(" ".join)


def used(expression, given):
    """The values of the placeholders that an expression has."""
    return {name: value for name, value in given.items() if name in expression}


given_values = st.fixed_dictionaries(
    {":x": values, ":y": scalars, ":z": st.one_of(numbers.map(lambda n: {"N": n}), sets)}
)
