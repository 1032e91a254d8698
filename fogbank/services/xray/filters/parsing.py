"""Reading filter expressions. Keywords and operators are written in any case; two conditions side by side both have to hold."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, cast

from fogbank.services.xray import errors
from fogbank.services.xray.filters.nodes import (
    Annotation,
    Cause,
    Every,
    Group,
    Id,
    Kind,
    Node,
    Not,
    OfEdge,
    OfService,
    RootCause,
    RootCauseJson,
    Some,
    Test,
    Value,
)

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*")
    |(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])
    |(?P<word>[A-Za-z_][\w.\-]*)
    |(?P<operator><=|>=|!=|=|<|>)
    |(?P<sign>[!(){},:\[\]#])
    )""",
    re.VERBOSE,
)

BOOLEANS = frozenset({"ok", "error", "throttle", "fault", "partial", "inferred", "first", "last", "remote", "root"})
NUMBERS = frozenset({"responsetime", "duration", "http.status", "index", "coverage"})
STRINGS = frozenset(
    {
        "http.url",
        "http.method",
        "http.useragent",
        "http.clientip",
        "user",
        "name",
        "type",
        "message",
        "availabilityzone",
        "instance.id",
        "resource.arn",
    }
)
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_TEXTUAL = frozenset({"contains", "beginswith", "endswith"})
_ROOT_CAUSE = re.compile(r"rootcause\.(fault|error|responsetime)\.(service|entity|exception)")
_LONGEST = 2000
_DEEPEST = 50


def parse(text: str) -> Node:
    """A filter of traces. Raises InvalidRequestException."""
    if len(text) > _LONGEST:
        raise errors.invalid_filter(f"it has more than {_LONGEST} characters")
    return _Parser(text).whole()


