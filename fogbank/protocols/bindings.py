"""Where REST members travel outside of the body: path labels, query strings, headers and the status code."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Container, Mapping
from typing import Any

import orjson

from fogbank.http import Request
from fogbank.protocols import scalars
from fogbank.protocols.compiler import Closure
from fogbank.protocols.forms import fields
from fogbank.protocols.model import Shape
from fogbank.protocols.scalars import BadValue, is_json_header, write_blob

# Conditions with a date that is none are as good as absent (RFC 9110, 13.1.3), and so is the date of a cache's business.
_OVERLOOKED = re.compile(r"(\A|-)if-(un)?modified-since\Z|\Aexpires\Z")


class RequestBindings:
    """Reads the members of an input structure that are not in the body."""

    def __init__(self, shape: Shape, literals: Container[str] = ()) -> None:
        self._literals = literals  # names in the query that belong to the path's template
        self._labels: list[tuple[str, str, Closure | None]] = []
        self._queries: dict[str, tuple[str, Closure | None, bool]] = {}
        self._query_map: tuple[str, bool] | None = None
        self._headers: dict[str, tuple[str, Closure | None]] = {}
        self._prefixes: list[tuple[str, str]] = []
        for name, member in shape.members.items():
            wire_name = member.wire_name or name
            if member.location == "uri":
                self._labels.append((name, wire_name, scalars.reader(member)))
            elif member.location == "querystring":
                self._bind_query(name, wire_name, member)
            elif member.location == "header":
                self._headers[wire_name.lower()] = (name, _header_reader(member))
            elif member.location == "headers":
                self._prefixes.append((name, (member.wire_name or "").lower()))

    def _bind_query(self, name: str, wire_name: str, member: Shape) -> None:
        if member.type == "map":
            self._query_map = (name, member.value.type == "list")
        elif member.type == "list":
            self._queries[wire_name] = (name, scalars.reader(member.member), True)
        else:
            self._queries[wire_name] = (name, scalars.reader(member), False)

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        """The members found in a request. Raises BadValue with `member` set to the wire name."""
        params: dict[str, Any] = {}
        for name, label, convert in self._labels:
            if label in uri:
                params[name] = uri[label] if convert is None else _converted(convert, uri[label], label)
        if request.query and (self._queries or self._query_map):
            self._read_query(request.query, params)
        bound = self._headers
        for header, text in request.headers.items():
            entry = bound.get(header)
            if entry is not None:
                name, convert = entry
                if convert is None:
                    params[name] = text
                else:
                    self._read_header(header, text, name, convert, params)
        for name, prefix in self._prefixes:
            self._read_prefix(request.headers, name, prefix, params)
        return params

    @staticmethod
    def _read_header(header: str, text: str, name: str, convert: Closure, params: dict[str, Any]) -> None:
        try:
            params[name] = _converted(convert, text, header)
        except BadValue:
            if not _OVERLOOKED.search(header):
                raise

    def _read_query(self, query: str, params: dict[str, Any]) -> None:
        others: list[tuple[str, str]] = []
        for key, text in fields(query):
            entry = self._queries.get(key)
            if entry is None:
                if key not in self._literals:
                    others.append((key, text))
                continue
            name, convert, is_list = entry
            value = _converted(convert, text, key)
            if is_list:
                params.setdefault(name, []).append(value)
            else:
                params.setdefault(name, value)
        if self._query_map is not None and others:
            name, of_lists = self._query_map
            params[name] = _grouped(others) if of_lists else dict(others)

    @staticmethod
    def _read_prefix(headers: Mapping[str, str], name: str, prefix: str, params: dict[str, Any]) -> None:
        length = len(prefix)
        found = {key[length:]: text for key, text in headers.items() if key.startswith(prefix)}
        if found:
            params[name] = found


class ResponseBindings:
    """Writes the members of an output structure (or an error's) that are not in the body."""

    def __init__(self, shape: Shape) -> None:
        self._headers: dict[str, tuple[str, Closure | None]] = {}
        self._prefixes: dict[str, str] = {}
        self._status: str | None = None
        self.names_content_type = False
        for name, member in shape.members.items():
            wire_name = member.wire_name or name
            if member.location == "header":
                self._headers[name] = (wire_name, _header_writer(member))
                self.names_content_type |= wire_name.lower() == "content-type"
            elif member.location == "headers":
                self._prefixes[name] = member.wire_name or ""
            elif member.location == "statusCode":
                self._status = name

    def status(self, result: Mapping[str, Any], default: int) -> int:
        return int(result.get(self._status) or default) if self._status else default

    def write(self, result: Mapping[str, Any], headers: list[tuple[str, str]]) -> None:
        """Append the headers, in the result's order."""
        bound = self._headers
        for name, value in result.items():
            entry = bound.get(name)
            if entry is not None and value is not None:
                header, convert = entry
                text = value if convert is None else convert(value)
                headers.append((header, text if text.isascii() and text.isprintable() else _one_line(text)))
        for name, prefix in self._prefixes.items():
            more = result.get(name)
            if more:
                headers += [(f"{prefix}{key}", _one_line(text)) for key, text in more.items()]


def _one_line(text: str) -> str:
    """A header's value cannot hold a line break, whoever asks for it; what is not ASCII goes out as UTF-8."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if character < " " else character for character in text).encode().decode("latin-1")


def _converted(convert: Closure | None, text: str, where: str) -> Any:
    if convert is None:
        return text
    try:
        return convert(text)
    except BadValue as error:
        error.member = where
        raise


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, text in pairs:
        groups.setdefault(key, []).append(text)
    return groups


def _header_reader(shape: Shape) -> Closure | None:
    if is_json_header(shape):
        return _read_json_header
    if shape.type != "list":
        return scalars.reader(shape)
    convert = _header_reader(shape.member)
    split = _split_dates if shape.member.type == "timestamp" else split_list
    return split if convert is None else lambda text: [convert(item) for item in split(text)]


def _header_writer(shape: Shape) -> Closure | None:
    if is_json_header(shape):
        return lambda value: write_blob(value if isinstance(value, str | bytes) else orjson.dumps(value))
    if shape.type != "list":
        return scalars.writer(shape, "rfc822")
    convert = _header_writer(shape.member)
    if convert is None:
        return lambda value: ", ".join(map(_quoted, value))
    return lambda value: ", ".join(map(convert, value))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if "," in text or '"' in text else text


def split_list(text: str) -> list[str]:
    """The items of a comma-separated header; an item in double quotes may hold commas and escaped quotes."""
    if '"' not in text:
        return [item.strip() for item in text.split(",")] if text else []
    items: list[str] = []
    current: list[str] = []
    quoted = escaped = False
    for character in text:
        if escaped:
            current.append(character)
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            items.append("".join(current).strip())
            current = []
        else:
            current.append(character)
    return [*items, "".join(current).strip()]


def _split_dates(text: str) -> list[str]:
    """Dates of the form `Mon, 12 Oct 2009 17:50:30 GMT` hold a comma of their own."""
    parts = split_list(text)
    if len(parts) > 1 and len(parts[0]) == 3:
        return [f"{day}, {rest}" for day, rest in zip(parts[::2], parts[1::2], strict=False)]
    return parts


def _read_json_header(text: str) -> Any:
    try:
        return orjson.loads(b64decode(text, validate=True))
    except ValueError as error:
        raise BadValue("A header's value is no base64 of a JSON document", "Json", text) from error
