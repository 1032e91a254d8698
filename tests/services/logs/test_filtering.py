"""FilterLogEvents over the streams of a group."""

import pytest


@pytest.fixture
def two(logs, group, put, now):
    """Streams whose events alternate."""
    logs.create_log_stream(logGroupName=group, logStreamName="two")
    moment = now() - 600_000
    put(*[(moment + nth * 1000, f"one {nth}") for nth in range(0, 6, 2)])
    put(*[(moment + nth * 1000, f"two {nth}") for nth in range(1, 6, 2)], stream="two")
    return moment


ALL = ["one 0", "two 1", "one 2", "two 3", "one 4", "two 5"]


def test_events_of_all_streams_come_in_order_of_time(found, two):
    assert found() == ALL


def test_the_newest_may_come_first(logs, found, two):
    assert found(startFromHead=False, startTime=two) == ALL[::-1]


def test_every_page_size_gives_the_same_events(found, two):
    for size in range(1, 7):
        assert found(PaginationConfig={"PageSize": size}) == ALL
        assert found(startFromHead=False, startTime=two, PaginationConfig={"PageSize": size}) == ALL[::-1]


def test_streams_are_chosen_by_name_or_by_prefix(found, two):
    assert found(logStreamNames=["two"]) == ["two 1", "two 3", "two 5"]
    assert found(logStreamNamePrefix="o") == ["one 0", "one 2", "one 4"]


def test_both_ends_of_a_time_range_are_included(found, two):
    assert found(startTime=two + 1000, endTime=two + 3000) == ["two 1", "one 2", "two 3"]


def test_only_events_that_match_are_returned(found, two):
    assert found("two -3") == ["two 1", "two 5"]


def test_ids_of_events_grow_and_differ(logs, group, two):
    ids = [int(event["eventId"]) for event in logs.filter_log_events(logGroupName=group)["events"]]
    assert ids == sorted(set(ids))


def test_names_and_prefix_exclude_each_other(logs, group, refused):
    with refused("InvalidParameterException", "mutually exclusive"):
        logs.filter_log_events(logGroupName=group, logStreamNames=["one"], logStreamNamePrefix="o")


def test_a_missing_stream_is_refused(logs, group, refused):
    with refused("ResourceNotFoundException", "The specified log stream does not exist."):
        logs.filter_log_events(logGroupName=group, logStreamNames=["nowhere"])


def test_a_bad_pattern_is_refused(logs, group, refused):
    with refused("InvalidParameterException", "Invalid filter pattern"):
        logs.filter_log_events(logGroupName=group, filterPattern="{ $.a = ")


def test_a_bad_token_is_refused(logs, group, refused):
    with refused("InvalidParameterException", "The specified nextToken is invalid."):
        logs.filter_log_events(logGroupName=group, nextToken="garbage")
