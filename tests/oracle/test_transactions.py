"""Transactions and batches at random: what takes effect, why what does not, what it costs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import strategies
from tests.oracle.agreement import agree, at_random, unordered

KEYS = [{"pk": {"S": name}} for name in "pqr"]
_keys = st.sampled_from(KEYS)
# now and then none that the table could have
_odd_keys = st.one_of(
    _keys,
    _keys,
    _keys,
    st.sampled_from(
        [{}, {"pk": {"N": "1"}}, {"pk": {"S": ""}}, {"qk": {"S": "p"}}, {"pk": {"S": "p"}, "a": {"S": "a"}}]
    ),
)
_tables = st.sampled_from(["things", "things", "things", "things", "things", "things", "nowhere"])
_small = st.one_of(
    st.integers(-3, 3).map(lambda value: {"N": str(value)}), st.sampled_from("abc").map(lambda value: {"S": value})
)
_items = st.dictionaries(st.sampled_from(strategies.NAMES), st.one_of(_small, _small, strategies.values), max_size=3)
_returned = st.fixed_dictionaries(
    {}, optional={"ReturnValuesOnConditionCheckFailure": st.sampled_from(["ALL_OLD", "NONE"])}
)


def _expression(kind, texts):
    """A part of a request with an expression, and the values that it has."""

    def made(text, values):
        used = strategies.used(text, values)
        return {kind: text, **({"ExpressionAttributeValues": used} if used else {})}

    return st.builds(made, texts, strategies.given_values)


_conditions = st.one_of(
    st.just({}),
    _expression("ConditionExpression", st.sampled_from(["attribute_exists(pk)", "attribute_not_exists(pk)", "a = :x"])),
    _expression("ConditionExpression", strategies.conditions),
)


def _merged(*parts):
    merged = {}
    for part in parts:
        for name, value in part.items():
            merged[name] = (
                {**merged[name], **value} if name == "ExpressionAttributeValues" and name in merged else value
            )
    return merged


_puts = st.builds(
    lambda table, key, item, condition, returned: {
        "Put": {"TableName": table, "Item": {**item, **key}, **condition, **returned}
    },
    _tables,
    _odd_keys,
    _items,
    _conditions,
    _returned,
)
_deletes = st.builds(
    lambda table, key, condition, returned: {"Delete": {"TableName": table, "Key": key, **condition, **returned}},
    _tables,
    _odd_keys,
    _conditions,
    _returned,
)
_updates = st.builds(
    lambda table, key, update, condition, returned: {
        "Update": {"TableName": table, "Key": key, **_merged(update, condition), **returned}
    },
    _tables,
    _odd_keys,
    _expression("UpdateExpression", strategies.updates),
    st.sampled_from([{}, {"ConditionExpression": "attribute_exists(pk)"}]),
    _returned,
)
_checks = st.builds(
    lambda table, key, condition, returned: {
        "ConditionCheck": {"TableName": table, "Key": key, **condition, **returned}
    },
    _tables,
    _odd_keys,
    _conditions,
    _returned,
)


def _key_of(member):
    """The key of a member, if its table could have it."""
    ((_, given),) = member.items()
    return given.get("Key", given.get("Item")).get("pk")


_members = st.one_of(_puts, _deletes, _updates, _checks)


def _refusal(answer):
    """DynamoDB Local refuses at once what cannot be worked out, where AWS cancels the transaction."""
    if answer.get("refused") in ("ValidationException", "ResourceNotFoundException"):
        return {"refused": "invalid", "why": []}
    if "ValidationError" in answer.get("why", ()) or (answer.get("refused") and not answer["why"]):
        return {"refused": "invalid", "why": []}
    return answer


def _clear(both):
    for key in KEYS:
        both("delete_item", TableName="things", Key=key)


def _state(both):
    agree(both, "scan", look=unordered, TableName="things")


@at_random
@given(
    before=st.lists(st.tuples(_keys, _items), max_size=3),
    # DynamoDB Local may find out late that two of them are about one item
    members=st.lists(_members, min_size=1, max_size=4, unique_by=lambda member: repr(_key_of(member))),
    token=st.sampled_from([None, None, "token-1", "token-2"]),
)
def test_transactions_take_the_same_effect(both, table, before, members, token):
    table("S")
    _clear(both)
    for key, item in before:
        agree(both, "put_item", TableName="things", Item={**item, **key})
    more = {} if token is None else {"ClientRequestToken": token}
    agree(both, "transact_write_items", look=_refusal, TransactItems=members, **more)
    _state(both)
    if token is not None:
        agree(
            both,
            "transact_write_items",
            look=_refusal,
            TransactItems=members[:1],
            **more,
        )


@at_random
@given(
    before=st.lists(st.tuples(_keys, _items), max_size=3),
    wanted=st.lists(
        st.tuples(_tables, _odd_keys, st.one_of(st.none(), st.lists(strategies.paths, min_size=1, max_size=2))),
        min_size=1,
        max_size=4,
    ),
)
def test_transactions_read_the_same(both, table, before, wanted):
    table("S")
    for key, item in before:
        agree(both, "put_item", TableName="things", Item={**item, **key})
    gets = [
        {"Get": {"TableName": name, "Key": key, **({"ProjectionExpression": ", ".join(paths)} if paths else {})}}
        for name, key, paths in wanted
    ]
    agree(both, "transact_get_items", look=_reading, TransactItems=gets)


_requests = st.one_of(
    st.builds(lambda key, item: {"PutRequest": {"Item": {**item, **key}}}, _odd_keys, _items),
    st.builds(lambda key: {"DeleteRequest": {"Key": key}}, _odd_keys),
)


@at_random
@given(
    writes=st.dictionaries(_tables, st.lists(_requests, min_size=1, max_size=4), min_size=1, max_size=2),
    keys=st.lists(_odd_keys, min_size=1, max_size=3),
    paths=st.one_of(st.none(), st.lists(strategies.paths, min_size=1, max_size=2)),
)
def test_batches_do_the_same(both, table, writes, keys, paths):
    table("S")
    agree(both, "batch_write_item", look=_refusal, RequestItems=writes)
    _state(both)
    projection = {"ProjectionExpression": ", ".join(paths)} if paths else {}
    wanted = {"things": {"Keys": keys, **projection}}
    agree(both, "batch_get_item", look=_responses, RequestItems=wanted)


def _reading(answer):
    """DynamoDB Local gives an empty item where AWS gives none: nothing of it was wanted."""
    answer = _refusal(answer)
    if "Responses" not in answer:
        return answer
    return {**answer, "Responses": [each if each.get("Item") else {} for each in answer["Responses"]]}


def _responses(answer):
    """The items of a batch come in no order."""
    answer = _refusal(answer)
    if "Responses" not in answer:
        return answer
    found = {name: unordered({"Items": items}) for name, items in answer["Responses"].items()}
    return {**answer, "Responses": found}
