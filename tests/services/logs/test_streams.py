"""Log streams."""

import pytest


def names(answer):
    return [stream["logStreamName"] for stream in answer["logStreams"]]


def test_a_stream_knows_the_times_of_its_events(logs, group, put, now):
    moment = now()
    put((moment - 2000, "a"), (moment - 1000, "b"))
    (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (moment - 2000, moment - 1000)
    assert stream["lastIngestionTime"] >= moment
    assert stream["arn"].endswith(":log-group:/app:log-stream:one")


def test_an_empty_stream_has_no_times(logs, group):
    (stream,) = logs.describe_log_streams(logGroupIdentifier=group)["logStreams"]
    assert "lastEventTimestamp" not in stream


@pytest.fixture
def three(logs, group, put, now):
    """Streams b, c, a, in the order of their last events."""
    moment = now()
    for nth, name in enumerate("bca"):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
        put((moment - 1000 + nth, "x"), stream=name)
    logs.delete_log_stream(logGroupName=group, logStreamName="one")


def test_streams_are_ordered_by_name_or_by_last_event(logs, group, three):
    assert names(logs.describe_log_streams(logGroupName=group)) == ["a", "b", "c"]
    newest = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)
    assert names(newest) == ["a", "c", "b"]


def test_streams_come_in_pages_in_every_order(logs, group, three):
    for order in ("LogStreamName", "LastEventTime"):
        for descending in (False, True):
            params = {"logGroupName": group, "orderBy": order, "descending": descending}
            pages = logs.get_paginator("describe_log_streams").paginate(**params, PaginationConfig={"PageSize": 1})
            assert [names(page)[0] for page in pages] == names(logs.describe_log_streams(**params))


def test_order_by_time_and_a_prefix_exclude_each_other(logs, group, refused):
    with refused("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix."):
        logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", logStreamNamePrefix="o")


def test_a_name_is_given_once_in_a_group(logs, group, refused):
    with refused("ResourceAlreadyExistsException", "The specified log stream already exists"):
        logs.create_log_stream(logGroupName=group, logStreamName="one")


def test_a_deleted_stream_is_gone(logs, group, put, found, refused):
    put("x")
    logs.delete_log_stream(logGroupName=group, logStreamName="one")
    assert found() == []
    with refused("ResourceNotFoundException", "The specified log stream does not exist."):
        logs.get_log_events(logGroupName=group, logStreamName="one")


def test_a_name_has_no_colon(logs, group, refused):
    with refused("InvalidParameterException", "logStreamName"):
        logs.create_log_stream(logGroupName=group, logStreamName="a:b")
