"""Checks of actions: are there such, and is any named twice?"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from fogbank.identity import reference
from fogbank.services.accessanalyzer.globs import within
from fogbank.services.accessanalyzer.validation.tree import Document, Place, Statement
from fogbank.services.accessanalyzer.validation.wording import Finding, finding

# How alike a name has to be to be what was meant.
_LIKENESS = 0.8


def check(document: Document) -> Iterator[Finding]:
    for statement in document.statements:
        for name in ("Action", "NotAction"):
            actions = statement.texts(name)
            for action in actions:
                yield from _exists(action)
            yield from _redundant(statement, name, actions)


def _exists(place: Place) -> Iterator[Finding]:
    action = place.value
    if action == "*":
        return
    vendor, colon, name = action.partition(":")
    known = reference.service(vendor)
    if not colon:
        yield finding("INVALID_ACTION", place.spot, action=action, hint="")
    elif known is None:
        hint = _hint(vendor.lower(), list(reference.prefixes()), "")
        yield finding("INVALID_SERVICE_IN_ACTION", place.spot, service=action, hint=hint)
    elif next(known.matching(name), None) is None:
        names = {key: found.name for key, found in known.actions.items()}
        closest = difflib.get_close_matches(name.lower(), names, 1, _LIKENESS)
        hint = f" Did you mean {known.prefix}:{names[closest[0]]}?" if closest else ""
        yield finding("INVALID_ACTION", place.spot, action=action, hint=hint)


def _hint(given: str, known: list[str], prefix: str) -> str:
    closest = difflib.get_close_matches(given, known, 1, _LIKENESS)
    return f" Did you mean {prefix}{closest[0]}?" if closest else ""


def _redundant(statement: Statement, name: str, actions: list[Place]) -> Iterator[Finding]:
    """Those that another one of the statement says already. Of two that say the same, the later is redundant."""
    redundant = covered(actions, [action.value.lower() for action in actions])
    if redundant:
        spots = [action.spot for action in redundant]
        yield finding("REDUNDANT_ACTION", *spots, count=len(redundant), action=redundant[0].value)


def covered(places: list[Place], patterns: list[str]) -> list[Place]:
    """The places whose pattern is within another's. Of two that are within each other, the later."""
    wide = [(index, pattern) for index, pattern in enumerate(patterns) if "*" in pattern or "?" in pattern]
    first = {pattern: index for index, pattern in reversed(list(enumerate(patterns)))}

    def is_covered(index: int, pattern: str) -> bool:
        return first[pattern] < index or any(
            within(pattern, other) and (number < index or not within(other, pattern))
            for number, other in wide
            if other != pattern
        )

    return [place for index, place in enumerate(places) if is_covered(index, patterns[index])]
