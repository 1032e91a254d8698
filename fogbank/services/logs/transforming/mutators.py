"""Processors that change the fields of a document. Each is a function of its settings and the document, which it changes. Pure.

What they do not find they leave alone.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-JSONMutate.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fogbank.services.logs.transforming import dates, paths
from fogbank.services.logs.transforming.paths import ABSENT, Document

Settings = dict[str, Any]
Mutator = Callable[[Settings, Document], None]


def _overwrites(entry: Settings) -> bool:
    return bool(entry.get("overwriteIfExists", False))


# -- keys


def _add(settings: Settings, document: Document) -> None:
    for entry in settings["entries"]:
        paths.put(document, entry["key"], entry["value"], _overwrites(entry))


def _delete(settings: Settings, document: Document) -> None:
    for key in settings["withKeys"]:
        paths.remove(document, key)


def _move(settings: Settings, document: Document) -> None:
    for entry in settings["entries"]:
        _moved(document, entry["source"], entry["target"], _overwrites(entry))


def _rename(settings: Settings, document: Document) -> None:
    for entry in settings["entries"]:
        _moved(document, entry["key"], entry["renameTo"], _overwrites(entry))


def _moved(document: Document, source: str, target: str, overwrite: bool) -> None:
    value = paths.get(document, source)
    if value is ABSENT or (not overwrite and paths.get(document, target) is not ABSENT):
        return
    paths.remove(document, source)
    paths.put(document, target, value)


def _copy(settings: Settings, document: Document) -> None:
    for entry in settings["entries"]:
        value = paths.get(document, entry["source"])
        if value is not ABSENT:
            paths.put(document, entry["target"], value, _overwrites(entry))


def _list_to_map(settings: Settings, document: Document) -> None:
    """Objects of a list, under the value that each has at `key`; with `flatten` one of them instead of a list of all."""
    items = paths.get(document, settings["source"])
    if not isinstance(items, list):
        return
    lists: dict[str, list[Any]] = {}
    for item in items:
        if isinstance(item, dict) and settings["key"] in item:
            value = item.get(settings["valueKey"]) if "valueKey" in settings else item
            lists.setdefault(str(item[settings["key"]]), []).append(value)
    which = 0 if settings.get("flattenedElement", "first") == "first" else -1
    found = {key: values[which] if settings.get("flatten") else values for key, values in lists.items()}
    paths.merge(document, settings.get("target"), found)


# -- texts


def _on_texts(change: Callable[[str], str]) -> Mutator:
    def mutate(settings: Settings, document: Document) -> None:
        for key in settings["withKeys"]:
            value = paths.get(document, key)
            if isinstance(value, str):
                paths.put(document, key, change(value))

    return mutate


def _split(settings: Settings, document: Document) -> None:
    for entry in settings["entries"]:
        value = paths.get(document, entry["source"])
        if isinstance(value, str):
            paths.put(document, entry["source"], value.split(entry["delimiter"]))


def _substitute(settings: Settings, document: Document) -> None:
    for entry in settings["entries"]:
        value = paths.get(document, entry["source"])
        if isinstance(value, str):
            paths.put(document, entry["source"], re.sub(entry["from"], replacement(entry["to"]), value))


def replacement(text: str) -> str:
    """What Java writes as `$1` or `${name}`, as Python does."""
    return re.sub(r"\$(?:(\d+)|\{(\w+)\})", lambda found: rf"\g<{found[1] or found[2]}>", text.replace("\\", "\\\\"))


# -- types

_BOOLEANS = {"true": True, "false": False}
_TYPES: dict[str, Callable[[Any], Any]] = {
    "integer": lambda value: int(float(value)) if isinstance(value, str) else int(value),
    "double": float,
    "string": lambda value: (
        value if isinstance(value, str) else ("true" if value else "false") if isinstance(value, bool) else str(value)
    ),
    "boolean": lambda value: _BOOLEANS[str(value).lower()],
}


def _convert(settings: Settings, document: Document) -> None:
    for entry in settings["entries"]:
        value = paths.get(document, entry["key"])
        if value is ABSENT:
            continue
        try:
            paths.put(document, entry["key"], _TYPES[entry["type"]](value))
        except (ValueError, TypeError, KeyError, OverflowError):
            continue


def _convert_date(settings: Settings, document: Document) -> None:
    value = paths.get(document, settings["source"])
    if value is ABSENT:
        return
    source, target = dates.zone(settings.get("sourceTimezone")), dates.zone(settings.get("targetTimezone"))
    for pattern in settings["matchPatterns"]:
        moment = dates.parse(str(value), pattern, source)
        if moment is not None:
            shown = dates.show(moment.astimezone(target), settings.get("targetFormat") or dates.DEFAULT_FORMAT)
            paths.put(document, settings["target"], shown)
            return


MUTATORS: dict[str, Mutator] = {
    "addKeys": _add,
    "deleteKeys": _delete,
    "moveKeys": _move,
    "renameKeys": _rename,
    "copyValue": _copy,
    "listToMap": _list_to_map,
    "lowerCaseString": _on_texts(str.lower),
    "upperCaseString": _on_texts(str.upper),
    "trimString": _on_texts(str.strip),
    "splitString": _split,
    "substituteString": _substitute,
    "typeConverter": _convert,
    "dateTimeConverter": _convert_date,
}
