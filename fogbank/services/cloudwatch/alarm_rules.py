"""The rules of composite alarms: `ALARM("cpu") AND (NOT OK(memory) OR TRUE)`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from fogbank.services.cloudwatch import verdicts

Condition = Callable[[Mapping[str, str]], bool]
"""Does it hold, given the states of the alarms that it names?"""

_TOKENS = re.compile(
    r'\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"(?P<quoted>[^"]+)"|(?P<name>[^\s")(]+))\s*\)|(?P<word>(?i:AND|OR|NOT|TRUE|FALSE)\b|[()]))'
)
_CHILDREN = 100


class BadRule(ValueError):
    """A rule that is none."""


class AlarmRule(NamedTuple):
    holds: Condition
    children: frozenset[str]


def parse(text: str) -> AlarmRule:
    """Raises BadRule."""
    reader = _Reader(text)
    condition = reader.either()
    if reader.peek():
        raise BadRule(f"unexpected {reader.peek()}")
    if len(reader.children) > _CHILDREN:
        raise BadRule(f"a rule can have no more than {_CHILDREN} alarms")
    return AlarmRule(condition, frozenset(reader.children))


class _Reader:
    """NOT binds closest, then AND, then OR."""

    def __init__(self, text: str) -> None:
        self.children: set[str] = set()
        self._tokens: list[re.Match[str]] = []
        self._at = 0
        at = 0
        while at < len(text.rstrip()):
            match = _TOKENS.match(text, at)
            if match is None:
                raise BadRule(f"unexpected character at {at}")
            self._tokens.append(match)
            at = match.end()

    def peek(self) -> str:
        return self._tokens[self._at][0].strip() if self._at < len(self._tokens) else ""

    def takes(self, word: str) -> bool:
        if self.peek().upper() != word:
            return False
        self._at += 1
        return True

    def either(self) -> Condition:
        parts = [self.both()]
        while self.takes("OR"):
            parts.append(self.both())
        return lambda states: any(part(states) for part in parts)

    def both(self) -> Condition:
        parts = [self.single()]
        while self.takes("AND"):
            parts.append(self.single())
        return lambda states: all(part(states) for part in parts)

    def single(self) -> Condition:
        if self.takes("NOT"):
            condition = self.single()
            return lambda states: not condition(states)
        if self.takes("("):
            condition = self.either()
            if not self.takes(")"):
                raise BadRule("a parenthesis is not closed")
            return condition
        for word, constant in (("TRUE", True), ("FALSE", False)):
            if self.takes(word):
                return lambda states, constant=constant: constant  # type: ignore[misc]
        return self.state()

    def state(self) -> Condition:
        match = self._tokens[self._at] if self._at < len(self._tokens) else None
        if match is None or not match["state"]:
            raise BadRule(f"expected the state of an alarm, found {self.peek() or 'the end'}")
        self._at += 1
        wanted = match["state"]
        name = (match["quoted"] or match["name"]).rpartition(":alarm:")[2]
        self.children.add(name)
        return lambda states: states.get(name, verdicts.INSUFFICIENT_DATA) == wanted
