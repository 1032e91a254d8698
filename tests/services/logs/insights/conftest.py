"""Queries over rows without a server, and over events with one."""

from __future__ import annotations

import json
import time

import pytest

from fogbank.services.logs.insights.commands import Inputs
from fogbank.services.logs.insights.discovery import discovered
from fogbank.services.logs.insights.query import parse, run
from fogbank.services.logs.insights.rows import Row
from fogbank.services.logs.insights.values import Moment

START = 1_700_000_000_000


def rows(messages, group="/app"):
    """Events a minute apart from each other, the newest first."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in messages]
    return [
        Row(
            {"@timestamp": Moment(START + nth * 60_000), "@message": message, "@ptr": str(nth)},
            lambda message=message: discovered(group, message),
        )
        for nth, message in reversed(list(enumerate(texts)))
    ]


@pytest.fixture
def ask():
    """The result of a query over messages, as dicts."""

    def ask(query, messages, group="/app", inputs=None):
        return [dict(row) for row in run(parse(query), rows(messages, group), inputs or Inputs()).rows]

    return ask


@pytest.fixture
def column(ask):
    """One column of a result."""

    def column(name, query, messages, **given):
        return [row.get(name) for row in ask(query, messages, **given)]

    return column


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
