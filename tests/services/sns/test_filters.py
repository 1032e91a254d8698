"""Filter policies: which messages get through, and which policies are refused."""

import json

import pytest

from fogbank.services.sns import filters


def lets(policy, attributes, scope=filters.ATTRIBUTES, body=""):
    return filters.lets_through(json.dumps(policy), scope, body, attributes)


S = lambda value: ("String", value)  # noqa: E731
N = lambda value: ("Number", value)  # noqa: E731
A = lambda *values: ("String.Array", json.dumps(values))  # noqa: E731


@pytest.mark.parametrize(
    ("policy", "through", "not_through"),
    [
        ({"a": ["x", "y"]}, {"a": S("y")}, {"a": S("z")}),
        ({"a": ["x"]}, {"a": S("x"), "b": S("z")}, {"b": S("x")}),
        ({"a": ["x"], "b": ["y"]}, {"a": S("x"), "b": S("y")}, {"a": S("x")}),
        ({"a": [1]}, {"a": N("1.0")}, {"a": S("1")}),
        ({"a": [{"numeric": [">", 1, "<=", 5]}]}, {"a": N("5")}, {"a": N("1")}),
        ({"a": [{"numeric": ["=", 301.5]}]}, {"a": N("3.015e2")}, {"a": N("301")}),
        ({"a": [{"prefix": "ab"}]}, {"a": S("abc")}, {"a": S("bab")}),
        ({"a": [{"suffix": "ab"}]}, {"a": S("cab")}, {"a": S("abc")}),
        ({"a": [{"equals-ignore-case": "AbC"}]}, {"a": S("aBc")}, {"a": S("ab")}),
        ({"a": [{"anything-but": ["x", "y"]}]}, {"a": S("z")}, {"a": S("x")}),
        ({"a": [{"anything-but": [1, 2]}]}, {"a": N("3")}, {"a": N("2")}),
        ({"a": [{"anything-but": {"prefix": "x-"}}]}, {"a": S("y-1")}, {"a": S("x-1")}),
        ({"a": [{"anything-but": {"suffix": ".tmp"}}]}, {"a": S("a.txt")}, {"a": S("a.tmp")}),
        ({"a": [{"anything-but": {"equals-ignore-case": "X"}}]}, {"a": S("y")}, {"a": S("x")}),
        ({"a": [{"exists": True}]}, {"a": S("")}, {"b": S("x")}),
        ({"a": [{"exists": False}]}, {"b": S("x")}, {"a": S("x")}),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": S("10.0.0.255")}, {"a": S("10.0.1.1")}),
        ({"a": ["x"]}, {"a": A("w", "x")}, {"a": A("w")}),
        ({"a": [5]}, {"a": A(5, "x")}, {"a": A("5")}),
        ({"a": [{"anything-but": ["x"]}]}, {"a": A("x", "y")}, {"a": A("x")}),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": S("y")}, {"a": S("y"), "b": S("x")}),
        ({}, {}, None),
    ],
)
def test_a_filter_of_attributes(policy, through, not_through):
    filters.check(json.dumps(policy), filters.ATTRIBUTES)
    assert lets(policy, through)
    assert not_through is None or not lets(policy, not_through)


def test_binary_attributes_are_not_looked_at():
    assert not lets({"a": [{"exists": True}]}, {"a": ("Binary", "eA==")})


@pytest.mark.parametrize(
    ("policy", "through", "not_through"),
    [
        ({"a": ["x"]}, {"a": "x"}, {"a": "y"}),
        ({"a": {"b": [{"numeric": [">", 100]}]}}, {"a": {"b": 150}}, {"a": {"b": 50}}),
        ({"a": {"b": ["x"]}}, {"a": [{"b": "w"}, {"b": "x"}]}, {"a": [{"b": "w"}]}),
        ({"a": [None]}, {"a": None}, {"a": "null"}),
        ({"a": [True]}, {"a": True}, {"a": 1}),
        ({"a": {"b": [{"exists": False}]}}, {"a": {}}, {"a": {"b": 1}}),
        ({"a": ["x"], "$or": [{"b": {"c": [1]}}, {"d": [2]}]}, {"a": "x", "d": 2}, {"a": "x", "d": 3}),
    ],
)
def test_a_filter_of_bodies(policy, through, not_through):
    filters.check(json.dumps(policy), filters.BODY)
    assert lets(policy, {}, filters.BODY, json.dumps(through))
    assert not lets(policy, {}, filters.BODY, json.dumps(not_through))


