"""Checks of what a policy gives away by wildcards: passing roles, creating service-linked roles. And of statements that come twice."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from fogbank.identity.wildcards import AnyOf
from fogbank.services.accessanalyzer.validation.tree import Document, Place, Spot, Statement
from fogbank.services.accessanalyzer.validation.wording import Finding, finding

# An action, what its findings begin with, and a condition key that makes any resource harmless.
_POWERS: Final = (
    ("iam:passrole", "PASS_ROLE", "iam:passedtoservice"),
    ("iam:createservicelinkedrole", "CREATE_SLR", "iam:awsservicename"),
)


def check(document: Document) -> Iterator[Finding]:
    if document.kind == "IDENTITY_POLICY":
        for statement in document.statements:
            if statement.allows:
                yield from _powers(statement)
    yield from _twins(document)


def _powers(statement: Statement) -> Iterator[Finding]:
    asked = {test.key.lower() for test in statement.tests()}
    for action, subject, key in _POWERS:
        how = _granted(statement, action)
        if how is None or key in asked:
            continue
        by_action, spots = how
        on_resource, places = _on(statement)
        code = _CODES.get((by_action, on_resource))
        if code is not None:
            yield finding(f"{subject}_{code}", *spots, *places)


_CODES: Final = {
    ("name", "star"): "WITH_STAR_IN_RESOURCE",
    ("star", "star"): "WITH_STAR_IN_ACTION_AND_RESOURCE",
    ("not", "star"): "WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
    ("name", "not"): "WITH_NOT_RESOURCE",
    ("star", "not"): "WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
    ("not", "not"): "WITH_NOT_ACTION_AND_NOT_RESOURCE",
}


def _granted(statement: Statement, action: str) -> tuple[str, list[Spot]] | None:
    """How an action is granted: by its name, by a star, by not being excepted; None when it is not."""
    excepted = statement.get("NotAction")
    if excepted is not None:
        return None if _any(excepted.texts(), action) else ("not", [excepted.spot])
    granting = [place for place in statement.texts("Action") if _any([place], action)]
    if not granting:
        return None
    named = any(place.value.lower() == action for place in granting)
    return "name" if named else "star", [place.spot for place in granting]


def _any(places: list[Place], action: str) -> bool:
    return AnyOf([place.value.lower() for place in places], variables=False).matches(action, {})


def _on(statement: Statement) -> tuple[str, list[Spot]]:
    """Whether the resources are a star, all but some, or named."""
    excepted = statement.get("NotResource")
    if excepted is not None:
        return "not", [excepted.spot]
    stars = [place for place in statement.texts("Resource") if _is_any_role(place.value)]
    return ("star" if stars else "named"), [place.spot for place in stars]


def _is_any_role(resource: str) -> bool:
    """Everything, or all roles of an account: a role's name may have a star behind a beginning of its own."""
    if resource == "*":
        return True
    fields = resource.split(":", 5)
    return len(fields) == 6 and fields[2] in ("iam", "*") and fields[5] in ("*", "role/*", "role*")


def _twins(document: Document) -> Iterator[Finding]:
    """Statements that say the same, whatever their names."""
    spots = defaultdict(list)
    for statement in document.statements:
        said = {name: value for name, value in statement.place.value.items() if name != "Sid"}
        spots[json.dumps(said, sort_keys=True)].append(statement.place.spot)
    for same in spots.values():
        if len(same) > 1:
            yield finding("REDUNDANT_STATEMENT", *same)
