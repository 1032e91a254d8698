"""Templates of mails, and of custom verification mails."""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.mail import messages, problems, rendering, templates, verification
from fogbank.mail.permissions import on
from fogbank.mail.records import Template, VerificationTemplate, verification_mails
from fogbank.mail.records import templates as kept
from fogbank.services.ses.service import service
from fogbank.services.ses.shared import ANY, Answer, Request, page, start_of

_PAGE = 100
_VERIFICATION_PAGE = 50
_VERIFICATION = on("custom-verification-email-template", "TemplateName")


def _template(request: Request, created: float, tags: dict[str, str]) -> Template:
    given = request["Template"]
    subject, text, html = (given.get(f"{part}Part") or "" for part in ("Subject", "Text", "Html"))
    return Template(given["TemplateName"], created, subject, text, html, tags)


@service.operation(**ANY)
async def create_template(ctx: Context, request: Request) -> None:
    await templates.add(ctx, _template(request, ctx.now(), {}))


@service.operation(**ANY)
async def update_template(ctx: Context, request: Request) -> None:
    before = await templates.find(ctx, request["Template"]["TemplateName"])
    await templates.replace(ctx, _template(request, before.created, before.tags))


@service.operation(**on("template", "TemplateName"))
async def get_template(ctx: Context, request: Request) -> Answer:
    found = await templates.find(ctx, request["TemplateName"])
    return {
        "Template": {
            "TemplateName": found.name,
            "SubjectPart": found.subject,
            "TextPart": found.text or None,
            "HtmlPart": found.html or None,
        }
    }


@service.operation(**ANY)
async def list_templates(ctx: Context, request: Request) -> Answer:
    limit = min(max(request.get("MaxItems") or _PAGE, 1), _PAGE)
    rows = await kept.scan(ctx, after=start_of(request), limit=limit + 1)
    shown, following = page(rows, limit, lambda template: template.name)
    listed = [{"Name": each.name, "CreatedTimestamp": each.created} for each in shown]
    return {"TemplatesMetadata": listed, "NextToken": following}


@service.operation(**on("template", "TemplateName"))
async def delete_template(ctx: Context, request: Request) -> None:
    """One that is not there is gone, too."""
    kept.delete(ctx, request["TemplateName"])


@service.operation(**on("template", "TemplateName"))
async def test_render_template(ctx: Context, request: Request) -> Answer:
    """The mail as it would be, as MIME."""
    found = await templates.find(ctx, request["TemplateName"])
    data = templates.data_of(ctx, request["TemplateData"])
    try:
        rendered = templates.rendered(found, data)
    except (rendering.MissingValue, rendering.BadTemplate) as error:
        raise problems.problem(ctx, "no data", str(error)) from error
    mime = messages.made("", {}, [], rendered.subject, rendered.text, rendered.html)
    return {"RenderedTemplate": messages.shown(mime, ctx.now())}


# -- custom verification mails

_MEMBERS = {
    "FromEmailAddress": "sender",
    "TemplateSubject": "subject",
    "TemplateContent": "content",
    "SuccessRedirectionURL": "success_url",
    "FailureRedirectionURL": "failure_url",
}


@service.operation(**_VERIFICATION)
async def create_custom_verification_email_template(ctx: Context, request: Request) -> None:
    await verification.add(
        ctx, VerificationTemplate(request["TemplateName"], *(request[member] for member in _MEMBERS))
    )


@service.operation(**_VERIFICATION)
async def update_custom_verification_email_template(ctx: Context, request: Request) -> None:
    """What is not given stays."""
    before = await verification.find(ctx, request["TemplateName"])
    fields = {field: request[member] for member, field in _MEMBERS.items() if request.get(member) is not None}
    await verification.replace(ctx, msgspec.structs.replace(before, **fields))


@service.operation(**_VERIFICATION)
async def get_custom_verification_email_template(ctx: Context, request: Request) -> Answer:
    found = await verification.find(ctx, request["TemplateName"])
    return {**verification.described(found), "TemplateContent": found.content}


@service.operation(**ANY)
async def list_custom_verification_email_templates(ctx: Context, request: Request) -> Answer:
    limit = min(request.get("MaxResults") or _VERIFICATION_PAGE, _VERIFICATION_PAGE)
    rows = await verification_mails.scan(ctx, after=start_of(request), limit=limit + 1)
    shown, following = page(rows, limit, lambda template: template.name)
    listed = [verification.described(each) for each in shown]
    return {"CustomVerificationEmailTemplates": listed, "NextToken": following}


@service.operation(**_VERIFICATION)
async def delete_custom_verification_email_template(ctx: Context, request: Request) -> None:
    """One that is not there is gone, too."""
    verification_mails.delete(ctx, request["TemplateName"])


@service.operation(**_VERIFICATION)
async def send_custom_verification_email(ctx: Context, request: Request) -> Answer:
    found = await verification.find(ctx, request["TemplateName"])
    return {"MessageId": await verification.send(ctx, request["EmailAddress"], found)}
