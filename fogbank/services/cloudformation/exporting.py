"""Exports, and the stacks that import them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.records import (
    Answer,
    Export,
    Import,
    Request,
    Stack,
    exports,
    imports,
    stacks,
    uuid_of,
)
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.templates.functions import Values
from fogbank.services.cloudformation.templates.template import Template

_PAGE = 100


async def export_outputs(ctx: Context, stack: Stack) -> None:
    """Export what the stack's outputs say, and nothing else any more. Raises ValidationError for what others use or have."""
    wanted = {output.export: output.value for output in stack.outputs if output.export}
    for name, known in await _of(ctx, stack):
        if wanted.get(name) != known.value and (users := await _users(ctx, name)):
            told = " and ".join(users)
            if name in wanted:
                raise errors.invalid(f"Cannot update export {name} as it is in use by {told}")
            raise errors.invalid(f"Cannot delete export {name} as it is in use by {told}")
        if name not in wanted:
            exports.delete(ctx, name)
    for name, value in wanted.items():
        found = await exports.get(ctx, name)
        if found is not None and found.stack != stack.id:
            owner = await stacks.get(ctx, uuid_of(found.stack))
            told = owner.name if owner is not None else found.stack
            raise errors.invalid(f"Export with name {name} is already exported by stack {told}. ")
        exports.put(ctx, Export(stack.id, value), name)


async def _of(ctx: Context, stack: Stack) -> list[tuple[str, Export]]:
    return [(str(key[0]), each) for key, each in await exports.items(ctx, (str,)) if each.stack == stack.id]


async def _users(ctx: Context, name: str) -> list[str]:
    return [each.stack for each in await imports.scan(ctx, name)]


async def check_unused(ctx: Context, stack: Stack) -> None:
    """Raises ValidationError when another stack imports what this one exports."""
    for name, _ in await _of(ctx, stack):
        users = await _users(ctx, name)
        if users:
            raise errors.invalid(f"Export {name} cannot be deleted as it is in use by {' and '.join(users)}")


async def forget_exports(ctx: Context, stack: Stack) -> None:
    for name, _ in await _of(ctx, stack):
        exports.delete(ctx, name)
    await _forget_imports(ctx, stack, set())


async def note_imports(ctx: Context, stack: Stack, template: Template, values: Values) -> None:
    told = "the attribute in Fn::ImportValue must be a string"
    used = {values.text(each, told) for each in imported(template.document, values)}
    await _forget_imports(ctx, stack, used)
    for name in used:
        imports.put(ctx, Import(stack.name), name, stack.uuid)


async def _forget_imports(ctx: Context, stack: Stack, used: set[str]) -> None:
    for key, _ in await imports.items(ctx, (str, str)):
        if key[1] == stack.uuid and key[0] not in used:
            imports.delete(ctx, *key)


def imported(document: dict[str, Any], values: Values) -> Iterator[Any]:
    """What Fn::ImportValue is given, in the resources and outputs that are there."""
    for section in ("Resources", "Outputs"):
        for each in (document.get(section) or {}).values():
            if values.holds(each.get("Condition")):
                yield from _arguments(each)


def _arguments(node: Any) -> Iterator[Any]:
    if isinstance(node, list):
        for each in node:
            yield from _arguments(each)
    elif isinstance(node, dict):
        if node.keys() == {"Fn::ImportValue"}:
            yield node["Fn::ImportValue"]
        for each in node.values():
            yield from _arguments(each)


@service.operation
async def list_exports(ctx: Context, request: Request) -> Answer:
    """API_ListExports."""
    rows = [(str(key[0]), each) for key, each in await exports.items(ctx, (str,))]
    if request.get("NextToken"):
        after = pages.position(request["NextToken"], errors.invalid("Invalid NextToken"))
        rows = [row for row in rows if row[0] > after]
    page, token = pages.page(rows, _PAGE, lambda row: row[0])
    shown = [{"ExportingStackId": each.stack, "Name": name, "Value": each.value} for name, each in page]
    return {"Exports": shown, "NextToken": token}


@service.operation
async def list_imports(ctx: Context, request: Request) -> Answer:
    """API_ListImports."""
    name = request["ExportName"]
    if await exports.get(ctx, name) is None:
        raise errors.invalid(f"Export '{name}' does not exist.")
    found = sorted(each.stack for each in await imports.scan(ctx, name))
    if not found:
        raise errors.invalid(f"Export '{name}' is not imported by any stack.")
    if request.get("NextToken"):
        after = pages.position(request["NextToken"], errors.invalid("Invalid NextToken"))
        found = [each for each in found if each > after]
    page, token = pages.page(found, _PAGE, lambda each: each)
    return {"Imports": list(page), "NextToken": token}
