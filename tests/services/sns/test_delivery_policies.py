"""The phases of a delivery policy, as numbers."""

import json

import pytest

from fogbank.services.sns.delivery_policies import MANAGED, phases


def delays(**policy):
    return list(phases(json.dumps({"healthyRetryPolicy": policy}), None).delays())


def test_by_default_there_are_three_retries_twenty_seconds_apart():
    assert list(phases(None, None).delays()) == [20, 20, 20]


def test_the_phases_follow_each_other():
    given = delays(
        numRetries=9,
        numNoDelayRetries=2,
        numMinDelayRetries=2,
        numMaxDelayRetries=2,
        minDelayTarget=1,
        maxDelayTarget=9,
        backoffFunction="linear",
    )
    assert given == [0, 0, 1, 1, 1, 5, 9, 9, 9]


@pytest.mark.parametrize("function", ["linear", "arithmetic", "geometric", "exponential"])
def test_every_function_grows_from_the_least_to_the_most(function):
    given = delays(numRetries=10, minDelayTarget=2, maxDelayTarget=60, backoffFunction=function)
    assert len(given) == 10 and given == sorted(given)
    assert given[0] == 2 and given[-1] == pytest.approx(60)


def test_the_topics_policy_holds_where_it_allows_no_other():
    topic = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 1}, "disableSubscriptionOverrides": True}}
    own = {"healthyRetryPolicy": {"numRetries": 5}}
    assert list(phases(json.dumps(own), json.dumps(topic)).delays()) == [20]


def test_managed_endpoints_are_tried_for_23_days():
    given = list(MANAGED.delays())
    assert len(given) == 100_015 - 1 + 1
    assert 23 <= sum(given) / 86_400 < 24
