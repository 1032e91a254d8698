"""The condition keys that policies ask for: in conditions, and as variables in resources and values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from fogbank.identity.wildcards import Variable, tokens

Document = dict[str, Any]


def of_document(document: Document) -> list[str]:
    """The keys of a policy as it spells them, each once, in their order."""
    return _distinct(
        key for statement in _list(document.get("Statement", [])) for key in of_statement(document, statement)
    )


def of_texts(texts: Iterable[str]) -> list[str]:
    """The keys of several policies (JSON)."""
    return _distinct(key for text in texts for key in of_document(json.loads(text)))


def of_statement(document: Document, statement: Document) -> list[str]:
    """The keys of one of a policy's statements. Policies before 2012 have no variables."""
    variables = document.get("Version") == "2012-10-17"
    keys = [*_variables(statement.get("Resource")), *_variables(statement.get("NotResource"))] if variables else []
    for tests in statement.get("Condition", {}).values():
        for key, values in tests.items():
            keys.append(key)
            keys += _variables(values) if variables else ()
    return _distinct(keys)


def _variables(element: Any) -> Iterator[str]:
    for text in _list(element or []):
        if isinstance(text, str) and "${" in text:
            yield from (_spelled(text, token) for token in tokens(text) if isinstance(token, Variable))


def _spelled(text: str, variable: Variable) -> str:
    """A variable's name as the text has it; tokens are in lower case."""
    start = text.lower().find("${" + variable.key)
    return text[start + 2 : start + 2 + len(variable.key)] if start >= 0 else variable.key


def _distinct(keys: Iterable[str]) -> list[str]:
    """Each once, in whatever case, as it was first spelled."""
    first: dict[str, str] = {}
    for key in keys:
        first.setdefault(key.lower(), key)
    return list(first.values())


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
