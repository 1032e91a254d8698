"""XML documents: responses written by closures that append text to a list, and request bodies read."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any

from fogbank.protocols import scalars
from fogbank.protocols.compiler import AGGREGATES, Closure, ShapeCompiler
from fogbank.protocols.model import Shape
from fogbank.protocols.scalars import BadValue

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
XSI = "http://www.w3.org/2001/XMLSchema-instance"

Append = Callable[[str], None]
Convert = Callable[[Any], str]

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028]")


def escape(text: str) -> str:
    """Text for an element or an attribute. Control characters become references, as S3 writes them."""
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if '"' in text:
        text = text.replace('"', "&quot;")
    return text if text.isprintable() else _CONTROL.sub(_reference, text)  # isprintable is quicker than the search


def _reference(match: re.Match[str]) -> str:
    return f"&#x{ord(match.group()):x};"


def malformed(error: Exception) -> BadValue:
    return BadValue(f"Unparseable XML document: {error}", "Xml")


def parse_document(body: bytes) -> Element:
    """The root of a document. Document types are refused, and with them entities and their expansion. Raises BadValue.

    The parser is told UTF-8 whatever the document says of itself, so that the search below sees what it sees.
    """
    from xml.etree.ElementTree import ParseError, XMLParser

    if b"<!DOCTYPE" in body:
        raise BadValue("Document types are not allowed", "Xml")
    parser = XMLParser(encoding="utf-8")
    try:
        parser.feed(body)
        return parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise malformed(error) from error


def local_name(tag: str) -> str:
    return tag.rpartition("}")[2] if tag[:1] == "{" else tag


class _Escaped(dict[str, str]):
    """Texts escaped in advance; any other is when it is looked up."""

    def __missing__(self, text: str) -> str:
        return escape(text)


class XmlWriter(ShapeCompiler):
    """Closures `(value, element name, append)` that write one element (a flattened list: one for each item)."""

    def __init__(self, timestamp_format: str) -> None:
        super().__init__()
        self._timestamp_format = timestamp_format

    def key(self, shape: Shape) -> Hashable:
        return (shape.name, bool(shape.get("flattened")), _namespace(shape))

    def structure(self, shape: Shape) -> Closure:
        contents = self.contents(shape)
        namespace = _namespace(shape)
        attributes = [
            (name, member.wire_name or name) for name, member in shape.members.items() if member.get("xmlAttribute")
        ]

        def write(value: dict[str, Any], name: str, append: Append) -> None:
            append(f"<{name}{namespace}>")
            contents(value, append)
            append(f"</{name}>")

        def write_with_attributes(value: dict[str, Any], name: str, append: Append) -> None:
            present = [(attribute, value[member]) for member, attribute in attributes if value.get(member) is not None]
            written = "".join(f' {attribute}="{escape(text)}"' for attribute, text in present)
            append(f"<{name}{namespace}{written}>")
            contents(value, append)
            append(f"</{name}>")

        return write_with_attributes if attributes else write

    def contents(self, shape: Shape) -> Callable[[dict[str, Any], Append], None]:
        """A writer of a structure's members without an element around them, in the model's order."""
        entries = list(self._entries(shape))

        def write(value: dict[str, Any], append: Append) -> None:
            get = value.get
            for name, opening, closing, convert in entries:
                item = get(name)
                if item is None:
                    continue
                if closing:  # a scalar, written here to save a call
                    append(f"{opening}{convert(item)}{closing}")
                else:
                    convert(item, opening, append)

        return write

    def _entries(self, shape: Shape) -> Iterator[tuple[str, str, str, Closure]]:
        """For each member: its name, its tags and conversion if it is a scalar, else its element's name, nothing and its writer."""
        for name, member in shape.members.items():
            if member.location is not None or member.get("xmlAttribute") or member.is_event_stream:
                continue
            element = _element_name(name, member)
            if member.type in AGGREGATES:
                writer = self.closure(member)
                assert writer is not None
                yield name, element, "", writer
            else:
                yield name, f"<{element}{_namespace(member)}>", f"</{element}>", self._convert(member)

    def _convert(self, shape: Shape) -> Convert:
        if shape.get("enum"):
            return _Escaped((value, escape(value)) for value in shape.get("enum")).__getitem__
        return scalars.writer(shape, self._timestamp_format) or escape

    def list(self, shape: Shape) -> Closure:
        write_item = self.closure(shape.member)
        assert write_item is not None
        if shape.get("flattened"):

            def write_flat(value: Any, name: str, append: Append) -> None:
                for item in value:
                    write_item(item, name, append)

            return write_flat

        item_name = shape.member.wire_name or "member"
        namespace = _namespace(shape)

        def write(value: Any, name: str, append: Append) -> None:
            append(f"<{name}{namespace}>")
            for item in value:
                write_item(item, item_name, append)
            append(f"</{name}>")

        return write

    def map(self, shape: Shape) -> Closure:
        write_key, write_value = self.closure(shape.key), self.closure(shape.value)
        assert write_key is not None and write_value is not None
        key_name = shape.key.wire_name or "key"
        value_name = shape.value.wire_name or "value"

        def write_entry(key: Any, item: Any, name: str, append: Append) -> None:
            append(f"<{name}>")
            write_key(key, key_name, append)
            write_value(item, value_name, append)
            append(f"</{name}>")

        def write_flat(value: dict[Any, Any], name: str, append: Append) -> None:
            for key, item in value.items():
                write_entry(key, item, name, append)

        def write(value: dict[Any, Any], name: str, append: Append) -> None:
            append(f"<{name}>")
            for key, item in value.items():
                write_entry(key, item, "entry", append)
            append(f"</{name}>")

        return write_flat if shape.get("flattened") else write

    def scalar(self, shape: Shape) -> Closure:
        convert = self._convert(shape)
        namespace = _namespace(shape)

        def write(value: Any, name: str, append: Append) -> None:
            append(f"<{name}{namespace}>{convert(value)}</{name}>")

        return write


