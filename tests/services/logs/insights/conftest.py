"""Queries over rows, without a server."""

from __future__ import annotations

import json

import pytest

from fogbank.services.logs.insights.commands import Inputs
from fogbank.services.logs.insights.discovery import discovered
from fogbank.services.logs.insights.query import parse, run
from fogbank.services.logs.insights.rows import Row
from fogbank.services.logs.insights.values import Moment

START = 1_700_000_000_000


class Event:
    """An event that was never written."""

    unmasked = None

    def __init__(self, group, number, message):
        self.fields = {"@timestamp": Moment(START + number * 60_000), "@message": message, "@ptr": str(number)}
        self.group = group

    def system(self, name):
        return self.fields.get(name)

    def discovered(self):
        return discovered(self.group, self.fields["@message"])


def rows(messages, group="/app"):
    """Events a minute apart from each other, the newest first."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in messages]
    return [Row(source=Event(group, number, message)) for number, message in reversed(list(enumerate(texts)))]


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
