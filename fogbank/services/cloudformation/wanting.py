"""What a request wants of a stack: its template, fetched, transformed and checked, and the values of its parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import orjson

from fogbank.kernel import AWSError, Context, bodies
from fogbank.services.cloudformation import errors, evaluation, transforms, types
from fogbank.services.cloudformation.records import Body, Request, Stack
from fogbank.services.cloudformation.templates import parameters, references
from fogbank.services.cloudformation.templates.functions import Values
from fogbank.services.cloudformation.templates.parsing import BODY_BYTES, TEMPLATE_BYTES, parse
from fogbank.services.cloudformation.templates.template import Template, transforms_of

_BUCKET_HOST = re.compile(
    r"(?P<bucket>.+?)\.s3[.-](?:[a-z0-9-]+\.)?(?:amazonaws\.com|localhost)|(?P<own>.+)\.s3\.localhost"
)


class Wanted(NamedTuple):
    """`texts` are the parameters' values as they are kept, `resolved` those that Parameter Store has in their place.

    `transforms` are those that the template was given with.
    """

    template: Template
    body: Body
    texts: dict[str, str]
    resolved: dict[str, str]
    transforms: list[str]

    @property
    def hidden(self) -> list[str]:
        declared = self.template.parameters
        return [name for name in self.texts if parameters.is_hidden(declared[name])]


async def text_of(ctx: Context, request: Request, body: str = "TemplateBody", url: str = "TemplateURL") -> str | None:
    """A text that a request has in it, or has the address of; None when it has neither. Not in a transaction. Raises ValidationError."""
    if request.get(body) is not None and request.get(url) is not None:
        raise errors.invalid(f"Only one of {body} and {url} may be specified.")
    if request.get(body) is not None:
        text = str(request[body])
        if len(text.encode()) > BODY_BYTES and body == "TemplateBody":
            limit = f"Member must have length less than or equal to {BODY_BYTES}"
            told = f"1 validation error detected: Value at 'templateBody' failed to satisfy constraint: {limit}"
            raise errors.invalid(told)
        return text
    return await _fetched(ctx, request[url], url) if request.get(url) is not None else None


async def _fetched(ctx: Context, address: str, member: str) -> str:
    """An object of S3, read with the caller's permissions."""
    bucket, key = _object(address)
    if not bucket or not key:
        raise errors.invalid(f"{member} must be a supported URL.")
    try:
        found = await ctx.transact(lambda: ctx.call("s3", "GetObject", {"Bucket": bucket, "Key": key}, as_caller=True))
    except AWSError as error:
        raise errors.invalid(
            f"S3 error: {error.message}\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
        ) from error
    data = await bodies.whole(found["Body"])
    if len(data) > TEMPLATE_BYTES:
        raise errors.invalid(f"Template may not exceed {TEMPLATE_BYTES} bytes in size.")
    return data.decode(errors="replace")


def _object(address: str) -> tuple[str, str]:
    """(bucket, key) of a URL in path or host style, or `s3://`."""
    parts = urlsplit(address)
    path = unquote(parts.path.removeprefix("/"))
    if parts.scheme == "s3":
        return parts.netloc, path
    if parts.scheme not in ("http", "https"):
        return "", ""
    named = _BUCKET_HOST.match(parts.hostname or "")
    if named is not None and not (parts.hostname or "").startswith("s3."):
        return named["bucket"] or named["own"], path
    bucket, _, key = path.partition("/")
    return bucket, key


async def wanted(
    ctx: Context, stack: Stack, text: str, given: list[dict[str, Any]], before: Stack | None = None
) -> Wanted:
    """What is wanted of the stack. `before` is the stack whose parameters may be used again. Not in a transaction."""
    document = parse(text)
    texts = parameters.values(_with_parameters(document), _given(given, before))
    names = transforms_of(document)
    document = await transforms.applied(ctx, stack, document, texts)
    template = Template(document)
    check(ctx, template)
    resolved = await _resolved(ctx, template, texts)
    found = Wanted(template, Body(text, orjson.dumps(document).decode()), texts, resolved, names)
    await ctx.transact(_check_values, ctx, stack, found)
    return found


