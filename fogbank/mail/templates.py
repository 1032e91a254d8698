"""Templates: kept, and rendered for a mail."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from fogbank.kernel import Context
from fogbank.mail import problems, rendering
from fogbank.mail.records import Template, templates

_LIMIT = 20_000
_BYTES = 500_000


class Rendered(NamedTuple):
    """None for what the template does not have."""

    subject: str
    text: str | None
    html: str | None


async def find(ctx: Context, name: str) -> Template:
    template = await templates.get(ctx, name)
    if template is None:
        raise problems.no_template(ctx, name)
    return template


async def add(ctx: Context, made: Template) -> None:
    _check(ctx, made)
    if await templates.get(ctx, made.name) is not None:
        raise problems.problem(ctx, "a template", f"Template {made.name} already exists.")
    if await templates.count(ctx, limit=_LIMIT) >= _LIMIT:
        raise problems.problem(ctx, "limit", f"Maximum number of templates reached: {_LIMIT}.")
    templates.put(ctx, made, made.name)


async def replace(ctx: Context, made: Template) -> None:
    _check(ctx, made)
    templates.put(ctx, made, made.name)


def _check(ctx: Context, made: Template) -> None:
    if not made.subject:
        raise problems.problem(ctx, "bad template", "The subject must be specified.")
    if not made.text and not made.html:
        raise problems.problem(ctx, "bad template", "The template must have a text part or an HTML part.")
    if sum(len(part.encode()) for part in (made.subject, made.text, made.html)) > _BYTES:
        raise problems.problem(ctx, "bad template", "The template is larger than 500 KB.")
    for part in (made.subject, made.text, made.html):
        try:
            rendering.parse(part)
        except rendering.BadTemplate as error:
            raise problems.problem(ctx, "bad template", f"Template is not valid: {error}") from error


def data_of(ctx: Context, *texts: str | None) -> dict[str, Any]:
    """The data of a mail, later ones before earlier ones. Raises what is said to data that is no object of JSON."""
    merged: dict[str, Any] = {}
    for text in texts:
        try:
            found = orjson.loads(text or "{}")
        except orjson.JSONDecodeError as error:
            raise problems.problem(ctx, "bad data", "Template data is not valid JSON.") from error
        if not isinstance(found, dict):
            raise problems.problem(ctx, "bad data", "Template data has to be an object.")
        merged |= found
    return merged


def rendered(template: Template, data: dict[str, Any]) -> Rendered:
    """Raises MissingValue, BadTemplate."""
    subject = rendering.render(template.subject, data)
    text, html = (rendering.render(part, data) if part else None for part in (template.text, template.html))
    return Rendered(subject, text, html)
