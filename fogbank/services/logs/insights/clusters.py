"""`pattern`: texts that differ only in numbers, times, ids and the like share a pattern. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Pattern.html
"""

from __future__ import annotations

import re

from fogbank.services.logs.insights.commands import Command, Inputs, Table
from fogbank.services.logs.insights.expressions import Evaluate
from fogbank.services.logs.insights.rows import Row
from fogbank.services.logs.insights.values import text

_DYNAMIC = re.compile(
    r"""
      (?P<UUID>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)
    | (?P<Date>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?)
    | (?P<Time>\b\d\d:\d\d:\d\d(?:[.,]\d+)?)
    | (?P<IPAddress>\b\d{1,3}(?:\.\d{1,3}){3}\b)
    | (?P<Number>(?<![\w.])[+-]?\d+(?:\.\d+)?(?![\w.]*\w))
    | (?P<Token>\b(?=\w*\d)\w{2,}\b)
    """,
    re.VERBOSE,
)
_SEVERITIES = (
    ("Error", r"error|exception|fail|fatal|critical"),
    ("Warn", r"warn"),
    ("Info", r"info"),
    ("Debug", r"debug|trace"),
)
COLUMNS = ("@pattern", "@ratio", "@sampleCount", "@severityLabel")


def pattern_of(message: str) -> str:
    """The text with its dynamic parts as `<Number-1>`, `<UUID-2>`, numbered as they come."""
    count = 0

    def name(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return f"<{match.lastgroup}-{count}>"

    return _DYNAMIC.sub(name, message)


def severity_of(pattern: str) -> str:
    """What it tells of, by its words; empty when they say nothing."""
    return next((label for label, words in _SEVERITIES if re.search(words, pattern, re.IGNORECASE)), "")


class PatternCommand(Command):
    narrows = False

    def __init__(self, source: Evaluate) -> None:
        self.source = source

    def apply(self, table: Table, inputs: Inputs) -> Table:
        counts: dict[str, int] = {}
        for row in table.rows:
            message = text(self.source(row))
            if message is not None:
                pattern = pattern_of(message)
                counts[pattern] = counts.get(pattern, 0) + 1
        total = sum(counts.values())
        ordered = sorted(counts.items(), key=lambda item: -item[1])
        return Table([_described(pattern, count, total) for pattern, count in ordered], COLUMNS, has_events=False)


def _described(pattern: str, count: int, total: int) -> Row:
    values = (pattern, count / total, count, severity_of(pattern) or None)
    return Row(dict(zip(COLUMNS, values, strict=True)))
