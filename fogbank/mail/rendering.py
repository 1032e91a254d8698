"""Templates: the part of Handlebars that SES has. Pure.

Values, also by paths (`{{order.id}}`, `{{../name}}`, `{{this}}`), `#if` with `else`, `#unless`, `#each` (with `@index`, `@key`, `@first`,
`@last`), `#with`, comments, inline partials. As on AWS nothing is escaped, and a value that is not there cannot be rendered.
https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-advanced.html
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

_COMMENT = "{{!--"
_BRACES = ((_COMMENT, "--}}"), ("{{{", "}}}"), ("{{", "}}"))
_BLANKS = re.compile(r"\s*")
# A rendering keeps everybody else waiting, so it has an end: so many values and texts, or as many kB.
_MOST_EFFORT = 500_000
_BLOCKS = ("if", "unless", "each", "with")
_INLINE = re.compile(r"\*\s*inline\s+[\"']([^\"']+)[\"']")


class BadTemplate(ValueError):
    """It is no template. The text says why."""


class MissingValue(ValueError):
    """The data have no value for something. The text is AWS's."""


class Text(NamedTuple):
    text: str


class Value(NamedTuple):
    path: str


class Partial(NamedTuple):
    name: str


class Block(NamedTuple):
    kind: str
    argument: str
    body: list[Any]
    otherwise: list[Any]


class Scope(NamedTuple):
    """What paths are looked up in: the value of the innermost block, those around it, and `@index` and its like."""

    value: Any
    outer: Scope | None = None
    marks: dict[str, Any] = {}


def parse(template: str) -> list[Any]:
    """Raises BadTemplate."""
    return _parsed(template)[0]


def _parsed(template: str) -> tuple[list[Any], dict[str, list[Any]]]:
    """The nodes, and those of the inline partials. Raises BadTemplate."""
    parser = _Parser(template)
    try:
        return parser.nodes(""), parser.partials
    except RecursionError:
        raise BadTemplate("Blocks are nested too deeply.") from None


def render(template: str, data: Any) -> str:
    """Raises BadTemplate, MissingValue."""
    nodes, partials = _parsed(template)
    try:
        return _Writer(partials).written(nodes, Scope(data))
    except RecursionError:
        raise BadTemplate("Blocks are nested too deeply.") from None


class _Parser:
    def __init__(self, template: str) -> None:
        self.partials: dict[str, list[Any]] = {}
        self._parts = self._split(template)
        self._place = 0
        self._ended_by = ""

    def _split(self, template: str) -> list[Text | str]:
        """Texts, and what is in braces as str."""
        parts: list[Text | str] = []
        place = 0
        while (start := template.find("{{", place)) >= 0:
            opening, closing = next(each for each in _BRACES if template.startswith(each[0], start))
            end = template.find(closing, start + len(opening))
            if end < 0:
                raise BadTemplate("Template contains an expression that is not closed.")
            inner = template[start + len(opening) : end]
            is_plain = opening == "{{"
            text = template[place:start]
            parts.append(Text(text.rstrip() if is_plain and inner.startswith("~") else text))
            place = end + len(closing)
            if is_plain and inner.endswith("~"):
                place = _BLANKS.match(template, place).end()  # type: ignore[union-attr]
            if opening != _COMMENT:
                parts.append((inner.strip("~") if is_plain else inner).strip())
        parts.append(Text(template[place:]))
        return [part for part in parts if part != Text("") and not (isinstance(part, str) and part.startswith("!"))]

    def nodes(self, block: str) -> list[Any]:
        """What is up to the end of the block, or up to its `else`."""
        found: list[Any] = []
        while self._place < len(self._parts):
            part = self._parts[self._place]
            self._place += 1
            if isinstance(part, Text):
                found.append(part)
            elif part == "else" or part.startswith("/"):
                self._end(part, block)
                return found
            else:
                self._take(part, found)
        if block:
            raise BadTemplate(f"Block {block} is not closed.")
        return found

    def _end(self, part: str, block: str) -> None:
        if not block or (part != "else" and part[1:].strip() != block):
            raise BadTemplate(f"Unexpected {part}.")
        self._ended_by = part

    def _take(self, part: str, found: list[Any]) -> None:
        if not part.startswith("#"):
            found.append(Partial(part[1:].strip()) if part.startswith(">") else Value(_path(part)))
            return
        if inline := _INLINE.fullmatch(part[1:].strip()):
            self.partials[inline.group(1)] = self.nodes("inline")
            return
        kind, _, argument = part[1:].strip().partition(" ")
        if kind not in _BLOCKS:
            raise BadTemplate(f"Unknown block {kind}.")
        body, otherwise = self.nodes(kind), list[Any]()
        if self._ended_by == "else":
            otherwise = self.nodes(kind)
        found.append(Block(kind, _path(argument.strip()), body, otherwise))


def _path(text: str) -> str:
    if not text or re.search(r"[\s#{}]", text):
        raise BadTemplate(f"Not an expression: {text}")
    return text


class _Writer:
    def __init__(self, partials: dict[str, list[Any]]) -> None:
        self._partials = partials
        self._effort = 0

    def written(self, nodes: list[Any], scope: Scope) -> str:
        return "".join(self._one(node, scope) for node in nodes)

    def _spend(self, effort: int) -> None:
        self._effort += effort
        if self._effort > _MOST_EFFORT:
            raise BadTemplate("The template takes too long.")

    def _one(self, node: Any, scope: Scope) -> str:
        found = self._of(node, scope)
        self._spend(1 + len(found) // 1024)
        return found

    def _of(self, node: Any, scope: Scope) -> str:
        if isinstance(node, Text):
            return node.text
        if isinstance(node, Value):
            return _text(_looked_up(node.path, scope))
        if isinstance(node, Partial):
            if node.name not in self._partials:
                raise MissingValue(f"Partial '{node.name}' is not present in the template.")
            return self.written(self._partials[node.name], scope)
        return self._block(node, scope)

    def _block(self, block: Block, scope: Scope) -> str:
        value = _looked_up(block.argument, scope, needed=False)
        if block.kind in ("if", "unless"):
            chosen = block.body if bool(value) == (block.kind == "if") else block.otherwise
            return self.written(chosen, scope)
        if not value or (block.kind == "each" and not isinstance(value, dict | list)):
            return self.written(block.otherwise, scope)
        if block.kind == "with":
            return self.written(block.body, Scope(value, scope))
        items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        last = len(items) - 1
        return "".join(
            self.written(
                block.body,
                Scope(item, scope, {"@index": nth, "@key": key, "@first": nth == 0, "@last": nth == last}),
            )
            for nth, (key, item) in enumerate(items)
        )


_MISSING = object()


def _looked_up(path: str, scope: Scope, needed: bool = True) -> Any:
    """Raises MissingValue when it is needed and not there."""
    rest, place = path, scope
    while rest.startswith("../"):
        rest, place = rest[3:], place.outer or place
    if rest.startswith("@"):
        found: Any = place.marks.get(rest, _MISSING)
    else:
        found = _member(rest, place)
    if found is _MISSING and needed:
        raise MissingValue(f"Attribute '{path}' is not present in the rendering data.")
    return None if found is _MISSING else found


def _member(path: str, scope: Scope) -> Any:
    names = [name for name in re.split(r"[./]", path.replace("[", ".").replace("]", "")) if name not in ("", "this")]
    value: Any = scope.value
    for name in names:
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return _MISSING
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value)
