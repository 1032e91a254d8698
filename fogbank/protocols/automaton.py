"""Regular expressions matched in linear time.

Python's `re` backtracks: on many of AWS's patterns a value of forty characters can keep it busy for ever, and with it the whole
server. Here a pattern becomes an automaton whose states are sets of positions in the pattern, made as they are met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LARGE = 64  # repeats: more than so many count as unbounded, the length of a value being checked elsewhere
STATE_LIMIT = 2000  # states kept, so that no one fills the memory with odd values

Accepts = Callable[[str], bool]

_DIGITS = frozenset("0123456789")
_WORD = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_SPACE = frozenset(" \t\n\r\f\v")


class Unsupported(ValueError):
    """The pattern looks ahead, behind or back."""


class _Position:
    """A place in the pattern: what it accepts to go on, or where it leads without accepting anything."""

    __slots__ = ("accepts", "after", "anchor")

    def __init__(self, accepts: Accepts | None, after: list[_Position], anchor: str = "") -> None:
        self.accepts = accepts
        self.after = after
        self.anchor = anchor  # "start" or "end": passable only there


class _State:
    __slots__ = ("following", "is_accepting", "positions")

    def __init__(self, positions: frozenset[_Position], is_accepting: bool) -> None:
        self.positions = positions
        self.is_accepting = is_accepting
        self.following: dict[str, _State] = {}


class Automaton:
    """A pattern in Python's syntax, matched against whole strings. Raises Unsupported."""

    def __init__(self, pattern: str) -> None:
        tree = parser.parse(pattern)
        self._dot: Accepts = (lambda character: True) if tree.state.flags & codes.SRE_FLAG_DOTALL else "\n".__ne__
        self._ignores_case = bool(tree.state.flags & codes.SRE_FLAG_IGNORECASE)
        self._end = _Position(None, [])
        self._first = self._sequence(tree, self._end)
        self._states: dict[frozenset[_Position], _State] = {}
        self._start = self._state([self._first], at_start=True)

    def matches(self, text: str) -> bool:
        state = self._start
        for character in text:
            following = state.following.get(character)
            if following is None:
                following = state.following[character] = self._step(state, character)
            if not following.positions and not following.is_accepting:
                return False
            state = following
        return state.is_accepting

    def _step(self, state: _State, character: str) -> _State:
        reached = [
            after
            for position in state.positions
            if position.accepts is not None and position.accepts(character)
            for after in position.after
        ]
        return self._state(reached)

    def _state(self, positions: Iterable[_Position], at_start: bool = False) -> _State:
        passed = _closure(positions, "start" if at_start else "")
        if len(self._states) > STATE_LIMIT:
            self._states.clear()
            self._start.following.clear()
        state = self._states.get(passed)
        if state is None:
            is_accepting = self._end in _closure(passed, "end")
            state = _State(frozenset(position for position in passed if position.accepts), is_accepting)
            self._states[passed] = state
        return state

    def _sequence(self, tokens: Any, after: _Position) -> _Position:
        """The first position of a sequence that is followed by `after`."""
        for name, argument in reversed(list(tokens)):
            after = self._token(name, argument, after)
        return after

    def _token(self, name: Any, argument: Any, after: _Position) -> _Position:
        if name in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            low, high, body = argument
            return self._repeat(low, high, body, after)
        if name is codes.SUBPATTERN:
            return self._sequence(argument[3], after)
        if name is codes.BRANCH:
            return _Position(None, [self._sequence(choice, after) for choice in argument[1]])
        if name is codes.AT:
            return _Position(None, [after], _anchor(argument))
        return _Position(self._accepting(name, argument), [after])

    def _repeat(self, low: int, high: int, body: Any, after: _Position) -> _Position:
        low = min(low, LARGE)
        if high > LARGE:
            first = _Position(None, [after])
            first.after.append(self._sequence(body, first))
        else:
            first = after
            for _ in range(high - low):
                first = _Position(None, [after, self._sequence(body, first)])
        for _ in range(low):
            first = self._sequence(body, first)
        return first

    def _accepting(self, name: Any, argument: Any) -> Accepts:
        accepts = self._dot if name is codes.ANY else _accepting(name, argument)
        if not self._ignores_case:
            return accepts
        return lambda character: accepts(character.lower()) or accepts(character.upper())


def _closure(positions: Iterable[_Position], where: str) -> frozenset[_Position]:
    """The positions, and all that are reached from them without a character."""
    seen = set(positions)
    waiting = list(seen)
    while waiting:
        position = waiting.pop()
        if position.accepts is None and position.anchor in ("", where):
            for after in position.after:
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
    return frozenset(seen)


def _anchor(code: Any) -> str:
    if code in (codes.AT_BEGINNING, codes.AT_BEGINNING_STRING):
        return "start"
    if code in (codes.AT_END, codes.AT_END_STRING):
        return "end"
    raise Unsupported(str(code))


def _accepting(name: Any, argument: Any) -> Accepts:
    """The test of one character."""
    if name is codes.LITERAL:
        return chr(argument).__eq__
    if name is codes.NOT_LITERAL:
        return chr(argument).__ne__
    if name is codes.IN:
        return _one_of(argument)
    if name is codes.RANGE:
        low, high = argument
        return lambda character: low <= ord(character) <= high
    if name is codes.CATEGORY:
        return _category(argument)
    raise Unsupported(str(name))


def _one_of(items: Any) -> Accepts:
    if items[0][0] is codes.NEGATE:
        excluded = _one_of(items[1:])
        return lambda character: not excluded(character)
    tests = [_accepting(name, argument) for name, argument in items]
    return lambda character: any(test(character) for test in tests)


def _category(code: Any) -> Accepts:
    name = str(code)
    members = _DIGITS if name.endswith("DIGIT") else _WORD if name.endswith("WORD") else _SPACE
    if "_NOT_" in name:
        return lambda character: character not in members
    return members.__contains__
