"""A transformer: processors, one after the other, over a document that begins as the message. Pure."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from fogbank.services.logs.transforming import dates, grok, paths
from fogbank.services.logs.transforming.mutators import MUTATORS
from fogbank.services.logs.transforming.parsers import PARSERS, VENDED
from fogbank.services.logs.transforming.paths import Document

_MESSAGE = "@message"
_PARSERS_MOST = 5
Processor = dict[str, Any]


class InvalidTransformer(ValueError):
    """Processors that CloudWatch Logs would not take."""


def check(processors: list[Processor]) -> None:
    """Raises InvalidTransformer."""
    names = [_name(each) for each in processors]
    for name in names:
        if name not in PARSERS and name not in MUTATORS:
            raise InvalidTransformer(f"Fogbank does not implement the processor {name}")
    if names[0] not in PARSERS:
        raise InvalidTransformer("The first processor must be a parser")
    if sum(name in PARSERS for name in names) > _PARSERS_MOST:
        raise InvalidTransformer(f"A transformer can have no more than {_PARSERS_MOST} parsers")
    if any(name in VENDED for name in names[1:]):
        raise InvalidTransformer(
            "A parser of an AWS service's logs has to be the first processor, and the only one of its kind"
        )
    for each in processors:
        _check_settings(each)


def _name(processor: Processor) -> str:
    if len(processor) != 1:
        raise InvalidTransformer("Each element must have exactly one processor")
    return next(iter(processor))


def _check_settings(processor: Processor) -> None:
    try:
        if "grok" in processor:
            grok.compiled(processor["grok"]["match"])
        if "dateTimeConverter" in processor:
            _check_dates(processor["dateTimeConverter"])
        for entry in processor.get("substituteString", {}).get("entries", []):
            re.compile(entry["from"])
        for entry in processor.get("typeConverter", {}).get("entries", []):
            if entry["type"] not in ("boolean", "integer", "double", "string"):
                raise InvalidTransformer(f"unknown type {entry['type']}")
    except (grok.InvalidGrok, dates.InvalidDate, re.error) as error:
        raise InvalidTransformer(str(error)) from None


def _check_dates(settings: Document) -> None:
    for pattern in (*settings["matchPatterns"], settings.get("targetFormat") or dates.DEFAULT_FORMAT):
        if pattern.lower() != "epoch":
            dates.check(pattern)
    dates.zone(settings.get("sourceTimezone"))
    dates.zone(settings.get("targetTimezone"))


def transformed(processors: list[Processor], message: str, about: Document | None = None) -> Document | None:
    """The document that a message becomes; None where a parser cannot read it. `about` are fields that can be copied from."""
    document: Document = {_MESSAGE: message, **(about or {})}
    for processor in processors:
        ((name, settings),) = processor.items()
        if name in MUTATORS:
            MUTATORS[name](settings, document)
        elif not _parse(name, settings, document):
            return None
    return {name: value for name, value in document.items() if name != _MESSAGE and name not in (about or {})}


def _parse(name: str, settings: Document, document: Document) -> bool:
    source = paths.get(document, settings.get("source") or _MESSAGE)
    found = PARSERS[name](settings, source) if isinstance(source, str) else None
    if found is None:
        return False
    overwrite = name != "parseKeyValue" or bool(settings.get("overwriteIfExists", False))
    paths.merge(document, settings.get("destination"), found, overwrite)
    return True


@lru_cache(maxsize=256)
def of_document(document: str) -> tuple[Processor, ...]:
    """The processors of a document that is kept."""
    return tuple(json.loads(document))