@pytest.mark.parametrize("body", ["text", "[1]", "5", "{", "null"])
def test_a_body_that_is_no_object_gets_through_no_filter(body):
    assert not lets({"a": [{"exists": False}]}, {}, filters.BODY, body)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "failed to parse JSON."),
        ('{"a":[]}', "Empty arrays are not allowed"),
        ('{"a":"x"}', '"a" must be an object or an array'),
        ('{"a":[["x"]]}', "Match value must be String, number, true, false, or null"),
        ('{"a":[{"sounds-like":"x"}]}', "Unrecognized match type sounds-like"),
        ('{"a":[{"prefix":5}]}', "prefix match pattern must be a string"),
        ('{"a":[{"exists":"yes"}]}', "exists match pattern must be either true or false."),
        ('{"a":[{"numeric":["<","x"]}]}', "Value of < must be numeric"),
        ('{"a":[{"numeric":["<>",5]}]}', "Unrecognized numeric range operator: <>"),
        ('{"a":[{"numeric":[">",5,"<",4]}]}', "Bottom must be less than top"),
        ('{"a":[{"cidr":"10.0.0.0"}]}', "Malformed CIDR"),
        ('{"a":{"b":["c"]}}', "Filter policy scope MessageAttributes does not support nested filter policy"),
        (json.dumps({f"k{number}": ["x"] for number in range(6)}), "Filter policy can not have more than 5 keys"),
        (json.dumps({name: list("abcdef") for name in "xyz"}), "Filter policy is too complex"),
    ],
)
def test_a_malformed_filter_is_refused_when_it_is_given(sns, topic, make_queue, subscribe, refused, policy, message):
    queue = make_queue()
    with refused("InvalidParameter", f"Invalid parameter: Attributes Reason: FilterPolicy: {message}"):
        subscribe(topic, queue.arn, FilterPolicy=policy)
    arn = subscribe(topic, queue.arn)
    with refused("InvalidParameter", f"Invalid parameter: FilterPolicy: {message}"):
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=policy)
    assert "FilterPolicy" not in sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]


def test_a_nested_filter_weighs_more(sns, topic, make_queue, subscribe, refused):
    """The example of the developer guide: 3 x 1 at level three, times ..., is at most 150."""
    queue = make_queue()
    nested = {"a": {"b": {"c": list("wxyz")}}, "d": {"e": {"f": list("wxyz")}}, "g": ["x", "y"]}
    with refused("InvalidParameter", "Filter policy is too complex"):
        subscribe(topic, queue.arn, FilterPolicyScope="MessageBody", FilterPolicy=nested)


def test_a_filter_cannot_become_nested_for_attributes(sns, topic, make_queue, subscribe, refused):
    arn = subscribe(topic, make_queue().arn, FilterPolicyScope="MessageBody", FilterPolicy={"a": {"b": ["c"]}})
    with refused("InvalidParameter", "does not support nested filter policy"):
        sns.set_subscription_attributes(
            SubscriptionArn=arn, AttributeName="FilterPolicyScope", AttributeValue="MessageAttributes"
        )


def test_each_subscriber_gets_what_its_filter_lets_through(sns, topic, subscribed):
    """Orders and cancellations, and somebody who hears of all of them."""
    orders = subscribed(topic, "new-orders", FilterPolicy={"eventType": ["ORDER_PLACED"]})
    cancelled = subscribed(topic, "cancellations", FilterPolicy={"eventType": ["ORDER_CANCELLED"]})
    large = subscribed(
        topic, "large", FilterPolicyScope="MessageBody", FilterPolicy={"amount": [{"numeric": [">", 100]}]}
    )
    audit = subscribed(topic, "audit-log")
    for event, amount in (("ORDER_PLACED", 50), ("ORDER_CANCELLED", 150)):
        sns.publish(
            TopicArn=topic,
            Message=json.dumps({"event": event, "amount": amount}),
            MessageAttributes={"eventType": {"DataType": "String", "StringValue": event}},
        )
    assert [json.loads(text)["event"] for text in orders.texts()] == ["ORDER_PLACED"]
    assert [json.loads(text)["event"] for text in cancelled.texts()] == ["ORDER_CANCELLED"]
    assert [json.loads(text)["amount"] for text in large.texts()] == [150]
    assert len(audit.texts()) == 2
