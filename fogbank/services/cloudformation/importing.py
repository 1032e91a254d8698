"""Resources that are there already, and become a stack's by a change set.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import ResourceType
from fogbank.services.cloudformation import errors, types
from fogbank.services.cloudformation.records import Request, resources, stacks
from fogbank.services.cloudformation.templates.functions import KNOWN_AFTER_APPLY
from fogbank.services.cloudformation.templates.template import Template

Change = dict[str, Any]


async def asked_for(ctx: Context, template: Template, changes: list[Change], request: Request) -> dict[str, str]:
    """The identifiers of the resources that a change set imports, by logical ids. Raises ValidationError."""
    added = {each["LogicalResourceId"]: each for each in map(_told, changes) if each["Action"] == "Add"}
    if request.get("ChangeSetType") != "IMPORT":
        return await _existing(ctx, added) if request.get("ImportExistingResources") else {}
    found = {
        each["LogicalResourceId"]: _identifier(ctx, template, each) for each in request.get("ResourcesToImport") or []
    }
    if not found:
        raise errors.invalid("ResourcesToImport must be specified for change sets of type IMPORT.")
    _check(template, changes, added, found)
    for logical, identifier in found.items():
        await _check_free(ctx, template.resources[logical].type, identifier)
    return found


def _told(each: Change) -> Change:
    told: Change = each["ResourceChange"]
    return told


def _identifier(ctx: Context, template: Template, given: dict[str, Any]) -> str:
    logical, name = given["LogicalResourceId"], given["ResourceType"]
    if logical not in template.resources or template.resources[logical].type != name:
        raise errors.invalid(f"Resources [{logical}] passed in ResourceToImport are not in the template")
    members, identifier = types.find(ctx, name).identifier, given["ResourceIdentifier"]
    if set(identifier) != set(members):
        told = f"Resource identifiers [{', '.join(members)}] are needed to import {logical}"
        raise errors.invalid(f"{told} but [{', '.join(identifier)}] were given.")
    return "|".join(identifier[each] for each in members)


def _check(template: Template, changes: list[Change], added: dict[str, Change], found: dict[str, str]) -> None:
    known = sorted(set(found) - set(added))
    if known:
        raise errors.invalid(f"Resources [{', '.join(known)}] passed in ResourceToImport are already in the stack")
    others = [told["LogicalResourceId"] for told in map(_told, changes) if told["LogicalResourceId"] not in found]
    if others:
        raise errors.invalid(
            f"You have modified resources [{', '.join(others)}] in your template that are not being imported. "
            "Update, create or delete operations cannot be executed during import operations."
        )
    unprotected = [each for each in found if template.resources[each].deletion is None]
    if unprotected:
        told = f"The following resources to import [{', '.join(unprotected)}]"
        raise errors.invalid(f"{told} must have DeletionPolicy attribute specified in the template.")


async def _check_free(ctx: Context, type: str, identifier: str) -> None:
    """A resource is one stack's only."""
    for stack in await stacks.scan(ctx):
        if stack.deleted is None:
            for each in await resources.scan(ctx, stack.uuid):
                if (each.type, each.identifier) == (type, identifier):
                    raise errors.invalid(f"Resource {identifier} already exists in stack {stack.id}")


async def _existing(ctx: Context, added: dict[str, Change]) -> dict[str, str]:
    """Those of the new resources that are there already under the names that the template gives them."""
    found = {}
    for logical, told in added.items():
        kind = types.find(ctx, told["ResourceType"])
        properties = orjson.loads(told["AfterContext"])["Properties"]
        if all(name in properties for name in kind.identifier):
            identifier = kind.identifier_of(properties)
            if KNOWN_AFTER_APPLY in identifier:
                continue  # what only its own stack decides cannot be there yet
            if await _is_there(ctx, kind, identifier):
                await _check_free(ctx, kind.name, identifier)
                found[logical] = identifier
    return found


async def _is_there(ctx: Context, kind: ResourceType, identifier: str) -> bool:
    try:
        await ctx.undoing(kind.read, ctx, identifier)
    except AWSError as error:
        if kind.is_missing(error):
            return False
        raise
    return True


def marked(changes: list[Change], imported: dict[str, str]) -> list[Change]:
    """The changes, with those told as imports that are some."""
    for told in map(_told, changes):
        if told["LogicalResourceId"] in imported:
            told |= {"Action": "Import", "PhysicalResourceId": imported[told["LogicalResourceId"]]}
    return changes