def selector(text: str) -> Node:
    """What GetTimeSeriesServiceStatistics is about: `service()`, `edge()` or `id()`, without a filter. Raises InvalidRequestException."""
    parser = _Parser(text)
    node = parser.entity()
    parser.require_end()
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._next()

    # -- tokens

    def _next(self) -> None:
        """Go on to the next token: its kind, its text (words in lower case), and how it was written."""
        found = _TOKEN.match(self._text, self._at)
        self._begin = self._at
        if found is None:
            if self._text[self._at :].strip():
                self._fail()
            self._kind, self._token, self._written = "end", "", ""
            return
        self._at = found.end()
        self._kind = found.lastgroup or ""
        self._written = found[self._kind]
        self._token = self._written.lower() if self._kind == "word" else self._written

    def _fail(self) -> NoReturn:
        raise errors.invalid_filter(
            f"unexpected text at position {self._begin}: {self._text[self._begin :].strip()[:20]!r}"
        )

    def _take(self, token: str) -> bool:
        if self._kind not in ("string", "end") and self._token == token:
            self._next()
            return True
        return False

    def _require(self, token: str) -> None:
        if not self._take(token):
            self._fail()

    def require_end(self) -> None:
        if self._kind != "end":
            self._fail()

    def _string(self) -> str:
        if self._kind != "string":
            self._fail()
        value = re.sub(r"\\(.)", r"\1", self._written[1:-1])
        self._next()
        return value

    # -- expressions

    def whole(self) -> Node:
        node = self._some(is_inside=False)
        self.require_end()
        return node

    def _some(self, is_inside: bool) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise errors.invalid_filter("it is nested too deeply")
        parts = [self._every(is_inside)]
        while self._take("or"):
            parts.append(self._every(is_inside))
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _every(self, is_inside: bool) -> Node:
        parts = [self._part(is_inside)]
        while self._take("and") or not (self._kind == "end" or self._token in (")", "}", "or")):
            parts.append(self._part(is_inside))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _part(self, is_inside: bool) -> Node:
        negations = 0
        while self._take("!"):
            negations += 1
        node = self._condition(is_inside)
        return Not(node) if negations % 2 else node

    def _condition(self, is_inside: bool) -> Node:
        if self._take("("):
            node = self._some(is_inside)
            self._require(")")
            return node
        if self._kind != "word":
            self._fail()
        word = self._token
        if (
            word in ("service", "edge", "id")
            or word.startswith(("annotation", "rootcause.", "group."))
            or word == "json"
        ):
            if is_inside:
                raise errors.invalid_filter(f"{word} cannot be used inside of braces")
            return self._complex(word)
        return self._test()

    def _complex(self, word: str) -> Node:
        if word in ("service", "edge", "id"):
            return self.entity()
        if word.startswith("annotation"):
            return self._annotation()
        self._next()
        if word in ("rootcause.json", "json"):
            return self._json()
        if word in ("group.name", "group.arn"):
            self._require("=")
            return Group(word.removeprefix("group."), self._string())
        found = _ROOT_CAUSE.fullmatch(word)
        if found is None:
            raise errors.invalid_filter(f"unknown keyword {word}")
        return RootCause(cast("Cause", found[1]), cast("Kind", found[2]), self._braces())

    def _braces(self) -> Node:
        self._require("{")
        node = self._some(is_inside=True)
        self._require("}")
        return node

    def entity(self) -> Node:
        """`service(...)`, `edge(..., ...)` or `id(...)`, with a filter in braces if there is one."""
        word = self._token
        if word == "id":
            return OfService(self._id(), None)
        if word not in ("service", "edge"):
            self._fail()
        self._next()
        self._require("(")
        source = self._id()
        if word == "service":
            self._require(")")
            return OfService(source, self._optional_braces())
        self._require(",")
        target = self._id()
        self._require(")")
        return OfEdge(source, target, self._optional_braces())

    def _optional_braces(self) -> Node | None:
        return self._braces() if self._kind == "sign" and self._token == "{" else None

    def _id(self) -> Id:
        """A name, `id(...)`, or nothing."""
        if self._kind == "string":
            return Id(self._string())
        if not (self._kind == "word" and self._token == "id"):
            return Id()
        self._next()
        self._require("(")
        given: dict[str, str] = {}
        while not self._take(")"):
            member = self._token
            if member not in ("name", "type", "account.id"):
                self._fail()
            self._next()
            self._require(":")
            given[member] = self._string()
            self._take(",")
        return Id(given.get("name"), given.get("type"), given.get("account.id"))

    # -- conditions

    def _annotation(self) -> Node:
        """`annotation.key`, or `annotation[key]`, whose key may be in quotation marks."""
        _, dot, key = self._written.partition(".")
        self._next()
        if not dot:
            self._require("[")
            key = self._string() if self._kind == "string" else self._written
            if self._token != "]":
                self._next()
            self._require("]")
        if not key:
            self._fail()
        operator = self._operator()
        return Annotation(key, operator, self._value()) if operator else Annotation(key)

    def _test(self) -> Node:
        keyword = self._token
        if keyword not in BOOLEANS | NUMBERS | STRINGS:
            raise errors.invalid_filter(f"unknown keyword {self._written}")
        self._next()
        operator = self._operator()
        if not operator:
            return Test(keyword)
        return _checked(Test(keyword, operator, self._value()))

    def _operator(self) -> str:
        token = self._token
        if self._kind == "operator" or (self._kind == "word" and token in _TEXTUAL):
            self._next()
            return token
        return ""

    def _value(self) -> Value:
        """A text, number or truth value; a bare word is a text (`name = traces`)."""
        if self._kind == "string":
            return self._string()
        if self._kind not in ("number", "word"):
            self._fail()
        kind, token, written = self._kind, self._token, self._written
        self._next()
        if kind == "number":
            return float(token)
        return token == "true" if token in ("true", "false") else written

    def _json(self) -> Node:
        """`= #[{...}]`"""
        if not (self._kind == "operator" and self._token == "="):
            self._fail()
        start = self._text.find("#", self._at)
        if start < 0 or self._text[self._at : start].strip():
            self._fail()
        try:
            patterns, self._at = json.JSONDecoder().raw_decode(self._text, start + 1)
        except (ValueError, RecursionError) as error:
            raise errors.invalid_filter("what follows # is not JSON") from error
        self._next()
        listed: list[Any] = patterns if isinstance(patterns, list) else [patterns]
        return RootCauseJson(listed)


def _checked(test: Test) -> Test:
    """Raises InvalidRequestException when the keyword cannot be compared so."""
    keyword, operator, value = test
    if keyword in NUMBERS:
        is_right = isinstance(value, float) and operator in _COMPARISONS
    elif keyword in BOOLEANS:
        is_right = isinstance(value, bool) and operator in ("=", "!=")
    else:
        is_right = isinstance(value, str) and operator in (*_TEXTUAL, "=", "!=")
    if not is_right:
        raise errors.invalid_filter(f"{keyword} cannot be compared with {value!r} by {operator}")
    return test
