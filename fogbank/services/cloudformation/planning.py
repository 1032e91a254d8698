"""What a template would change in a stack: told in a change set before it is done.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from fogbank.kernel import Context, resource_schemas
from fogbank.kernel.resource_types import Properties, ResourceType
from fogbank.services.cloudformation import evaluation, types
from fogbank.services.cloudformation.properties import completed
from fogbank.services.cloudformation.records import Resource, Stack, resources
from fogbank.services.cloudformation.templates import references
from fogbank.services.cloudformation.templates.functions import KNOWN_AFTER_APPLY
from fogbank.services.cloudformation.templates.template import Declared, Template

Change = dict[str, Any]

_SOURCES = {"Ref": "ResourceReference", "Fn::GetAtt": "ResourceAttribute"}


async def changes(ctx: Context, stack: Stack, template: Template) -> list[Change]:
    """The changes that lead from what the stack has to the template. `stack` has the parameters that the template is given."""
    there = {each.logical: each for each in await resources.scan(ctx, stack.uuid)}
    unknown: set[str] = set()
    values = await evaluation.values_of(ctx, stack, template, there.values(), unknown)
    wanted = [name for name, each in template.resources.items() if values.holds(each.condition)]
    found: dict[str, Change] = {}
    for logical in references.ordered({name: references.dependencies(template, name, values.holds) for name in wanted}):
        declared, resource = template.resources[logical], there.get(logical)
        given = await evaluation.resolved(ctx, values.value(declared.properties))
        properties = completed(stack, declared.type, given)
        if resource is None or not resource.identifier:
            unknown.add(logical)
            found[logical] = _added(logical, declared, properties)
        else:
            told = _modified(ctx, template, resource, declared, properties)
            if told is not None:
                found[logical] = told
                if told["Replacement"] != "False":
                    unknown.add(logical)
    removed = [_removed(each) for name, each in there.items() if name not in wanted and each.identifier]
    return [{"Type": "Resource", "ResourceChange": each} for each in [*found.values(), *removed]]


def _added(logical: str, declared: Declared, properties: Properties) -> Change:
    return {
        "Action": "Add",
        "LogicalResourceId": logical,
        "ResourceType": declared.type,
        "Scope": [],
        "Details": [],
        "AfterContext": _context(properties),
    }


def _removed(resource: Resource) -> Change:
    policy = "Retain" if resource.deletion.startswith("Retain") else resource.deletion
    return {
        "Action": "Remove",
        "PolicyAction": policy,
        "LogicalResourceId": resource.logical,
        "PhysicalResourceId": resource.physical,
        "ResourceType": resource.type,
        "Scope": [],
        "Details": [],
        "BeforeContext": _context(resource.wanted()),
    }


def _context(properties: Properties) -> str:
    return orjson.dumps({"Properties": properties}).decode()


def _modified(
    ctx: Context, template: Template, resource: Resource, declared: Declared, after: Properties
) -> Change | None:
    before = resource.wanted()
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    metadata = orjson.dumps(declared.metadata).decode() if declared.metadata is not None else ""
    scope = list(dict.fromkeys(_attribute(resource.type, name) for name in names))
    scope += ["Metadata"] if metadata != resource.metadata else []
    if not scope:
        return None
    kind = types.find(ctx, resource.type)
    details = [each for name in names for each in _details(template, kind, name, declared, before, after)]
    return {
        "Action": "Modify",
        "LogicalResourceId": resource.logical,
        "PhysicalResourceId": resource.physical,
        "ResourceType": resource.type,
        "Replacement": _replacement(details),
        "Scope": scope,
        "Details": details,
        "BeforeContext": _context(before),
        "AfterContext": _context(after),
    }


def _attribute(type_name: str, name: str) -> str:
    """As what the property counts: tags are told apart."""
    member = resource_schemas.tags_member(type_name)
    return "Tags" if member is not None and member[0] == name else "Properties"


def _replacement(details: list[Change]) -> str:
    recreating = [each for each in details if each["Target"]["RequiresRecreation"] != "Never"]
    if not recreating:
        return "False"
    return "True" if any(each["Evaluation"] == "Static" for each in recreating) else "Conditional"


def _details(
    template: Template, kind: ResourceType, name: str, declared: Declared, before: Properties, after: Properties
) -> Iterator[Change]:
    """What changes about a property, and why."""
    always = name in kind.create_only or kind.is_fixed
    changed = "Modify" if name in before and name in after else "Add" if name in after else "Remove"
    target: Change = {
        "Attribute": _attribute(kind.name, name),
        "Name": name,
        "Path": f"/Properties/{name}",
        "RequiresRecreation": "Always" if always else "Never",
        "AttributeChangeType": changed,
    }
    if name in before:
        target["BeforeValue"] = _shown(before[name])
    if name in after:
        target["AfterValue"] = _shown(after[name])
    is_dynamic = KNOWN_AFTER_APPLY in orjson.dumps(after.get(name)).decode()
    evaluation_ = "Dynamic" if is_dynamic else "Static"
    causes = list(_causes(template, declared.properties.get(name)))
    for source, entity in causes or [("DirectModification", "")]:
        told: Change = {"Target": target, "Evaluation": evaluation_, "ChangeSource": source}
        yield told | ({"CausingEntity": entity} if entity else {})


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _causes(template: Template, node: Any) -> Iterator[tuple[str, str]]:
    """(source of the change, what it refers to) for each reference in a value."""
    if isinstance(node, list):
        for each in node:
            yield from _causes(template, each)
    elif isinstance(node, dict):
        for key, argument in node.items():
            if key in _SOURCES and len(node) == 1:
                name = argument if isinstance(argument, str) else ".".join(map(str, argument))
                if name in template.parameters:
                    yield "ParameterReference", name
                elif name.partition(".")[0] in template.resources:
                    yield _SOURCES[key], name
            else:
                yield from _causes(template, argument)
