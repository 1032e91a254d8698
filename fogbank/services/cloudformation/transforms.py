"""Transforms: what is done to a template before anything of it is looked at.

Those within it come first (`Fn::Transform`, the innermost before the others), then those of its Transform section, in their order.
What a transform made is not looked through for further ones.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context
from fogbank.services.cloudformation import errors, evaluation, including, macros, serverless
from fogbank.services.cloudformation.records import Stack
from fogbank.services.cloudformation.templates import parameters
from fogbank.services.cloudformation.templates.functions import Values
from fogbank.services.cloudformation.templates.loops import unrolled
from fogbank.services.cloudformation.templates.parsing import Document
from fogbank.services.cloudformation.templates.template import FUNCTION, LANGUAGE_EXTENSIONS, Template, calls_of


class _Job(NamedTuple):
    """For whom templates are transformed, and the values of their parameters as texts."""

    ctx: Context
    stack: Stack
    texts: dict[str, str]
    values: Values


async def applied(ctx: Context, stack: Stack, document: Document, texts: dict[str, str]) -> Document:
    """The document after its transforms. Not in a transaction. Raises ValidationError."""
    job = _Job(ctx, stack, texts, _values(ctx, stack, document, texts))
    listed = calls_of(document)
    document = await _within(job, {name: value for name, value in document.items() if name != "Transform"})
    for call in listed:
        document = await _called(job, call, document, is_whole=True)
    return document


def _values(ctx: Context, stack: Stack, document: Document, texts: dict[str, str]) -> Values:
    """What parameters of transforms can be made of: those of the template, its mappings and conditions."""
    sections: Document = {name: document[name] for name in ("Parameters", "Mappings", "Conditions") if name in document}
    template = Template({**sections, "Resources": {"None": {"Type": "None"}}})
    given = {**parameters.referred(template, texts), **evaluation.pseudo(ctx, stack)}
    return Values(template, given, evaluation.zones, {})


async def _within(job: _Job, node: Any) -> Any:
    """A part of a template with the transforms in it done."""
    if isinstance(node, list):
        return [await _within(job, each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {name: await _within(job, each) for name, each in node.items() if name != FUNCTION}
    if FUNCTION in node:
        calls = node[FUNCTION] if isinstance(node[FUNCTION], list) else [node[FUNCTION]]
        for call in calls:
            found = await _called(job, call, found, is_whole=False)
    return found


async def _called(job: _Job, call: Any, fragment: Document, is_whole: bool) -> Any:
    if not isinstance(call, dict) or not isinstance(call.get("Name"), str):
        raise errors.template_error("Every Fn::Transform object requires a Name and may have Parameters.")
    name, given = call["Name"], job.values.value(call.get("Parameters") or {})
    if name == LANGUAGE_EXTENSIONS and is_whole:
        return unrolled(fragment, fragment, job.texts)
    if name == serverless.NAME and is_whole:
        return await serverless.translated(job.ctx, job.stack, fragment, job.texts)
    if name == including.NAME:
        return await including.included(job.ctx, fragment, given)
    if name.startswith("AWS::"):
        raise errors.no_transform(name)
    known = {each: job.values.parameters[each] for each in job.texts}
    return await macros.processed(job.ctx, name, fragment, given, known)
