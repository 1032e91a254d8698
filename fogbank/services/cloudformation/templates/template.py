"""The sections of a template, and what has to hold of them whatever its parameters are.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html. Limits are those of the quotas page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.templates.parsing import Document, parse

_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Globals",
        "Hooks",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)
_ATTRIBUTES = frozenset(
    {
        "Condition",
        "CreationPolicy",
        "DeletionPolicy",
        "DependsOn",
        "Description",
        "Metadata",
        "Properties",
        "Type",
        "UpdatePolicy",
        "UpdateReplacePolicy",
        "Version",
    }
)
_POLICIES = {
    "DeletionPolicy": frozenset({"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}),
    "UpdateReplacePolicy": frozenset({"Delete", "Retain", "Snapshot"}),
}
_MOST = {"Mappings": 200, "Outputs": 200, "Parameters": 200, "Resources": 500}
_LOGICAL = re.compile(r"[A-Za-z0-9]{1,255}")
_DESCRIPTION = 1024
_VERSION = "2010-09-09"

FUNCTION = "Fn::Transform"
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"


class Declared(NamedTuple):
    """A resource as a template declares it. `depends_on` is what the template says, not what follows from its functions."""

    type: str
    properties: Document
    depends_on: tuple[str, ...]
    condition: str | None
    deletion: Any
    replacement: Any
    attributes: Document

    @property
    def metadata(self) -> Any:
        return self.attributes.get("Metadata")


class Template:
    """A template after its transforms. Raises ValidationError when it is not well-formed.

    `transforms` are those that it names; one that has some may be without resources (`untransformed`).
    """

    def __init__(self, document: Document, transforms: list[str] | None = None) -> None:
        self.document = document
        self.transforms = transforms or []
        _check_sections(document)
        self.parameters: dict[str, Document] = _section(document, "Parameters")
        self.mappings: dict[str, Any] = _section(document, "Mappings")
        self.conditions: dict[str, Any] = _section(document, "Conditions")
        self.rules: dict[str, Document] = _section(document, "Rules")
        self.outputs: dict[str, Document] = _section(document, "Outputs")
        self.description: str = document.get("Description") or ""
        declared = _section(document, "Resources")
        if not declared and not self.transforms:
            raise errors.format_error("At least one Resources member must be defined.")
        self.resources = {name: _declared(name, each) for name, each in declared.items()}
        for name, output in self.outputs.items():
            _check_output(name, output)

    @classmethod
    def untransformed(cls, text: str) -> Template:
        """A template as far as it is there before its transforms have done their part."""
        document = parse(text)
        return cls(_without_calls(document), transforms_of(document))

    def types(self) -> list[str]:
        """The types of its resources, each once, in the order of the template."""
        return list(dict.fromkeys(each.type for each in self.resources.values()))


def calls_of(document: Document) -> list[Document]:
    """What the Transform section calls, each with its Name; its Parameters, if it has some."""
    found = document.get("Transform") or []
    listed = found if isinstance(found, list) else [found]
    return [each if isinstance(each, dict) else {"Name": each} for each in listed]


def transforms_of(document: Document) -> list[str]:
    """The names of the transforms in the Transform section, and of those that are called elsewhere, each once."""
    found = [str(each.get("Name")) for each in calls_of(document)]
    sections = [value for name, value in document.items() if name != "Transform"]
    return list(dict.fromkeys([*found, *_called_in(sections)]))


def _without_calls(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_calls(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {name: _without_calls(each) for name, each in node.items() if not name.startswith((FUNCTION, "Fn::ForEach"))}


def _called_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        calls = node.get(FUNCTION) or []
        for call in calls if isinstance(calls, list) else [calls]:
            if isinstance(call, dict):
                yield str(call.get("Name"))
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _called_in(each)


def _check_sections(document: Document) -> None:
    unknown = [name for name in document if name not in _SECTIONS]
    if unknown:
        raise errors.format_error(f"Invalid template property or properties [{', '.join(unknown)}]")
    if str(document.get("AWSTemplateFormatVersion", _VERSION)) != _VERSION:
        raise errors.format_error("unsupported value for AWSTemplateFormatVersion.")
    description = document.get("Description", "")
    if not isinstance(description, str):
        raise errors.format_error("[/Description] must be a string")
    if len(description.encode()) > _DESCRIPTION:
        raise errors.format_error(f"'Description' length is greater than {_DESCRIPTION}.")
    for name, most in _MOST.items():
        section = document.get(name)
        if isinstance(section, dict) and len(section) > most:
            told = f"Number of {name.lower()}, {len(section)}, is greater than maximum allowed, {most}"
            raise errors.format_error(told)


def _section(document: Document, name: str) -> dict[str, Any]:
    found = document.get(name)
    if found is None and name not in document:
        return {}
    if not isinstance(found, dict):
        raise errors.format_error(
            f"[/{name}] must be an object"
            if found is not None
            else f"[/{name}] 'null' values are not allowed in templates"
        )
    return found


def _declared(name: str, given: Any) -> Declared:
    if _LOGICAL.fullmatch(name) is None:
        raise errors.format_error(f"Resource name {name} is non alphanumeric.")
    if not isinstance(given, dict):
        raise errors.format_error(f"[/Resources/{name}] resource definition is malformed")
    kind = given.get("Type")
    if not isinstance(kind, str):
        raise errors.format_error(f"[/Resources/{name}] Every Resources object must contain a Type member.")
    for attribute in given:
        if attribute not in _ATTRIBUTES:
            raise errors.invalid(f"Invalid template resource property '{attribute}'")
    properties = given.get("Properties") or {}
    if not isinstance(properties, dict):
        raise errors.format_error(f"[/Resources/{name}/Properties] Properties must be an object.")
    _refuse_null(properties, f"/Resources/{name}/Properties")
    for policy, values in _POLICIES.items():
        wanted = given.get(policy)
        if isinstance(wanted, str) and wanted not in values:
            raise errors.format_error(f"Unrecognized {policy} {wanted} for resource {name}")
    condition = given.get("Condition")
    if condition is not None and not isinstance(condition, str):
        raise errors.format_error(f"[/Resources/{name}/Condition] Condition must be a string.")
    return Declared(
        kind,
        properties,
        tuple(_names(given.get("DependsOn"), name)),
        condition,
        given.get("DeletionPolicy"),
        given.get("UpdateReplacePolicy"),
        {key: value for key, value in given.items() if key not in ("Type", "Properties")},
    )


def _refuse_null(value: Any, path: str) -> None:
    if value is None:
        raise errors.format_error(f"[{path}] 'null' values are not allowed in templates")
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    for key, each in parts:
        _refuse_null(each, f"{path}/{key}")


def _names(given: Any, name: str) -> list[str]:
    listed = given if isinstance(given, list) else [] if given is None else [given]
    if not all(isinstance(each, str) for each in listed):
        raise errors.format_error(f"[/Resources/{name}/DependsOn] DependsOn must be a string or list of strings.")
    return listed


def _check_output(name: str, output: Any) -> None:
    if _LOGICAL.fullmatch(name) is None:
        raise errors.format_error(f"Output name {name} is non alphanumeric.")
    if not isinstance(output, dict):
        raise errors.format_error(f"[/Outputs/{name}] output definition is malformed")
    if output.get("Value") is None:
        raise errors.format_error(f"[/Outputs/{name}] Every Outputs member must contain a Value object")
    unknown = output.keys() - {"Condition", "Description", "Export", "Value"}
    if unknown:
        raise errors.invalid(f"Invalid template output property '{sorted(unknown)[0]}'")
