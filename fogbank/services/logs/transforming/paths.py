"""Fields of a document by dotted path: `user.name`. Pure."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

ABSENT: Any = object()


def get(document: Document, path: str) -> Any:
    """What is at the path, ABSENT where nothing is."""
    value: Any = document
    for name in path.split("."):
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return ABSENT
    return value


def put(document: Document, path: str, value: Any, overwrite: bool = True) -> None:
    """Put it at the path, with the objects that lead there. What is no object on the way stays as it is."""
    *parents, name = path.split(".")
    for parent in parents:
        inner = document.setdefault(parent, {})
        if not isinstance(inner, dict):
            return
        document = inner
    if overwrite or name not in document:
        document[name] = value


def remove(document: Document, path: str) -> Any:
    """Take away what is at the path, and give it; ABSENT where nothing was."""
    *parents, name = path.split(".")
    parent = get(document, ".".join(parents)) if parents else document
    return parent.pop(name, ABSENT) if isinstance(parent, dict) else ABSENT


def merge(document: Document, path: str | None, fields: Document, overwrite: bool = True) -> None:
    """Put fields at the path, or where there is none into the document itself."""
    if path is not None:
        put(document, path, fields, overwrite)
        return
    for name, value in fields.items():
        if overwrite or name not in document:
            document[name] = value
