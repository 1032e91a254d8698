"""Time to live, on the virtual clock."""

from __future__ import annotations

import time

import pytest

from tests.services.dynamodb.helpers import index, n, refusal, s

HOUR = 3600


def enable(ddb, table, attribute="expires"):
    specification = {"Enabled": True, "AttributeName": attribute}
    return ddb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)


def state(ddb, table):
    return ddb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]


def left(ddb, table, **more):
    return sorted(item["pk"]["S"] for item in ddb.scan(TableName=table, **more)["Items"])


def put(ddb, table, pk, seconds, **more):
    """An item that expires so many seconds from now."""
    ddb.put_item(TableName=table, Item={"pk": s(pk), "expires": n(int(time.time()) + seconds), **more})


def test_time_to_live_is_switched_on_and_off(ddb, clock, table):
    assert state(ddb, table) == {"TimeToLiveStatus": "DISABLED"}
    assert enable(ddb, table)["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "expires"}
    clock.advance(seconds=1)
    assert state(ddb, table) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    ddb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"})
    assert state(ddb, table) == {"TimeToLiveStatus": "DISABLED"}


def test_items_go_when_their_time_has_come(ddb, clock, table):
    enable(ddb, table)
    put(ddb, table, "soon", HOUR)
    put(ddb, table, "later", 3 * HOUR)
    ddb.put_item(TableName=table, Item={"pk": s("never")})
    clock.advance(hours=2)
    assert left(ddb, table) == ["later", "never"]
    clock.advance(hours=2)
    assert left(ddb, table) == ["never"]


def test_items_that_were_there_before_go_too(ddb, clock, table):
    for number in range(150):
        put(ddb, table, f"{number}", HOUR)
    enable(ddb, table)
    clock.advance(hours=2)
    assert left(ddb, table) == []


def test_expired_items_leave_indexes(ddb, clock, make_table):
    make_table("things", ("pk",), {"pk": "S", "color": "S"}, GlobalSecondaryIndexes=[index("by-color", "color")])
    enable(ddb, "things")
    put(ddb, "things", "a", HOUR, color=s("red"))
    clock.advance(hours=2)
    assert left(ddb, "things", IndexName="by-color") == []


def test_a_life_can_be_prolonged(ddb, clock, table):
    enable(ddb, table)
    put(ddb, table, "a", HOUR)
    put(ddb, table, "a", 5 * HOUR)
    clock.advance(hours=2)
    assert left(ddb, table) == ["a"]
    clock.advance(hours=4)
    assert left(ddb, table) == []


def test_a_life_can_be_shortened(ddb, clock, table):
    enable(ddb, table)
    put(ddb, table, "a", 50 * HOUR)
    put(ddb, table, "a", HOUR)
    clock.advance(hours=2)
    assert left(ddb, table) == []


@pytest.mark.parametrize("value", [s("1"), n(0), n(-5), n("1e30"), {"L": []}, n(946684800)])
def test_what_is_no_time_of_these_years_does_not_expire(ddb, clock, table, value):
    enable(ddb, table)
    ddb.put_item(TableName=table, Item={"pk": s("a"), "expires": value})
    clock.advance(hours=1)
    assert left(ddb, table) == ["a"]


def test_nothing_expires_after_it_is_switched_off(ddb, clock, table):
    enable(ddb, table)
    put(ddb, table, "a", HOUR)
    ddb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"})
    clock.advance(hours=2)
    assert left(ddb, table) == ["a"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"Enabled": True, "AttributeName": "expires"}, "TimeToLive is already enabled"),
        (
            {"Enabled": True, "AttributeName": "other"},
            "TimeToLive is active on a different AttributeName: current AttributeName is expires",
        ),
    ],
)
def test_switching_it_on_twice_is_refused(ddb, table, wanted, message):
    enable(ddb, table)
    with refusal(message=message):
        ddb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)


def test_switching_it_off_twice_is_refused(ddb, table):
    with refusal(message="TimeToLive is already disabled"):
        ddb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"})
