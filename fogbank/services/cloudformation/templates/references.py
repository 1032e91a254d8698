"""What parts of a template refer to, and the order that follows from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.templates.template import Template

_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")

Chosen = Callable[[str], bool]


def names_in(node: Any, holds: Chosen | None = None) -> Iterator[str]:
    """The names that a value refers to by Ref, Fn::GetAtt and Fn::Sub. With `holds`, only the branch of an Fn::If that is taken."""
    if isinstance(node, list):
        for each in node:
            yield from names_in(each, holds)
    elif isinstance(node, dict):
        if len(node) == 1:
            ((name, argument),) = node.items()
            special = _SPECIAL.get(name)
            if special is not None:
                yield from special(argument, holds)
                return
        for each in node.values():
            yield from names_in(each, holds)


def _of_ref(argument: Any, holds: Chosen | None) -> Iterator[str]:
    if isinstance(argument, str):
        yield argument
    else:
        yield from names_in(argument, holds)


def _of_get_att(argument: Any, holds: Chosen | None) -> Iterator[str]:
    if isinstance(argument, str):
        yield argument.partition(".")[0]
    elif isinstance(argument, list) and argument and isinstance(argument[0], str):
        yield argument[0]
        yield from names_in(argument[1:], holds)


def _of_sub(argument: Any, holds: Chosen | None) -> Iterator[str]:
    text, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    given = given if isinstance(given, dict) else {}
    if isinstance(text, str):
        for match in _VARIABLE.finditer(text):
            if match[1].strip() not in given:
                yield match[1].strip().partition(".")[0]
    yield from names_in(list(given.values()), holds)


def _of_if(argument: Any, holds: Chosen | None) -> Iterator[str]:
    if holds is None or not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
        yield from names_in(argument, holds)
    else:
        yield from names_in(argument[1] if holds(argument[0]) else argument[2], holds)


_SPECIAL: Mapping[str, Callable[[Any, Chosen | None], Iterator[str]]] = {
    "Fn::GetAtt": _of_get_att,
    "Fn::If": _of_if,
    "Fn::Sub": _of_sub,
    "Ref": _of_ref,
}

_PSEUDO = frozenset(
    f"AWS::{name}"
    for name in (
        "AccountId",
        "NoValue",
        "NotificationARNs",
        "Partition",
        "Region",
        "StackId",
        "StackName",
        "URLSuffix",
    )
)


def check(template: Template) -> None:
    """Raises ValidationError where something is referred to that is not there, or resources wait for each other."""
    known = template.parameters.keys() | template.resources.keys() | _PSEUDO
    parts: Iterable[tuple[str, Any]] = (
        ("Resources", [each.properties for each in template.resources.values()]),
        ("Outputs", list(template.outputs.values())),
    )
    for section, node in parts:
        missing = sorted(set(names_in(node)) - known)
        if missing:
            told = f"Unresolved resource dependencies [{', '.join(missing)}] in the {section} block of the template"
            raise errors.format_error(told)
    _check_conditions(template)
    for each in template.resources.values():
        absent = [name for name in each.depends_on if name not in template.resources]
        if absent:
            told = f"Unresolved resource dependencies [{', '.join(absent)}] in the Resources block of the template"
            raise errors.format_error(told)
    ordered({name: dependencies(template, name) for name in template.resources})


def _check_conditions(template: Template) -> None:
    known = template.parameters.keys() | _PSEUDO
    missing = sorted(set(names_in(list(template.conditions.values()))) - known)
    if missing:
        raise errors.format_error(
            f"Unresolved dependencies [{', '.join(missing)}]. Cannot reference resources in the Conditions block of the template"
        )
    for each in template.resources.values():
        if each.condition is not None and each.condition not in template.conditions:
            raise errors.format_error(f"Unresolved condition dependency {each.condition}")


def dependencies(template: Template, logical: str, holds: Chosen | None = None) -> set[str]:
    """The resources that one has to wait for."""
    declared = template.resources[logical]
    found = {*names_in(declared.properties, holds), *names_in(declared.metadata, holds), *declared.depends_on}
    return (found & template.resources.keys()) - {logical}


def ordered(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """The names, each after those it needs. Raises ValidationError when some need each other."""
    left = {name: set(needed) & needs.keys() for name, needed in needs.items()}
    found: list[str] = []
    while left:
        ready = [name for name, needed in left.items() if not needed]
        if not ready:
            raise errors.invalid(f"Circular dependency between resources: [{', '.join(_circle(left))}]")
        found += ready
        for name in ready:
            del left[name]
        for needed in left.values():
            needed.difference_update(ready)
    return found


def _circle(left: Mapping[str, set[str]]) -> list[str]:
    """The names that are needed by others and need others, of those that are left."""
    names = dict(left)
    while True:
        needed = {each for needs in names.values() for each in needs}
        fewer = {name: needs for name, needs in names.items() if name in needed}
        if len(fewer) == len(names):
            return list(names)
        names = fewer
