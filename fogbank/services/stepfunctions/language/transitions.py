"""Where the states of a definition lead: targets that are not there, states that nothing leads to, and the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fogbank.services.stepfunctions.language.diagnostics import NO_END, NO_TARGET, Diagnostics
from fogbank.services.stepfunctions.language.fields import TERMINAL

Document = dict[str, Any]


def check(found: Diagnostics, machine: Document, place: str) -> None:
    """The transitions of one machine; those inside of its states are not looked at."""
    states = {name: state for name, state in machine["States"].items() if isinstance(state, dict)}
    start = machine.get("StartAt")
    if isinstance(start, str) and start not in states:
        found.refuse(f"Missing 'Next' target: {start}", f"{place}/StartAt", NO_TARGET)
    for name, state in states.items():
        for target, field in targets(state):
            if target not in states:
                found.refuse(f"Missing 'Next' target: {target}", f"{place}/States/{name}/{field}", NO_TARGET)
    if not any(_is_terminal(state) for state in states.values()):
        found.refuse("Workflow has no terminal state", None, NO_END)
        return
    for name in states.keys() - _reached(states, start):
        found.refuse(f'State "{name}" is not reachable.', f"{place}/States/{name}", NO_TARGET)


def targets(state: Document) -> Iterator[tuple[str, str]]:
    """The states that a state leads to, with the fields that say so."""
    for name in ("Next", "Default"):
        if isinstance(state.get(name), str):
            yield state[name], name
    for name in ("Choices", "Catch"):
        rules = state.get(name)
        for number, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, dict) and isinstance(rule.get("Next"), str):
                yield rule["Next"], f"{name}[{number}]/Next"


def _is_terminal(state: Document) -> bool:
    return state.get("Type") in TERMINAL or state.get("End") is True


def _reached(states: Document, start: Any) -> set[str]:
    reached: set[str] = set()
    waiting = [start] if isinstance(start, str) else []
    while waiting:
        name = waiting.pop()
        if name in reached or name not in states:
            continue
        reached.add(name)
        waiting += [target for target, _ in targets(states[name])]
    return reached
