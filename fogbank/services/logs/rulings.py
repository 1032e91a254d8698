"""What was in force for a log group, and when: documents that count for the events that came in while they did.

A data protection policy masks what comes in after it was put, and goes on masking that when it is gone; so does a transformer.
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Record

_KEPT = 32


class Ruling(Record, frozen=True):
    """In force from `since` up to before `until` (ms), 0 while it lasts. `prefixes`: for groups whose names begin so, empty for all."""

    document: str
    since: int
    until: int = 0
    prefixes: tuple[str, ...] = ()
    name: str = ""

    def counts(self, group: str, moment: int) -> bool:
        in_time = self.since <= moment and (not self.until or moment < self.until)
        return in_time and (not self.prefixes or group.startswith(self.prefixes))


Rulings = tuple[Ruling, ...]


def current(rulings: Rulings) -> Ruling | None:
    """That which lasts, if there is one."""
    return next((ruling for ruling in reversed(rulings) if not ruling.until), None)


def begun(rulings: Rulings, ruling: Ruling) -> Rulings:
    """With one that takes the place of the one of the same name; as they were where it says the same."""
    same = (ruling.name, ruling.document, ruling.prefixes)
    if any(not each.until and (each.name, each.document, each.prefixes) == same for each in rulings):
        return rulings
    return _folded((*ended(rulings, ruling.since, ruling.name), ruling))


def _folded(rulings: Rulings) -> Rulings:
    """No more than are kept: the time of the oldest falls to its successor, so that nothing that was masked is shown."""
    if len(rulings) <= _KEPT:
        return rulings
    oldest, *others = rulings
    heir = next((nth for nth, each in enumerate(others) if each.name == oldest.name), None)
    if heir is not None:
        others[heir] = msgspec.structs.replace(others[heir], since=oldest.since)
    return tuple(others)


def ended(rulings: Rulings, now: int, name: str = "") -> Rulings:
    """Without one that lasts under that name."""
    return tuple(
        msgspec.structs.replace(ruling, until=now) if not ruling.until and ruling.name == name else ruling
        for ruling in rulings
    )
