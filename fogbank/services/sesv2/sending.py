"""SendEmail and SendBulkEmail.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

from __future__ import annotations

from email.message import Message as Mime
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.mail import addresses, events, identities, messages, problems, rendering, sending, templates
from fogbank.mail.events import Event, Mail
from fogbank.mail.permissions import Sending
from fogbank.mail.records import Template, arn_of
from fogbank.mail.sending import Draft
from fogbank.services.sesv2 import contacts, tenants
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request

_BULK = 50
_FORBIDDEN = frozenset({"from", "to", "cc", "bcc", "reply-to", "subject", "message-id", "return-path", "sender"})


def _recipients(request: Request) -> list[str]:
    destination = request.get("Destination") or {}
    return [each for kind in ("To", "Cc", "Bcc") for each in destination.get(f"{kind}Addresses") or ()]


def _all_recipients(request: Request) -> list[str]:
    return [each for entry in request.get("BulkEmailEntries") or () for each in _recipients(entry)]


def _action(ctx: Context, request: Request) -> str:
    """Raw mails and mails of templates are permitted on their own."""
    content = request.get("Content") or {}
    return (
        "ses:SendRawEmail"
        if content.get("Raw")
        else "ses:SendTemplatedEmail"
        if content.get("Template")
        else "ses:SendEmail"
    )


_ONE = Sending("2", "FromEmailAddress", "FromEmailAddressIdentityArn", _recipients)
_MANY = Sending("2", "FromEmailAddress", "FromEmailAddressIdentityArn", _all_recipients)


@service.operation(**_ONE.options, action=_action)
async def send_email(ctx: Context, request: Request) -> Answer:
    """The answer tells that SES has taken the mail; what becomes of it, events tell."""
    await _check_place(ctx, request)
    content = {name: value for name, value in request["Content"].items() if value is not None}
    if len(content) != 1:
        raise problems.invalid(ctx, "Exactly one of Simple, Raw and Template must be specified in Content.")
    if await contacts.have_opted_out(ctx, request.get("ListManagementOptions"), _recipients(request)):
        raise problems.problem(ctx, "rejected", "The contact has opted out of the list or the topic.")
    ((kind, given),) = content.items()
    return {"MessageId": await _KINDS[kind](ctx, request, given)}


async def _simple(ctx: Context, request: Request, given: Request) -> str:
    subject, body = _text(ctx, given["Subject"]), given["Body"]
    text, html = (_text(ctx, body[name]) if body.get(name) else None for name in ("Text", "Html"))
    if text is None and html is None:
        raise problems.invalid(ctx, "Body must have a text part or an HTML part.")
    mime = _made(ctx, request, subject, text, html, given)
    return await sending.send(ctx, _draft(ctx, request, mime))


async def _check_place(ctx: Context, request: Request) -> None:
    """What a tenant sends under, has to be the tenant's."""
    if request.get("EndpointId"):
        raise problems.invalid(ctx, "Fogbank has no multi-region endpoints of Amazon SES.")
    if tenant := request.get("TenantName"):
        arns = [await identities.arn_for(ctx, sending.plain(ctx, _source(ctx, request)))]
        if set_name := request.get("ConfigurationSetName"):
            arns.append(arn_of(ctx, "configuration-set", set_name))
        await tenants.require(ctx, tenant, *arns)


def _text(ctx: Context, content: Request) -> str:
    """Raises what is said to a text that its charset does not have."""
    try:
        content["Data"].encode(content.get("Charset") or "utf-8")
    except (LookupError, UnicodeEncodeError) as error:
        raise problems.invalid(ctx, f"Invalid charset: {content.get('Charset')}.") from error
    return str(content["Data"])


async def _raw(ctx: Context, request: Request, given: Request) -> str:
    mime = messages.read(bytes(given["Data"]))
    source = request.get("FromEmailAddress") or str(mime.get("From") or "")
    if "From" not in mime:
        if not source:
            raise problems.invalid(ctx, "Missing required header 'From'.")
        mime["From"] = source
    found = request.get("Destination") or {}
    people = [found.get(f"{kind}Addresses") or [] for kind in ("To", "Cc", "Bcc")]
    if not any(people):
        people = [addresses.split(", ".join(map(str, mime.get_all(kind) or []))) for kind in ("To", "Cc", "Bcc")]
    draft = _draft(ctx, {**request, "FromEmailAddress": source}, mime)
    return await sending.send(ctx, draft._replace(to=people[0], cc=people[1], bcc=people[2]))


async def _templated(ctx: Context, request: Request, given: Request) -> str:
    template = await _template(ctx, given)
    return await _send_rendered(ctx, request, template, templates.data_of(ctx, given.get("TemplateData")), given)


async def _template(ctx: Context, given: Request) -> Template:
    content = given.get("TemplateContent")
    name = given.get("TemplateName") or str(given.get("TemplateArn") or "").rpartition("/")[2]
    if bool(content) == bool(name):
        raise problems.invalid(ctx, "Exactly one of TemplateName, TemplateArn and TemplateContent must be specified.")
    if content:
        return Template("", 0, content.get("Subject") or "", content.get("Text") or "", content.get("Html") or "")
    return await templates.find(ctx, name)


