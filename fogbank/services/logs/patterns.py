"""Filter patterns: which log events they match, and what they extract.

    ERROR -timeout ?a ?b "exact phrase" %regex%     terms, of any event
    { $.user.id = 1 && $.names[*] = "a*" }          conditions on an event that is a JSON object
    [ip, ..., status = 4*, size > 1000]             conditions on the fields of an event, between spaces

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from fogbank.services.logs import pattern_values
from fogbank.services.logs.pattern_parser import Condition, Conditions, Token, tokens
from fogbank.services.logs.pattern_values import InvalidPattern, Test

Extracted = dict[str, str]

_REGEXES = 2
_TERM = re.compile(r"\s*(?P<sign>[?-]?)(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<regex>%[^%]+%)|(?P<word>\w+))(?=\s|$)")


class Pattern(ABC):
    """`regexes` is how many regular expressions it has."""

    regexes = 0

    @abstractmethod
    def match(self, message: str) -> Extracted | None:
        """What the event's fields are, by `$.selector` or `$field`, if it matches; None if it does not."""

    def value(self, message: str, selector: str) -> Any:
        """What a selector (`$.latency`, `$size`) says of an event that matches; None when it says nothing."""
        return None


@lru_cache(maxsize=4096)
def compile(text: str) -> Pattern:
    """Raises InvalidPattern."""
    try:
        return _compiled(text.strip())
    except RecursionError:
        raise InvalidPattern("the pattern is nested too deeply") from None


def _compiled(source: str) -> Pattern:
    if source.startswith("{") and source.endswith("}"):
        return _JSON(source[1:-1])
    if source.startswith("[") and source.endswith("]"):
        return _Fields(source[1:-1])
    return _Terms(source)


# -- terms


class _Term(NamedTuple):
    sign: str
    test: Test


class _Terms(Pattern):
    """All of the terms, none of those with `-`. Those with `?` count only when there are no others."""

    def __init__(self, source: str) -> None:
        terms: list[_Term] = []
        at = 0
        while at < len(source):
            match = _TERM.match(source, at)
            if match is None:
                raise InvalidPattern(f"unexpected character at {at}")
            terms.append(_Term(match["sign"], self._test(match)))
            at = match.end()
        self._wanted = [term.test for term in terms if not term.sign]
        self._refused = [term.test for term in terms if term.sign == "-"]
        self._options = [term.test for term in terms if term.sign == "?"]
        if self._wanted or self._refused:
            self._options = []

    def _test(self, match: re.Match[str]) -> Test:
        if match["regex"]:
            self.regexes += 1
            expression = pattern_values.regex(match["regex"][1:-1])
            return lambda message: expression.search(message) is not None
        word = match["word"] or re.sub(r"\\(.)", r"\1", match["quoted"])
        return lambda message: word in message

    def match(self, message: str) -> Extracted | None:
        if not all(test(message) for test in self._wanted) or any(test(message) for test in self._refused):
            return None
        if self._options and not any(test(message) for test in self._options):
            return None
        return {}


# -- JSON

_STEP = re.compile(
    r"""\.?\[(?:(?P<index>\d+)|(?P<all>\*)|'(?P<single>[^']*)'|"(?P<double>[^"]*)")\]|\.(?P<name>[\w\-*:/@]+)"""
)
_ALL = object()


class Selector:
    """`$.a.b[0].c`, `$.a[*]`, `$.['a.b']`"""

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps: list[Any] = []
        at = 1
        while at < len(text):
            match = _STEP.match(text, at)
            if match is None:
                raise InvalidPattern(f"invalid property selector {text}")
            self._steps.append(self._step(match))
            at = match.end()

    @staticmethod
    def _step(match: re.Match[str]) -> Any:
        if match["index"] is not None:
            return int(match["index"])
        if match["all"]:
            return _ALL
        return next(match[kind] for kind in ("name", "single", "double") if match[kind] is not None)

    def values(self, document: Any) -> list[Any]:
        """What it selects: several only with `[*]`."""
        found = [document]
        for step in self._steps:
            found = [value for container in found for value in _inside(container, step)]
        return found


def _inside(container: Any, step: Any) -> list[Any]:
    if step is _ALL:
        return container if isinstance(container, list) else []
    if isinstance(step, int):
        return container[step : step + 1] if isinstance(container, list) else []
    return [container[step]] if isinstance(container, dict) and step in container else []


