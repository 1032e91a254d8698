"""Parameter policies: expiration and notifications, by the clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest


def expiration(days=10, **changes):
    moment = datetime.now(UTC) + timedelta(days=days)
    return {"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": moment.isoformat(), **changes}}


def notification(before="3", unit="Days"):
    return {"Type": "ExpirationNotification", "Version": "1.0", "Attributes": {"Before": before, "Unit": unit}}


def no_change(after="5", unit="Days"):
    return {"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": after, "Unit": unit}}


@pytest.fixture
def put_with(put):
    return lambda *policies, **params: put(Tier="Advanced", Policies=json.dumps(policies), **params)


@pytest.fixture
def statuses(described):
    return lambda: {policy["PolicyType"]: policy["PolicyStatus"] for policy in described()["Policies"]}


def test_a_parameter_expires(put_with, get, clock, refused):
    put_with(expiration(days=10))
    clock.advance(days=9)
    assert get()["Value"] == "x"
    clock.advance(days=2)
    with refused("ParameterNotFound"):
        get()


def test_a_policy_is_told_with_its_text_and_status(put_with, described):
    put_with(expiration(days=10))
    (policy,) = described()["Policies"]
    assert (policy["PolicyType"], policy["PolicyStatus"]) == ("Expiration", "Pending")
    assert json.loads(policy["PolicyText"])["Attributes"].keys() == {"Timestamp"}


def test_notifications_are_finished_when_their_time_has_come(put_with, statuses, clock):
    put_with(expiration(days=10), notification("3"), no_change("5"))
    clock.advance(days=6)
    assert statuses() == {
        "Expiration": "Pending",
        "ExpirationNotification": "Pending",
        "NoChangeNotification": "Finished",
    }
    clock.advance(days=2)
    assert statuses()["ExpirationNotification"] == "Finished"


def test_a_change_keeps_the_policies_and_lets_that_on_changes_wait_anew(put_with, put, statuses, clock):
    put_with(no_change("5"))
    clock.advance(days=4)
    put(value="changed")
    clock.advance(days=4)
    assert statuses() == {"NoChangeNotification": "Pending"}
    clock.advance(days=2)
    assert statuses() == {"NoChangeNotification": "Finished"}


def test_a_later_expiration_takes_the_place_of_the_earlier_one(put_with, get, clock, refused):
    put_with(expiration(days=2))
    put_with(expiration(days=20))
    clock.advance(days=10)
    assert get()["Value"] == "x"


@pytest.mark.parametrize("empty", ["[]", "[{}]"])
def test_an_empty_policy_takes_the_others_away(put_with, put, described, get, clock, empty):
    put_with(expiration(days=2))
    put(Policies=empty)
    clock.advance(days=3)
    assert get()["Value"] == "x"
    assert described()["Policies"] == []


def test_policies_need_the_advanced_tier(put, ssm, refused):
    policies = json.dumps([expiration()])
    with refused("ValidationException", "advanced-parameter tier"):
        put(Policies=policies)
    answer = ssm.put_parameter(Name="/a", Value="x", Type="String", Tier="Intelligent-Tiering", Policies=policies)
    assert answer["Tier"] == "Advanced"


@pytest.mark.parametrize(
    ("policies", "code"),
    [
        ([{"Type": "Other", "Version": "1.0", "Attributes": {}}], "InvalidPolicyTypeException"),
        ([expiration(days=-1)], "InvalidPolicyAttributeException"),
        ([expiration(Timestamp="soon")], "InvalidPolicyAttributeException"),
        ([no_change("0")], "InvalidPolicyAttributeException"),
        ([no_change("5", "Weeks")], "InvalidPolicyAttributeException"),
        ([{"Type": "NoChangeNotification", "Version": "2.0", "Attributes": {}}], "InvalidPolicyAttributeException"),
        ([expiration(), expiration()], "IncompatiblePolicyException"),
        ([notification()], "IncompatiblePolicyException"),
        ([no_change()] * 11, "PoliciesLimitExceededException"),
        (["text"], "ValidationException"),
        ({"no": "array"}, "ValidationException"),
    ],
)
def test_policies_that_cannot_be_are_refused(put, refused, policies, code):
    with refused(code):
        put(Tier="Advanced", Policies=json.dumps(policies))