async def _send_rendered(
    ctx: Context, request: Request, template: Template, data: dict[str, Any], given: Request
) -> str:
    """A mail that cannot be rendered is not sent; an event tells of it, not the answer."""
    try:
        rendered = templates.rendered(template, data)
    except (rendering.MissingValue, rendering.BadTemplate) as error:
        return await _failed(ctx, request, template, str(error))
    mime = _made(ctx, request, rendered.subject, rendered.text, rendered.html, given)
    return await sending.send(ctx, _draft(ctx, request, mime))


async def _failed(ctx: Context, request: Request, template: Template, reason: str) -> str:
    draft = _draft(ctx, request, messages.made(_source(ctx, request), {}, [], "", "", None))
    chosen = await sending.chosen_for(ctx, sending.plain(ctx, draft.source), draft)
    message_id = sending.new_id(ctx)
    mail = Mail(message_id, draft.source, chosen.identity_arn, draft.recipients, [], {}, draft.tags, ctx.now())
    about = {"errorMessage": reason, "templateName": template.name}
    await events.tell(ctx, mail, Event("RENDERING_FAILURE", about), chosen.set, None, draft.source)
    return message_id


_KINDS = {"Simple": _simple, "Raw": _raw, "Template": _templated}


def _source(ctx: Context, request: Request) -> str:
    source = request.get("FromEmailAddress")
    if not source:
        raise problems.invalid(ctx, "FromEmailAddress must be specified.")
    return str(source)


def _made(ctx: Context, request: Request, subject: str, text: str | None, html: str | None, given: Request) -> Mime:
    destination = request.get("Destination") or {}
    headers = [(each["Name"], each["Value"]) for each in given.get("Headers") or ()]
    if forbidden := next((name for name, _ in headers if name.lower() in _FORBIDDEN), None):
        raise problems.invalid(ctx, f"Header {forbidden} cannot be specified.")
    people = {kind: destination.get(f"{kind}Addresses") or [] for kind in ("To", "Cc")}
    source, reply_to = _source(ctx, request), request.get("ReplyToAddresses") or []
    attachments = given.get("Attachments") or ()
    try:
        return messages.made(source, people, reply_to, subject, text, html, headers, attachments)
    except ValueError as error:
        raise problems.invalid(ctx, str(error)) from error


def _draft(ctx: Context, request: Request, mime: Mime) -> Draft:
    destination = request.get("Destination") or {}
    to, cc, bcc = (list(destination.get(f"{kind}Addresses") or ()) for kind in ("To", "Cc", "Bcc"))
    tags: dict[str, list[str]] = {}
    for each in request.get("EmailTags") or ():
        tags.setdefault(each["Name"], []).append(each["Value"])
    return Draft(
        _source(ctx, request),
        to,
        cc,
        bcc,
        mime,
        tags,
        request.get("FeedbackForwardingEmailAddress") or "",
        request.get("ConfigurationSetName") or "",
        request.get("FromEmailAddressIdentityArn") or "",
    )


# -- many at once


@service.operation(**_MANY.options, action="ses:SendBulkTemplatedEmail")
async def send_bulk_email(ctx: Context, request: Request) -> Answer:
    """Each entry succeeds or fails on its own.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html
    """
    entries = request["BulkEmailEntries"]
    if not 0 < len(entries) <= _BULK:
        raise problems.invalid(ctx, f"There must be between 1 and {_BULK} entries.")
    await _check_place(ctx, request)
    given = request["DefaultContent"].get("Template") or {}
    template = await _template(ctx, given)
    await sending.usable_set(ctx, request.get("ConfigurationSetName") or "")
    results = [await _entry(ctx, request, entry, template, given) for entry in entries]
    return {"BulkEmailEntryResults": results}


async def _entry(ctx: Context, request: Request, entry: Request, template: Template, given: Request) -> Answer:
    replacement = (entry.get("ReplacementEmailContent") or {}).get("ReplacementTemplate") or {}
    tags = {each["Name"]: each for each in request.get("DefaultEmailTags") or ()}
    tags |= {each["Name"]: each for each in entry.get("ReplacementTags") or ()}
    one = {**request, "Destination": entry["Destination"], "EmailTags": list(tags.values())}
    headers = entry.get("ReplacementHeaders") or given.get("Headers") or []
    try:
        data = templates.data_of(ctx, given.get("TemplateData"), replacement.get("ReplacementTemplateData"))
        sent = await ctx.undoing(_send_rendered, ctx, one, template, data, {**given, "Headers": headers})
    except AWSError as error:
        return {"Status": _STATUSES.get(error.code, "FAILED"), "Error": error.message}
    return {"Status": "SUCCESS", "MessageId": sent}


_STATUSES = {
    "MessageRejected": "MESSAGE_REJECTED",
    "BadRequestException": "INVALID_PARAMETER",
    "LimitExceededException": "ACCOUNT_DAILY_QUOTA_EXCEEDED",
    "SendingPausedException": "ACCOUNT_SENDING_PAUSED",
}
