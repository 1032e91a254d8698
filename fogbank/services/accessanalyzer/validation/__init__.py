"""Policy validation: what Access Analyzer finds in a document by looking at it alone. Pure: a text in, findings out."""

from __future__ import annotations

import json
from itertools import chain

from fogbank.services.accessanalyzer.validation import (
    actions,
    conditions,
    powers,
    principals,
    resources,
    structure,
    variables,
)
from fogbank.services.accessanalyzer.validation.tree import Document, Spot
from fogbank.services.accessanalyzer.validation.wording import Finding, finding

_CHECKS = (structure, principals, actions, resources, conditions, variables, powers)


def validate(text: str, kind: str, resource: str = "") -> list[Finding]:
    """The findings about a policy in the order of their places. `kind` is the policy type, `resource` what it is for."""
    try:
        document = Document.read(text, kind, resource)
    except ValueError as error:
        return [_syntax(text, error)]
    found = chain.from_iterable(module.check(document) for module in _CHECKS)
    return sorted(found, key=lambda each: each.spots[0].start)


def _syntax(text: str, error: ValueError) -> Finding:
    at = error.pos if isinstance(error, json.JSONDecodeError) else 0
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1)
    return finding("JSON_SYNTAX_ERROR", Spot((), at, min(at + 1, len(text))), index=at, line=line, column=column)
