"""Templates of mails, and of custom verification mails."""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.mail import messages, problems, rendering, templates, verification
from fogbank.mail.permissions import on
from fogbank.mail.records import Template, VerificationTemplate, verification_mails
from fogbank.mail.records import templates as kept
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request, page, page_size, start_of, tag_list, tag_map

ON_TEMPLATE = on("template", "TemplateName")
ON_VERIFICATION = on("custom-verification-email-template", "TemplateName")


def _template(ctx: Context, request: Request, created: float, tags: dict[str, str]) -> Template:
    content = request["TemplateContent"]
    subject, text, html = (content.get(name) or "" for name in ("Subject", "Text", "Html"))
    return Template(request["TemplateName"], created, subject, text, html, tags)


@service.operation(**ON_TEMPLATE)
async def create_email_template(ctx: Context, request: Request) -> None:
    await templates.add(ctx, _template(ctx, request, ctx.now(), tag_map(ctx, request.get("Tags"))))


@service.operation(**ON_TEMPLATE)
async def update_email_template(ctx: Context, request: Request) -> None:
    before = await templates.find(ctx, request["TemplateName"])
    await templates.replace(ctx, _template(ctx, request, before.created, before.tags))


@service.operation(**ON_TEMPLATE)
async def get_email_template(ctx: Context, request: Request) -> Answer:
    found = await templates.find(ctx, request["TemplateName"])
    content = {"Subject": found.subject, "Text": found.text or None, "Html": found.html or None}
    return {"TemplateName": found.name, "TemplateContent": content, "Tags": tag_list(found.tags)}


@service.operation(resource=lambda ctx, request: "*")
async def list_email_templates(ctx: Context, request: Request) -> Answer:
    rows = await kept.scan(ctx, after=start_of(request), limit=page_size(request) + 1)
    shown, following = page(rows, request, lambda template: template.name)
    listed = [{"TemplateName": each.name, "CreatedTimestamp": each.created} for each in shown]
    return {"TemplatesMetadata": listed, "NextToken": following}


@service.operation(**ON_TEMPLATE)
async def delete_email_template(ctx: Context, request: Request) -> None:
    kept.delete(ctx, (await templates.find(ctx, request["TemplateName"])).name)


@service.operation(**ON_TEMPLATE)
async def test_render_email_template(ctx: Context, request: Request) -> Answer:
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


def _verification(request: Request, tags: dict[str, str]) -> VerificationTemplate:
    return VerificationTemplate(
        request["TemplateName"],
        request["FromEmailAddress"],
        request["TemplateSubject"],
        request["TemplateContent"],
        request["SuccessRedirectionURL"],
        request["FailureRedirectionURL"],
        tags,
    )


@service.operation(**ON_VERIFICATION)
async def create_custom_verification_email_template(ctx: Context, request: Request) -> None:
    await verification.add(ctx, _verification(request, tag_map(ctx, request.get("Tags"))))


@service.operation(**ON_VERIFICATION)
async def update_custom_verification_email_template(ctx: Context, request: Request) -> None:
    before = await verification.find(ctx, request["TemplateName"])
    await verification.replace(ctx, _verification(request, before.tags))


@service.operation(**ON_VERIFICATION)
async def get_custom_verification_email_template(ctx: Context, request: Request) -> Answer:
    found = await verification.find(ctx, request["TemplateName"])
    return {**verification.described(found), "TemplateContent": found.content, "Tags": tag_list(found.tags)}


@service.operation(resource=lambda ctx, request: "*")
async def list_custom_verification_email_templates(ctx: Context, request: Request) -> Answer:
    rows = await verification_mails.scan(ctx, after=start_of(request), limit=page_size(request) + 1)
    shown, following = page(rows, request, lambda template: template.name)
    listed = [verification.described(each) for each in shown]
    return {"CustomVerificationEmailTemplates": listed, "NextToken": following}


@service.operation(**ON_VERIFICATION)
async def delete_custom_verification_email_template(ctx: Context, request: Request) -> None:
    if await verification_mails.get(ctx, request["TemplateName"]) is None:
        raise AWSError("NotFoundException", f"Template {request['TemplateName']} does not exist.")
    verification_mails.delete(ctx, request["TemplateName"])


@service.operation(**ON_VERIFICATION)
async def send_custom_verification_email(ctx: Context, request: Request) -> Answer:
    found = await verification.find(ctx, request["TemplateName"])
    return {"MessageId": await verification.send(ctx, request["EmailAddress"], found)}
