"""A state machine's definition as the interpreter walks through it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

State = dict[str, Any]
Path = tuple[str, ...]
"""Which machine of a definition: empty for the whole, `("Each", "")` for what a Map runs, `("Both", "1")` for a branch of a Parallel."""

JSONATA = "JSONata"
DISTRIBUTED = "DISTRIBUTED"


class Definition:
    """Machines are found once: a definition never changes."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._machines: dict[Path, dict[str, Any]] = {(): document}

    def machine(self, path: Path) -> dict[str, Any]:
        """The machine (with StartAt and States) at that place."""
        found = self._machines.get(path)
        if found is None:
            state = self.state(path[:-2], path[-2])
            found = state["Branches"][int(path[-1])] if path[-1] else processor(state)
            self._machines[path] = found
        return found

    def state(self, path: Path, name: str) -> State:
        found: State = self.machine(path)["States"][name]
        return found

    def is_jsonata(self, state: State) -> bool:
        language = state.get("QueryLanguage") or self.document.get("QueryLanguage")
        return bool(language == JSONATA)


def processor(state: State) -> dict[str, Any]:
    """What a Map state runs for each item. `Iterator` is its former name."""
    found: dict[str, Any] = state.get("ItemProcessor") or state["Iterator"]
    return found


def is_distributed(state: State) -> bool:
    return bool((processor(state).get("ProcessorConfig") or {}).get("Mode") == DISTRIBUTED)


@lru_cache(maxsize=512)
def read(text: str) -> Definition:
    return Definition(orjson.loads(text))