def text_of(value: Any) -> str | None:
    """A value as patterns see it; None for objects, arrays and null."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None or isinstance(value, dict | list) else orjson.dumps(value).decode()


class _JSONConditions(Conditions):
    def __init__(self, words: list[Token]) -> None:
        super().__init__(words)
        self.selectors: list[Selector] = []

    def operand(self) -> Condition:
        token = self.take()
        if token.kind != "selector":
            raise InvalidPattern(f"expected a property selector, found {token.text or 'the end'}")
        selector = Selector(token.text)
        self.selectors.append(selector)
        if self.takes("NOT"):
            self._expect("EXISTS")
            return lambda document: not selector.values(document)
        if self.takes("EXISTS"):
            return lambda document: bool(selector.values(document))
        if self.takes("IS"):
            wanted = self._constant()
            return lambda document: any(value is wanted for value in selector.values(document))
        return self._compared(selector)

    def _compared(self, selector: Selector) -> Condition:
        test = self.test()
        return lambda document: any(text is not None and test(text) for text in map(text_of, selector.values(document)))

    def _constant(self) -> bool | None:
        for word, constant in (("NULL", None), ("TRUE", True), ("FALSE", False)):
            if self.takes(word):
                return constant
        raise InvalidPattern("IS needs NULL, TRUE or FALSE")

    def _expect(self, word: str) -> None:
        if not self.takes(word):
            raise InvalidPattern(f"expected {word}")


class _JSON(Pattern):
    def __init__(self, source: str) -> None:
        words = tokens(source)
        self.regexes = _counted(words)
        conditions = _JSONConditions(words)
        self._condition = conditions.whole()
        self._selectors = conditions.selectors

    def match(self, message: str) -> Extracted | None:
        document = _object(message)
        if document is None or not self._condition(document):
            return None
        found = {
            selector.text: text_of(value) for selector in self._selectors for value in selector.values(document)[:1]
        }
        return {name: value for name, value in found.items() if value is not None}

    def value(self, message: str, selector: str) -> Any:
        document = _object(message)
        values = _selector(selector).values(document) if document is not None and selector.startswith("$.") else []
        return values[0] if values else None


@lru_cache(maxsize=1024)
def _selector(text: str) -> Selector:
    return Selector(text)


def _object(message: str) -> Any:
    """The JSON object that an event is; None when it is none."""
    if not message.lstrip().startswith("{"):
        return None
    try:
        return orjson.loads(message)
    except orjson.JSONDecodeError:
        return None


def _counted(words: list[Token]) -> int:
    count = sum(word.kind == "regex" for word in words)
    if count > _REGEXES:
        raise InvalidPattern(f"a pattern can have no more than {_REGEXES} regular expressions")
    return count


# -- fields between spaces

_FIELD = re.compile(r"\"(?:[^\"])*\"|\[[^\]]*\]|\S+")


def fields_of(message: str) -> list[str]:
    """An event's fields: between spaces, in quotes, or in square brackets."""
    return [_bare(match[0]) for match in _FIELD.finditer(message)]


def _bare(field: str) -> str:
    is_enclosed = len(field) > 1 and (field[0], field[-1]) in (('"', '"'), ("[", "]"))
    return field[1:-1] if is_enclosed else field


class _FieldConditions(Conditions):
    """Conditions on one field, which all of them name."""

    name = ""

    def operand(self) -> Condition:
        token = self.take()
        if token.kind != "word" or (self.name and token.text != self.name):
            raise InvalidPattern(f"unexpected {token.text or 'end'} in the conditions of a field")
        self.name = token.text
        if self.peek().kind in ("end",) or self.peek().text == ")":
            return lambda value: True
        return self.test()


class _Field(NamedTuple):
    name: str
    test: Condition


class _Fields(Pattern):
    """Every field of an event has its place; `...` stands for any number of fields."""

    def __init__(self, source: str) -> None:
        words = tokens(source)
        self.regexes = _counted(words)
        parts = _split(words)
        dots = [index for index, part in enumerate(parts) if [word.kind for word in part] == ["dots"]]
        if len(dots) > 1:
            raise InvalidPattern("a pattern can have only one ...")
        self._dots = dots[0] if dots else None
        self._before = [_field(part) for part in (parts if self._dots is None else parts[: self._dots])]
        self._after = [] if self._dots is None else [_field(part) for part in parts[self._dots + 1 :]]

    def match(self, message: str) -> Extracted | None:
        values = fields_of(message)
        pattern = self._spread(len(values))
        if pattern is None or not all(field.test(value) for field, value in zip(pattern, values, strict=True)):
            return None
        return {
            f"${field.name or nth}": value for nth, (field, value) in enumerate(zip(pattern, values, strict=True), 1)
        }

    def _spread(self, count: int) -> list[_Field] | None:
        """A field for each of an event's; None when there are too many or too few."""
        extra = count - len(self._before) - len(self._after)
        if extra < 0 or (extra and self._dots is None):
            return None
        return [*self._before, *([_ANY] * extra), *self._after]

    def value(self, message: str, selector: str) -> Any:
        return (self.match(message) or {}).get(selector)


_ANY = _Field("", lambda value: True)


def _split(words: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for word in words:
        if word == ("sign", ","):
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _field(words: list[Token]) -> _Field:
    if not words:
        return _ANY
    conditions = _FieldConditions(words)
    test = conditions.whole()
    return _Field(conditions.name, test)
