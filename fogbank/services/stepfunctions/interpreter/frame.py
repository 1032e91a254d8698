"""A strand in a state: what the state's fields are when they are evaluated there.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from fogbank.protocols import timestamps
from fogbank.services.stepfunctions import limits
from fogbank.services.stepfunctions.interpreter.run import Run
from fogbank.services.stepfunctions.interpreter.strand import Strand
from fogbank.services.stepfunctions.language import expressions, paths, templates
from fogbank.services.stepfunctions.language.failure import DATA_LIMIT, Broken, Failure, runtime
from fogbank.services.stepfunctions.language.paths import Missing, Scope, text_of

ABSENT: Any = object()


class Frame:
    """`state` is the state's document. Whatever evaluates raises Broken or Unresolved for what cannot be evaluated."""

    def __init__(self, run: Run, strand: Strand) -> None:
        self.run = run
        self.strand = strand
        self.state = run.definition.state(tuple(strand.path), strand.state)
        self.kind: str = self.state["Type"]
        self.is_jsonata = run.definition.is_jsonata(self.state)

    # -- what expressions see

    def context(self) -> dict[str, Any]:
        """The context object. https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html"""
        strand = self.strand
        state = {
            "EnteredTime": timestamps.iso8601_milliseconds(strand.entered),
            "Name": strand.state,
            "RetryCount": sum(strand.retried),
        }
        found = {**self.run.context, "State": state}
        if strand.token:
            found["Task"] = {"Token": strand.token}
        if strand.item is not None:
            found["Map"] = strand.item
        return found

    def scope(self, document: Any) -> Scope:
        return Scope(document, self.context, self.strand.variables)

    def fill(self, template: Any, document: Any) -> Any:
        """A payload template of JSONPath's."""
        return templates.fill(template, self.scope(document), self.run.draw)

    def resolve(self, text: str, document: Any, field: str) -> Any:
        return templates.resolve(text, self.scope(document), field, self.run.draw)

    def evaluate(self, template: Any, field: str, **states: Any) -> Any:
        """A document with expressions of JSONata's; `states` are members of `$states` besides the input and the context."""
        bindings = {
            **self.strand.variables,
            **expressions.drawing(self.run.draw, self.run.now()),
            "states": {"input": self.strand.input, "context": self.context(), **states},
        }
        return expressions.fill(template, bindings, field)

    # -- input

    def input(self) -> Any:
        """The raw input, or what InputPath selects of it."""
        path = self.state.get("InputPath", "$")
        return (
            templates.select(path, self.scope(self.strand.input), self.run.draw) if path != "$" else self.strand.input
        )

    def arguments(self) -> Any:
        """The effective input: what InputPath and Parameters, or Arguments, make of it."""
        if self.is_jsonata:
            given = self.state.get("Arguments", ABSENT)
            return self.strand.input if given is ABSENT else self.evaluate(given, "Arguments")
        given, found = self.state.get("Parameters", ABSENT), self.input()
        return found if given is ABSENT else self.fill(given, found)

    def number(self, name: str, document: Any, state: dict[str, Any] | None = None) -> Any:
        """A field that is a number, an expression, or beside it (`<name>Path`) a path; None when there is neither."""
        fields = self.state if state is None else state
        value = fields.get(name)
        if self.is_jsonata and value is not None:
            value = self.evaluate(value, name)
        elif f"{name}Path" in fields:
            value = self.resolve(fields[f"{name}Path"], document, f"{name}Path")
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0):
            raise runtime(f"The value of the field '{name}' must be a number that is not negative: {text_of(value)}")
        return value

    # -- output

    def output(self, result: Any) -> Any:
        """The output of a state that has a result."""
        if self.is_jsonata:
            given = self.state.get("Output", ABSENT)
            return result if given is ABSENT else self.evaluate(given, "Output", result=result)
        if "ResultSelector" in self.state:
            result = self.fill(self.state["ResultSelector"], result)
        return self.selected(self.placed(self.state.get("ResultPath", "$"), result))

    def plain_output(self) -> Any:
        """The output of a state that has no result."""
        if self.is_jsonata:
            given = self.state.get("Output", ABSENT)
            return self.strand.input if given is ABSENT else self.evaluate(given, "Output")
        return self.selected(self.input())

    def selected(self, document: Any) -> Any:
        path = self.state.get("OutputPath", "$")
        return document if path == "$" else templates.select(path, self.scope(document), self.run.draw)

    def placed(self, path: str | None, result: Any) -> Any:
        """The raw input with a result in it. ResultPath null discards the result."""
        if path == "$":
            return result
        if path is None:
            return self.strand.input
        try:
            return paths.placed(path, self.strand.input, result)
        except Missing:
            cause = f"Unable to apply ReferencePath {path} to input {text_of(self.strand.input)}"
            raise Broken("States.ResultPathMatchFailure", cause) from None

    def assigned(self, given: Any, document: Any, field: str = "Assign", **states: Any) -> dict[str, Any]:
        """The variables that an Assign gives values to; in JSONPath `document` is what `$` stands for."""
        if given is None:
            return {}
        found = self.evaluate(given, field, **states) if self.is_jsonata else self.fill(given, document)
        return dict(found)

    def bounded(self, value: Any) -> str:
        """A value's text. Raises Failure when it is too long to be an output."""
        text = text_of(value)
        if len(text) > limits.PAYLOAD_BYTES // 4 and len(text.encode()) > limits.PAYLOAD_BYTES:
            cause = (
                f"The state/task '{self.strand.state}' returned a result with a size exceeding the maximum number of bytes "
                "service limit."
            )
            raise Failure(DATA_LIMIT, cause)
        return text


Begin = Callable[[Frame], Awaitable[None]]
Joined = Callable[[Frame, Strand, Any], Awaitable[None]]
Parted = Callable[[Frame, Strand], None]


class Kind(NamedTuple):
    """What the interpreter knows of a type of states.

    begin    does what the state does, when it is entered and when it is tried again
    woken    goes on when the moment has come that it waited for
    joined   a strand that it forked has ended, with that output
    parted   a strand that it forked has failed: what the history tells of that
    """

    begin: Begin
    woken: Begin | None = None
    joined: Joined | None = None
    parted: Parted | None = None


kinds: dict[str, Kind] = {}
"""The types of states by name; the modules beside this one put them here."""
