"""Groups, streams and events, as the tests of CloudWatch Logs use them."""

from __future__ import annotations

from contextlib import contextmanager

import pytest


@pytest.fixture
def logs(aws):
    return aws("logs")


@pytest.fixture
def now(clock):
    """The server's time in milliseconds."""
    return lambda: int(clock.now() * 1000)


@pytest.fixture
def group(logs):
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="one")
    return "/app"


@pytest.fixture
def put(logs, now):
    """Puts messages, a millisecond apart from each other, or (time, message) pairs."""

    def put(*messages, group="/app", stream="one", **params):
        start = now() - 60_000
        lines = [line if isinstance(line, tuple) else (start + nth, line) for nth, line in enumerate(messages)]
        events = [{"timestamp": moment, "message": text} for moment, text in lines]
        return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events, **params)

    return put


@pytest.fixture
def found(logs):
    """The messages that FilterLogEvents finds in `/app`."""

    def found(pattern="", **params):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/app", filterPattern=pattern, **params)
        return [event["message"] for page in pages for event in page["events"]]

    return found


@pytest.fixture
def refused(logs):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(logs.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused
