"""Records as the answer has them: CSV or JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fogbank.services.s3.select.requests import CSVOutput, JSONOutput
from fogbank.services.s3.select.values import MISSING, json_of, text_of

Write = Callable[[Sequence[str], Sequence[Any]], bytes]


def writer(form: CSVOutput | JSONOutput) -> Write:
    """What writes a record of those names and values."""
    return _csv(form) if isinstance(form, CSVOutput) else _json(form)


def _json(form: JSONOutput) -> Write:
    """What is MISSING is left out."""
    end = form.record_delimiter.encode()

    def write(names: Sequence[str], values: Sequence[Any]) -> bytes:
        members = {name: value for name, value in zip(names, values, strict=True) if value is not MISSING}
        return json_of(members) + end

    return write


def _csv(form: CSVOutput) -> Write:
    quote, escape = form.quote, form.escape
    special = (form.delimiter, form.record_delimiter, quote, "\n", "\r")

    def field(value: Any) -> str:
        text = text_of(value)
        if not form.always_quoted and not any(each in text for each in special):
            return text
        if escape != quote:
            text = text.replace(escape, escape * 2)
        return f"{quote}{text.replace(quote, escape + quote)}{quote}"

    def write(names: Sequence[str], values: Sequence[Any]) -> bytes:
        return (form.delimiter.join(map(field, values)) + form.record_delimiter).encode("utf-8", "surrogatepass")

    return write
