"""Checks definitions of state machines as CreateStateMachine does. Pure.

The sentences are AWS's where answers of the service are known; https://states-language.net says what is checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from fogbank.services.stepfunctions.language import contents, fields, transitions
from fogbank.services.stepfunctions.language.definition import DISTRIBUTED, JSONATA
from fogbank.services.stepfunctions.language.diagnostics import DUPLICATE, NO_JSON, Diagnostic, Diagnostics

Document = dict[str, Any]

_LONGEST_NAME = 80
JSONPATH = "JSONPath"


def check(text: str, is_express: bool = False) -> list[Diagnostic]:
    """Everything that is wrong with a definition."""
    found = Diagnostics()
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        found.refuse(str(error), None, NO_JSON)
        return found
    if not isinstance(document, dict):
        found.refuse("Value is not an OBJECT", "/")
        return found
    _Checker(found, document.get("QueryLanguage") or JSONPATH, is_express).machine(document, "", fields.MACHINE)
    return found


def check_state(state: Document, is_express: bool = False) -> list[Diagnostic]:
    """Everything that is wrong with a state on its own, which may lead to states that are not there."""
    found = Diagnostics()
    _Checker(found, state.get("QueryLanguage") or JSONPATH, is_express).state("State", state, "", alone=True)
    return found


class _Checker:
    """Walks through a definition. `language` is that of states that do not say theirs."""

    def __init__(self, found: Diagnostics, language: str, is_express: bool) -> None:
        self.found = found
        self.language = language
        self.is_express = is_express
        self.names: set[str] = set()

    def machine(self, machine: Any, place: str, allowed: frozenset[str]) -> None:
        """A machine, whole or inside of a state."""
        if not isinstance(machine, dict):
            self.found.refuse("Value is not an OBJECT", place or "/")
            return
        machine = self._typed(machine, place)
        self._known(machine, allowed, place or "/")
        self._required(machine, ("StartAt", "States"), place or "/")
        self._bounds(machine, place)
        if not place and machine.get("QueryLanguage") not in (None, JSONPATH, JSONATA):
            self.found.refuse("Value must be one of [JSONPath, JSONata]", "/QueryLanguage")
        states = machine.get("States")
        if not states:
            if states is not None:
                self.found.refuse("Value must be an OBJECT with at least one state", f"{place}/States")
            return
        for name, state in states.items():
            self.state(name, state, f"{place}/States/{name}")
        transitions.check(self.found, machine, place)

    def state(self, name: str, state: Any, place: str, alone: bool = False) -> None:
        if not isinstance(state, dict):
            self.found.refuse("Value is not an OBJECT", place)
            return
        self._name(name, place)
        state = self._typed(state, place)
        kind = state.get("Type")
        if not isinstance(kind, str) or kind not in fields.FIELDS:
            self._required(state, ("Type",), place)
            if "Type" in state:
                self.found.refuse(f"Value must be one of [{', '.join(fields.FIELDS)}]", f"{place}/Type")
            return
        self._known(state, fields.FIELDS[kind], place)
        self._required(state, fields.REQUIRED.get(kind, ()), place)
        if not alone:
            self._ends(state, kind, place)
        self._fields(state, place)
        self._inside(state, kind, place)

    def _name(self, name: str, place: str) -> None:
        if len(name) > _LONGEST_NAME:
            self.found.refuse(f"State name must not be longer than {_LONGEST_NAME} characters", place)
        if name in self.names:
            self.found.refuse(f"Duplicate State name: {name}", place, DUPLICATE)
        self.names.add(name)

    # -- fields

    def _typed(self, document: Document, place: str) -> Document:
        """The document without the fields whose values are of wrong types."""
        found = {}
        for name, value in document.items():
            kind, called = fields.TYPES.get(name, (object, ""))
            if isinstance(value, kind):
                found[name] = value
            else:
                self.found.refuse(f"Expected value of type {called}", f"{place}/{name}")
        return found

    def _known(self, document: Document, allowed: Iterable[str], place: str) -> None:
        for name in document:
            if name not in allowed:
                self.found.refuse(f"Field '{name}' is not supported", place)

    def _required(self, document: Document, names: Iterable[str], place: str) -> None:
        missing = [name for name in names if name not in document]
        if missing:
            self.found.refuse(f"These fields are required: [{', '.join(missing)}]", place)

    def _ends(self, state: Document, kind: str, place: str) -> None:
        if kind in ("Choice", *fields.TERMINAL):
            return
        if kind == "Wait" and not any(name in state for name in fields.MOMENTS):
            self.found.refuse(f"There should be one of the following fields: [{', '.join(fields.MOMENTS)}]", place)
        if "Next" in state and "End" in state:
            self.found.refuse("There should only be one of the following fields: [Next, End]", place)
        if "Next" not in state and not state.get("End"):
            self.found.refuse("There should be one of the following fields: [Next, End]", place)

    def _fields(self, state: Document, place: str) -> None:
        language = self._language(state, place)
        other = fields.JSONPATH_ONLY if language == JSONATA else fields.JSONATA_ONLY
        needed = JSONPATH if language == JSONATA else JSONATA
        for name in state:
            if name in other:
                said = f"The QueryLanguage is set to '{language}', but field '{name}' is only supported for the '{needed}' QueryLanguage"
                self.found.refuse(said, place)
        for names in fields.ALTERNATIVES:
            if sum(name in state for name in names) > 1:
                given = [name for name in names if name in state]
                self.found.refuse(f"There should only be one of the following fields: [{', '.join(given)}]", place)
        self._bounds(state, place)
        contents.check(self.found, state, place, language == JSONATA)

    def _language(self, state: Document, place: str) -> str:
        given = state.get("QueryLanguage")
        if given is not None and given not in (JSONPATH, JSONATA):
            self.found.refuse("Value must be one of [JSONPath, JSONata]", f"{place}/QueryLanguage")
        if given == JSONPATH and self.language == JSONATA:
            self.found.refuse(
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", place
            )
        return str(given or self.language)

    def _bounds(self, document: Document, place: str) -> None:
        for name, (least, greatest) in fields.BOUNDS.items():
            value = document.get(name)
            if name not in document or (isinstance(value, str) and value.startswith("{%")):
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                self.found.refuse("Expected value of type Integer", f"{place}/{name}")
            elif value < least:
                self.found.refuse(f"Minimum value is {least}", f"{place}/{name}")
            elif value > greatest:
                self.found.refuse(f"Maximum value is {greatest}", f"{place}/{name}")

    # -- what is inside of a state

    def _inside(self, state: Document, kind: str, place: str) -> None:
        if kind == "Parallel":
            for number, branch in enumerate(state.get("Branches") or ()):
                self.machine(branch, f"{place}/Branches[{number}]", fields.BRANCH)
        if kind == "Map":
            self._map(state, place)
        if kind == "Task" and self.is_express:
            contents.check_express(self.found, state, place)
        self._handlers(state, "Retry", fields.RETRIER, ("ErrorEquals",), place)
        self._handlers(state, "Catch", fields.CATCHER, ("ErrorEquals", "Next"), place)

    def _map(self, state: Document, place: str) -> None:
        name = "Iterator" if "Iterator" in state else "ItemProcessor"
        if name not in state:
            self._required(state, ("ItemProcessor",), place)
            return
        self.machine(state[name], f"{place}/{name}", fields.PROCESSOR)
        config = state[name].get("ProcessorConfig") or {}
        if not isinstance(config, dict):
            return
        if config.get("Mode") == DISTRIBUTED:
            self._distributed(config, f"{place}/{name}/ProcessorConfig")
            return
        for only in ("ItemBatcher", "ItemReader", "Label", "ResultWriter"):
            if only in state:
                self.found.refuse(f"Field '{only}' is not supported", place)

    def _distributed(self, config: Document, place: str) -> None:
        if self.is_express:
            self.found.refuse("Distributed mode is not supported in an EXPRESS state machine", place)
        if config.get("ExecutionType") not in ("STANDARD", "EXPRESS"):
            self.found.refuse("These fields are required: [ExecutionType]", place)

    def _handlers(
        self, state: Document, name: str, allowed: frozenset[str], required: tuple[str, ...], place: str
    ) -> None:
        handlers = state.get(name) or ()
        for number, handler in enumerate(handlers):
            where = f"{place}/{name}[{number}]"
            if not isinstance(handler, dict):
                self.found.refuse("Value is not an OBJECT", where)
                continue
            handler = self._typed(handler, where)
            self._known(handler, allowed, where)
            self._required(handler, required, where)
            self._bounds(handler, where)
            self._errors(handler, where, number == len(handlers) - 1)

    def _errors(self, handler: Document, place: str, is_last: bool) -> None:
        names = handler.get("ErrorEquals")
        if not names:
            if names is not None:
                self.found.refuse("Value must be a non-empty Array", f"{place}/ErrorEquals")
            return
        if "States.ALL" in names and len(names) > 1:
            self.found.refuse("'States.ALL' must appear alone", f"{place}/ErrorEquals")
        if "States.ALL" in names and not is_last:
            self.found.refuse("'States.ALL' must appear in the last element of the array", f"{place}/ErrorEquals")
