"""Objects as records: what a query reads, one kind for each format.

A source gives its `records`, says how to read a path off one (`locate`, once it is open), and what all of one is (`whole`: names
and values).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Protocol

from fogbank.services.s3.select import errors
from fogbank.services.s3.select.inputs import RECORD_BYTES, lines
from fogbank.services.s3.select.requests import CSVInput
from fogbank.services.s3.select.syntax import Query, Step, Steps
from fogbank.services.s3.select.values import MISSING

Whole = tuple[Sequence[str], Sequence[Any]]
Locate = Callable[[Steps], Callable[[Any], Any]]

_POSITION = re.compile(r"_(\d+)", re.ASCII)


class Source(Protocol):
    def open(self) -> None:
        """Read as far as is needed to know the columns."""

    def records(self) -> Iterator[Any]: ...

    def locate(self, steps: Steps) -> Callable[[Any], Any]: ...

    def whole(self, record: Any) -> Whole: ...


def binding_of(query: Query) -> str:
    """The name under which an expression knows a record: its alias, else the last name of the path, else S3Object."""
    last = query.path[-1].name if query.path and not query.path[-1].wildcard else ""
    return query.alias or last or "S3Object"


# -- CSV


class CSVSource:
    """Records are lists of texts."""

    def __init__(self, blocks: Iterator[bytes], header: Iterator[bytes] | None, form: CSVInput, binding: str) -> None:
        self._form = form
        self._rows = self._split(blocks)
        self._header_rows = self._rows if header is None else self._split(header)
        self._binding = Step(binding)
        self._names: list[str] = []

    def open(self) -> None:
        if self._form.header == "NONE":
            return
        first = next(self._header_rows, [])
        if self._form.header == "USE":
            self._names = first

    def records(self) -> Iterator[list[str]]:
        return self._rows

    def locate(self, steps: Steps) -> Callable[[list[str]], Any]:
        if len(steps) > 1:
            if not _is_binding(steps[0], self._binding):
                raise errors.refusal(
                    "InvalidTableAlias" if len(steps) == 2 else "InvalidKeyPath", f"Name: {steps[0].name}"
                )
            steps = steps[1:]
        if len(steps) > 1 or steps[0].wildcard or steps[0].index is not None:
            raise errors.refusal("InvalidKeyPath")
        index = self._index(steps[0])
        return lambda record: record[index] if index < len(record) else MISSING

    def _index(self, step: Step) -> int:
        found = [index for index, name in enumerate(self._names) if step.matches(name)]
        if len(found) > 1:
            raise errors.refusal("AmbiguousFieldName", f"Name: {step.name}")
        if found:
            return found[0]
        position = _POSITION.fullmatch(step.name)
        if position is None:
            raise errors.refusal("MissingHeaders", f"Name: {step.name}")
        if int(position[1]) == 0:
            raise errors.refusal("InvalidColumnIndex")
        return int(position[1]) - 1

    def whole(self, record: list[str]) -> Whole:
        names = self._names[: len(record)]
        return [*names, *(f"_{number + 1}" for number in range(len(names), len(record)))], record

    def _split(self, blocks: Iterator[bytes]) -> Iterator[list[str]]:
        form = self._form
        texts = lines(blocks, form.record_delimiter.encode())
        if form.record_delimiter == "\n":
            texts = (text.removesuffix("\r") for text in texts)
        if form.quoted_delimiters and form.quote:
            texts = _joined(texts, form)
        fields = _fields_of(form)
        for number, text in enumerate(texts):
            text = text.removeprefix("\ufeff") if number == 0 else text
            if text and not (form.comment and text.startswith(form.comment)):
                yield text.split(form.delimiter) if form.quote not in text else fields(text)


def _joined(texts: Iterator[str], form: CSVInput) -> Iterator[str]:
    """Texts put together again that were split within quotes."""
    pending: list[str] = []
    size = 0
    is_open = False
    for text in texts:
        quotes = text.count(form.quote)
        if form.escape != form.quote:
            quotes -= text.count(form.escape + form.quote)
        is_open ^= quotes % 2 == 1
        pending.append(text)
        size += len(text)
        if not is_open:
            yield form.record_delimiter.join(pending)
            pending, size = [], 0
        elif size > RECORD_BYTES:
            raise errors.refusal("OverMaxRecordSize")
    if pending:
        yield form.record_delimiter.join(pending)


def _fields_of(form: CSVInput) -> Callable[[str], list[str]]:
    """What splits a record that has quotes."""
    quote, escape = re.escape(form.quote or "\0"), re.escape(form.escape)
    delimiter = re.escape(form.delimiter)
    within = f"(?:{escape}{quote}|[^{quote}])*" if form.escape == form.quote else f"(?:{escape}.|[^{quote}{escape}])*"
    field = re.compile(f"{quote}({within})(?:{quote}|$)((?:(?!{delimiter}).)*)|((?:(?!{delimiter}).)*)", re.DOTALL)
    unescape = re.compile(f"{escape}({quote}|{escape})" if form.escape != form.quote else quote * 2)

    def split(text: str) -> list[str]:
        found: list[str] = []
        at = 0
        while True:
            match = field.match(text, at)
            assert match is not None
            if match[1] is None:
                found.append(match[3])
            else:
                found.append(unescape.sub(lambda escaped: escaped[0][-1], match[1]) + match[2])
            at = match.end() + len(form.delimiter)
            if match.end() >= len(text):
                return found

    return split


# -- JSON


class JSONSource:
    """Records are JSON values: those of the object, or those that the path of the FROM clause leads to."""

    def __init__(self, blocks: Iterator[bytes], kind: str, query: Query) -> None:
        self._values = _json_lines(blocks) if kind == "LINES" else _json_documents(blocks)
        self._path = query.path
        self._names = [Step(binding_of(query)), Step("_1")] if query.path else [Step(binding_of(query))]

    def open(self) -> None:
        """JSON has no columns to know."""

    def records(self) -> Iterator[Any]:
        if not self._path:
            return self._values
        return (record for value in self._values for record in _walk_all(value, self._path))

    def locate(self, steps: Steps) -> Callable[[Any], Any]:
        if any(_is_binding(steps[0], name) for name in self._names):
            steps = steps[1:]
        return located(steps)

    def whole(self, record: Any) -> Whole:
        return whole_of(record)


def _is_binding(step: Step, binding: Step) -> bool:
    return step.index is None and not step.wildcard and step.matches(binding.name)


def located(steps: Steps) -> Callable[[Any], Any]:
    """What reads a path off a value of dicts and lists. A wildcard in it gives a list."""

    def read(record: Any) -> Any:
        found = list(_walk(record, steps))
        if not any(step.wildcard for step in steps):
            return found[0] if found else MISSING
        return found

    return read


def whole_of(record: Any) -> Whole:
    if isinstance(record, dict):
        return list(record), list(record.values())
    return ([], []) if record is MISSING else (["_1"], [record])


def _walk_all(value: Any, steps: Steps) -> Iterator[Any]:
    """A path of the FROM clause gives at least one record, MISSING if there is nothing."""
    found = False
    for record in _walk(value, steps):
        found = True
        yield record
    if not found:
        yield MISSING


def _walk(value: Any, steps: Steps) -> Iterator[Any]:
    if not steps:
        yield value
        return
    for member in _members(value, steps[0]):
        yield from _walk(member, steps[1:])


def _members(value: Any, step: Step) -> Sequence[Any]:
    if isinstance(value, list):
        if step.wildcard:
            return value
        return value[step.index : step.index + 1] if step.index is not None else ()
    if not isinstance(value, dict) or step.index is not None:
        return ()
    if step.wildcard:
        return list(value.values())
    if step.name in value:
        return (value[step.name],)
    return next(((member,) for name, member in value.items() if step.matches(name)), ())


def _integer(text: str) -> int | Decimal:
    """Beyond 64 bits an integer is a decimal."""
    return int(text) if len(text) < 19 else Decimal(text)


_decoder = json.JSONDecoder(parse_float=Decimal, parse_int=_integer)


def _json_lines(blocks: Iterator[bytes]) -> Iterator[Any]:
    for text in lines(blocks, b"\n"):
        if text and not text.isspace():
            yield _json_value(text)


def _json_value(text: str) -> Any:
    try:
        return _decoder.decode(text)
    except (ValueError, RecursionError):
        raise errors.refusal("JSONParsingError") from None


_BLANK = re.compile(r"[\s,]*")


def _json_documents(blocks: Iterator[bytes]) -> Iterator[Any]:
    """Values that follow one another, on any number of lines each."""
    text, at, wanted = "", 0, 0
    for piece in _texts(blocks):
        text, at = text[at:] + piece, 0
        if len(text) < wanted:
            continue
        while (value := _next_document(text, at)) is not None:
            yield value[0]
            at = value[1]
        wanted = 2 * (len(text) - at)  # a large document is tried again when there is twice as much of it
    while (value := _next_document(text, at)) is not None:
        yield value[0]
        at = value[1]
    if _BLANK.sub("", text[at:]):
        raise errors.refusal("JSONParsingError")


def _next_document(text: str, at: int) -> tuple[Any, int] | None:
    """A value and where it ends; None when there is no whole one. A number at the end may go on: it counts with the rest."""
    blank = _BLANK.match(text, at)
    begin = blank.end() if blank else at
    try:
        return _decoder.raw_decode(text, begin)
    except (ValueError, RecursionError):
        return None


def _texts(blocks: Iterator[bytes]) -> Iterator[str]:
    """Decoded text, however the blocks cut its characters. Raises InvalidTextEncoding."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        for block in blocks:
            yield decoder.decode(block)
        yield decoder.decode(b"", True)
    except UnicodeDecodeError:
        raise errors.refusal("InvalidTextEncoding") from None
