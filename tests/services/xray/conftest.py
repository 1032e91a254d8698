"""Segments and refusals, as the tests of X-Ray use them."""

from __future__ import annotations

import json
import secrets
import time
from contextlib import contextmanager

import pytest


@pytest.fixture
def xray(aws):
    return aws("xray")


@pytest.fixture
def refused(xray):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code="InvalidRequestException", message=""):
        with pytest.raises(xray.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused


def new_id():
    return secrets.token_hex(8)


def new_trace_id(moment=None):
    return f"1-{int(moment or time.time()):08x}-{secrets.token_hex(12)}"


class Traces:
    """Sends segments and looks for them, in the minute that the tests' server is in."""

    def __init__(self, xray, clock):
        self.xray = xray
        self.now = clock.now() - 5

    def segment(self, name="shop", start=0.0, seconds=1.0, **members):
        """A segment or subsegment. `start` and `seconds` are relative to the time of the test."""
        begun = self.now + start
        return {"id": new_id(), "name": name, "start_time": begun, "end_time": begun + seconds, **members}

    def send(self, *documents, trace_id=None):
        """Send documents as one trace; returns its id."""
        trace_id = trace_id or new_trace_id(self.now)
        texts = [json.dumps({"trace_id": trace_id, **document}) for document in documents]
        answer = self.xray.put_trace_segments(TraceSegmentDocuments=texts)
        assert answer["UnprocessedTraceSegments"] == []
        return trace_id

    @property
    def range(self):
        return {"StartTime": self.now - 60, "EndTime": self.now + 60}

    def summaries(self, expression=None, **options):
        given = {**self.range, **options}
        if expression is not None:
            given["FilterExpression"] = expression
        return self.xray.get_trace_summaries(**given)["TraceSummaries"]

    def found(self, expression=None, **options):
        """The ids of the traces that fit a filter."""
        return {summary["Id"] for summary in self.summaries(expression, **options)}

    def documents(self, trace_id):
        """The documents of the full trace by name."""
        (trace,) = self.xray.batch_get_traces(TraceIds=[trace_id])["Traces"]
        return {document["name"]: document for document in (json.loads(each["Document"]) for each in trace["Segments"])}

    def graph(self, **options):
        """The nodes of the service graph by name and type."""
        services = self.xray.get_service_graph(**self.range, **options)["Services"]
        return {(node["Name"], node.get("Type")): node for node in services}


@pytest.fixture
def traces(xray, clock):
    return Traces(xray, clock)
