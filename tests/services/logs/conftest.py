"""Groups, streams and events, as the tests of CloudWatch Logs use them."""

from __future__ import annotations

import time
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


# -- queries


@pytest.fixture
def finished(logs):
    """The answer of GetQueryResults once a query has ended."""

    def finished(query_id, **params):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            answer = logs.get_query_results(queryId=query_id, **params)
            if answer["status"] not in ("Scheduled", "Running"):
                return answer
            time.sleep(0.01)
        raise AssertionError("the query does not end")

    return finished


@pytest.fixture
def start(logs, clock):
    """Starts a query over the last hour of `/app`; what else is given goes into the request."""

    def start(query, **params):
        now = int(clock.now())
        given = {"startTime": now - 3600, "endTime": now, "queryString": query} | params
        if not any(name.startswith("logGroup") for name in given) and not query.startswith("SOURCE"):
            given["logGroupName"] = "/app"
        return logs.start_query(**given)["queryId"]

    return start


@pytest.fixture
def answered(start, finished):
    """The rows of a query over the last hour of `/app`, as dicts."""

    def answered(query, **params):
        answer = finished(start(query, **params))
        assert answer["status"] == "Complete"
        return [{each["field"]: each["value"] for each in row} for row in answer["results"]]

    return answered
