"""Statements of PartiQL at random."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.agreement import agree, at_random, unordered

_texts = st.sampled_from(["p", "q", "x"])
_numbers = st.sampled_from(["0", "1", "2", "-1.5", "1e3"])
_literals = st.one_of(
    _texts.map(lambda text: f"'{text}'"),
    _numbers,
    st.sampled_from(["true", "null", "[1, 'a']", "{'a': 1}", "<<1, 2>>", "<<'a'>>", "missing"]),
)
_parameters = st.one_of(_texts.map(lambda text: {"S": text}), _numbers.map(lambda number: {"N": number}))
_values = st.one_of(_literals, st.just("?"))
_paths = st.sampled_from(["a", "b", "c", '"a"', "m.x", "l[0]", "m.x.y", "pk", "sk"])
# which are no keys
_others = st.sampled_from(["a", "b", "c", '"a"', "m.x", "l[0]", "m.x.y"])
_terms = st.one_of(
    st.builds(
        lambda path, sign, value: f"{path} {sign} {value}",
        _paths,
        st.sampled_from(["=", "<", "<=", ">", ">=", "<>", "!="]),
        _values,
    ),
    st.builds(lambda path, low, high: f"{path} BETWEEN {low} AND {high}", _paths, _values, _values),
    st.builds(
        lambda path, values: f"{path} IN [{', '.join(values)}]", _paths, st.lists(_values, min_size=1, max_size=2)
    ),
    st.builds(
        lambda name, path, value: f"{name}({path}, {value})",
        st.sampled_from(["begins_with", "contains", "attribute_type"]),
        _paths,
        st.one_of(_values, st.sampled_from(["'S'", "'N'"])),
    ),
    st.builds(lambda path, what: f"{path} IS {what}", _paths, st.sampled_from(["MISSING", "NOT MISSING", "NULL"])),
    st.builds(lambda path, sign, number: f"size({path}) {sign} {number}", _paths, st.sampled_from("=<>"), _numbers),
)
_keyed = st.builds(
    lambda text, number: f"pk = '{text}' AND sk = {number}", st.sampled_from("pq"), st.sampled_from(["0", "1"])
)
_where = st.recursive(
    st.one_of(_terms, st.builds(lambda text: f"pk = '{text}'", st.sampled_from("pq")), _keyed),
    lambda inner: st.one_of(
        st.builds(lambda one, word, other: f"{one} {word} {other}", inner, st.sampled_from(["AND", "OR"]), inner),
        inner.map(lambda one: f"NOT {one}"),
        inner.map(lambda one: f"({one})"),
    ),
    max_leaves=3,
)
_selects = st.builds(
    lambda what, where, order: f"SELECT {what} FROM things{where}{order}",
    st.sampled_from(["*", "a, b", "pk, m.x", "l[0]", "COUNT(*)"]),
    st.one_of(st.just(""), _where.map(lambda where: f" WHERE {where}")),
    st.just(""),
)
_ordered = st.builds(
    lambda key, rest, order: f"SELECT * FROM things WHERE pk = '{key}'{rest} ORDER BY {order}",
    st.sampled_from("pq"),
    st.one_of(st.just(""), st.builds(lambda path, value: f" AND {path} = {value}", _others, _numbers)),
    st.sampled_from(["sk", "sk DESC"]),
)
_inserts = st.builds(
    lambda pk, sk, rest: f"INSERT INTO things VALUE {{'pk': {pk}, 'sk': {sk}{rest}}}",
    st.one_of(_texts.map(lambda text: f"'{text}'"), _values),
    st.one_of(_numbers, _values),
    st.one_of(st.just(""), st.builds(lambda name, value: f", '{name}': {value}", st.sampled_from("abml"), _values)),
)
_settings = st.one_of(
    st.builds(lambda path, value: f"SET {path} = {value}", _others, _values),
    st.builds(lambda path, sign, value: f"SET {path} = {path} {sign} {value}", _others, st.sampled_from("+-"), _values),
    st.builds(lambda path: f"REMOVE {path}", _others),
    st.builds(lambda path, value: f"SET {path} = list_append({path}, {value})", _others, _values),
    st.builds(
        lambda name, path, value: f"SET {path} = {name}({path}, {value})",
        st.sampled_from(["set_add", "set_delete"]),
        _others,
        _values,
    ),
)
_returning = st.sampled_from(
    ["", "", " RETURNING ALL OLD *", " RETURNING ALL NEW *", " RETURNING MODIFIED OLD *", " RETURNING MODIFIED NEW *"]
)
_updates = st.builds(
    lambda settings, where, returning: f"UPDATE things {' '.join(settings)} WHERE {where}{returning}",
    st.lists(_settings, min_size=1, max_size=2),
    st.one_of(_keyed, st.builds(lambda one, other: f"{one} AND {other}", _keyed, _terms), _where),
    _returning,
)
_deletes = st.builds(
    lambda where, returning: f"DELETE FROM things WHERE {where}{returning}",
    st.one_of(_keyed, st.builds(lambda one, other: f"{one} AND {other}", _keyed, _terms), _where),
    _returning,
)
_statements = st.one_of(_selects, _ordered, _inserts, _updates, _deletes)


@st.composite
def _with_parameters(draw, statements):
    """A statement with as many parameters as it has question marks: DynamoDB Local does not mind when there are more."""
    text = draw(statements)
    count = text.count("?")
    parameters = draw(st.lists(_parameters, min_size=count, max_size=count))
    return {"Statement": text, **({"Parameters": parameters} if parameters else {})}


@at_random
@given(
    inserts=st.lists(_with_parameters(_inserts), max_size=3), asked=st.lists(_with_parameters(_statements), max_size=5)
)
def test_statements_do_the_same(both, table, inserts, asked):
    table("S", "N")
    for statement in (*inserts, *asked):
        agree(both, "execute_statement", look=_settled, **statement)
    agree(both, "scan", look=unordered, TableName="things")


@at_random
@given(key=_keyed, what=st.sampled_from(["*", "a, b"]), kind=st.sampled_from(["SELECT", "DELETE"]))
def test_batches_of_statements_do_the_same(both, table, key, what, kind):
    """Without updates: DynamoDB Local makes items by those of a batch."""
    table("S", "N")
    statement = f"SELECT {what} FROM things WHERE {key}" if kind == "SELECT" else f"DELETE FROM things WHERE {key}"
    agree(both, "batch_execute_statement", Statements=[{"Statement": statement}])


def _settled(answer):
    """The code of a duplicate is DuplicateItemException on AWS; what a statement costs, DynamoDB Local does not always say."""
    if answer.get("refused") == "DuplicateItem":
        return {**answer, "refused": "DuplicateItemException"}
    return unordered({name: value for name, value in answer.items() if name != "ConsumedCapacity"})