def _with_parameters(document: dict[str, Any]) -> Template:
    """A template of which only the parameters are looked at, before its transforms have made the others what they are."""
    placeholder = {"Resources": {"None": {"Type": "None"}}}
    template = Template({**placeholder, **{key: document[key] for key in ("Parameters",) if key in document}})
    parameters.check(template)
    return template


def _given(given: list[dict[str, Any]], before: Stack | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name = each.get("ParameterKey", "")
        if each.get("UsePreviousValue"):
            if before is None:
                raise errors.invalid(
                    "Invalid input for parameter key "
                    + name
                    + ". Cannot specify usePreviousValue as true for a parameter key not in the previous template"
                )
            if name in before.parameters:
                found[name] = before.parameters[name]
        elif each.get("ParameterValue") is None:
            raise errors.invalid(f"Parameter {name} must have a value or use its previous value.")
        elif name in found:
            raise errors.invalid(f"Duplicate parameter key: {name}")
        else:
            found[name] = each["ParameterValue"]
    return found


def check(ctx: Context, template: Template) -> None:
    """What has to hold of a template whatever its values are. Raises ValidationError."""
    parameters.check(template)
    references.check(template)
    types.check(ctx, template)


async def _resolved(ctx: Context, template: Template, texts: Mapping[str, str]) -> dict[str, str]:
    """The values that Parameter Store has, of the parameters that name one."""
    found: dict[str, str] = {}
    for name, text in texts.items():
        stored = parameters.ssm_name(template.parameters[name], text)
        if stored is not None:
            found[name] = await ctx.transact(_from_store, ctx, stored)
    return found


async def _from_store(ctx: Context, name: str) -> str:
    try:
        answer = await ctx.call("ssm", "GetParameters", {"Names": [name]}, as_caller=True)
    except AWSError as error:
        raise errors.invalid(f"Parameter {name}: {error.message}") from error
    if not answer.get("Parameters"):
        raise errors.invalid(f"Unable to fetch parameters [{name}] from parameter store for this account.")
    return str(answer["Parameters"][0]["Value"])


async def _check_values(ctx: Context, stack: Stack, found: Wanted) -> None:
    """Raises ValidationError when the functions of the template cannot be evaluated with these parameters."""
    values = Values(
        found.template,
        {
            **parameters.referred(found.template, {**found.texts, **found.resolved}),
            **evaluation.pseudo(ctx, stack),
        },
        evaluation.zones,
        await evaluation.exported(ctx),
    )
    for declared in found.template.resources.values():
        if values.holds(declared.condition):
            values.value(declared.properties)
    for output in found.template.outputs.values():
        if values.holds(output.get("Condition")):
            values.value(output["Value"])
    _check_rules(values, found.template)
    _check_needed(values, found.template)


def _check_needed(values: Values, template: Template) -> None:
    """What is there may not refer to what its condition keeps from being there."""
    absent = {name for name, each in template.resources.items() if not values.holds(each.condition)}
    for name, declared in template.resources.items():
        if name in absent:
            continue
        missing = sorted(set(references.names_in(declared.properties, values.holds)) & absent)
        if missing:
            raise errors.format_error(
                f"Unresolved resource dependencies [{', '.join(missing)}] in the Resources block of the template"
            )


def _check_rules(values: Values, template: Template) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html"""
    for name, rule in template.rules.items():
        if "RuleCondition" in rule and not values.value(rule["RuleCondition"]):
            continue
        for assertion in rule.get("Assertions") or []:
            if not values.value(assertion["Assert"]):
                told = assertion.get("AssertDescription", "assertion failed")
                raise errors.invalid(f"Template constraint validation failed: Rule {name}: {told}")