def _element_name(name: str, member: Shape) -> str:
    """A flattened list's items are named by the list's member where that has a name."""
    if member.type == "list" and member.get("flattened"):
        return member.member.wire_name or member.wire_name or name
    return member.wire_name or name


def _namespace(shape: Shape) -> str:
    namespace = shape.get("xmlNamespace")
    if not namespace:
        return ""
    if isinstance(namespace, str):
        return f' xmlns="{escape(namespace)}"'
    prefix = namespace.get("prefix")
    return f' xmlns{":" + prefix if prefix else ""}="{escape(namespace["uri"])}"'


class XmlReader(ShapeCompiler):
    """Closures that turn elements into values. Unknown elements are passed over. Raises BadValue."""

    def key(self, shape: Shape) -> Hashable:
        return (shape.name, bool(shape.get("flattened")))

    def structure(self, shape: Shape) -> Closure:
        members: dict[str, tuple[str, Closure, bool]] = {}
        for name, member in shape.members.items():
            if member.location is None and not member.get("xmlAttribute"):
                flattened = bool(member.get("flattened")) and member.type in ("list", "map")
                closure = self.closure(member)
                assert closure is not None
                members[_element_name(name, member)] = (name, closure, flattened)
        attributes = {
            (member.wire_name or name).rpartition(":")[2]: name
            for name, member in shape.members.items()
            if member.get("xmlAttribute")
        }

        def read(element: Element) -> dict[str, Any]:
            result: dict[str, Any] = {}
            for child in element:
                entry = members.get(local_name(child.tag))
                if entry is None:
                    continue
                name, convert, flattened = entry
                if flattened:
                    convert(child, result, name)
                else:
                    result[name] = convert(child)
            if attributes:
                for attribute, text in element.items():
                    if local_name(attribute) in attributes:
                        result[attributes[local_name(attribute)]] = text
            return result

        return read

    def list(self, shape: Shape) -> Closure:
        convert = self.closure(shape.member)
        assert convert is not None
        if shape.get("flattened"):
            return lambda element, result, name: result.setdefault(name, []).append(convert(element))
        return lambda element: [convert(child) for child in element]

    def map(self, shape: Shape) -> Closure:
        read_entry = self._entry(shape)
        if shape.get("flattened"):
            return lambda element, result, name: result.setdefault(name, {}).update([read_entry(element)])
        return lambda element: dict(map(read_entry, element))

    def _entry(self, shape: Shape) -> Callable[[Element], tuple[Any, Any]]:
        read_key, read_value = self.closure(shape.key), self.closure(shape.value)
        assert read_key is not None and read_value is not None
        key_name = shape.key.wire_name or "key"
        value_name = shape.value.wire_name or "value"

        def read(element: Element) -> tuple[Any, Any]:
            parts = {local_name(child.tag): child for child in element}
            if key_name not in parts or value_name not in parts:
                raise BadValue(f"A map entry needs <{key_name}> and <{value_name}>", "Xml")
            return read_key(parts[key_name]), read_value(parts[value_name])

        return read

    def scalar(self, shape: Shape) -> Closure:
        convert = scalars.reader(shape)
        if convert is None:
            return lambda element: element.text or ""
        return lambda element: convert((element.text or "").strip())
