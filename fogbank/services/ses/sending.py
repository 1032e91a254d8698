"""Sending mails, and what is known of all of them."""

from __future__ import annotations

from email.message import Message as Mime
from typing import Any

from fogbank.kernel import AWSError, Context, mailbox
from fogbank.mail import addresses, events, identities, messages, problems, rendering, sending, templates
from fogbank.mail.events import Event, Mail
from fogbank.mail.permissions import Sending
from fogbank.mail.records import Template, change_settings, counts, office, settings_of
from fogbank.mail.sending import Draft
from fogbank.services.ses.service import service
from fogbank.services.ses.shared import ANY, Answer, Request

_BULK = 50
_DAYS = 14


def _recipients(request: Request) -> list[str]:
    destination = request.get("Destination") or {}
    return [each for kind in ("To", "Cc", "Bcc") for each in destination.get(f"{kind}Addresses") or ()]


def _raw_recipients(request: Request) -> list[str]:
    return list(request.get("Destinations") or ())


def _bulk_recipients(request: Request) -> list[str]:
    return [each for one in request.get("Destinations") or () for each in _recipients(one)]


_ONE = Sending("1", "Source", "SourceArn", _recipients).options
_RAW = Sending("1", "Source", "SourceArn", _raw_recipients).options
_MANY = Sending("1", "Source", "SourceArn", _bulk_recipients).options


@service.operation(**_ONE)
async def send_email(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/ses/latest/APIReference/API_SendEmail.html"""
    message = request["Message"]
    text, html = ((message["Body"].get(kind) or {}).get("Data") for kind in ("Text", "Html"))
    mime = _made(request, message["Subject"]["Data"], text, html)
    return {"MessageId": await sending.send(ctx, _draft(request, mime))}


@service.operation(**_RAW)
async def send_raw_email(ctx: Context, request: Request) -> Answer:
    """Destinations that are given count, and not those of the headers.

    https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html
    """
    mime = messages.read(bytes(request["RawMessage"]["Data"]))
    source = request.get("Source") or str(mime.get("From") or "")
    if not source:
        raise problems.invalid(ctx, "Missing required header 'From'.")
    if "From" not in mime:
        mime["From"] = source
    people = [addresses.split(", ".join(map(str, mime.get_all(kind) or []))) for kind in ("To", "Cc", "Bcc")]
    if given := request.get("Destinations"):
        people = [list(given), [], []]
    draft = _draft({**request, "Source": source}, mime)
    return {"MessageId": await sending.send(ctx, draft._replace(to=people[0], cc=people[1], bcc=people[2]))}


@service.operation(**_ONE)
async def send_templated_email(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/ses/latest/APIReference/API_SendTemplatedEmail.html"""
    template = await templates.find(ctx, request["Template"])
    data = templates.data_of(ctx, request["TemplateData"])
    return {"MessageId": await _send_rendered(ctx, request, template, data)}


async def _send_rendered(ctx: Context, request: Request, template: Template, data: dict[str, Any]) -> str:
    """A mail that cannot be rendered is not sent; an event tells of it, not the answer."""
    try:
        rendered = templates.rendered(template, data)
    except (rendering.MissingValue, rendering.BadTemplate) as error:
        return await _failed(ctx, request, template, str(error))
    return await sending.send(ctx, _draft(request, _made(request, rendered.subject, rendered.text, rendered.html)))


async def _failed(ctx: Context, request: Request, template: Template, reason: str) -> str:
    draft = _draft(request, _made(request, "", "", None))
    chosen = await sending.chosen_for(ctx, sending.plain(ctx, draft.source), draft)
    message_id = sending.new_id(ctx)
    mail = Mail(message_id, draft.source, chosen.identity_arn, draft.recipients, [], {}, draft.tags, ctx.now())
    about = {"errorMessage": reason, "templateName": template.name}
    await events.tell(ctx, mail, Event("RENDERING_FAILURE", about), chosen.set, None, draft.source)
    return message_id


@service.operation(**_MANY)
async def send_bulk_templated_email(ctx: Context, request: Request) -> Answer:
    """Each destination succeeds or fails on its own.

    https://docs.aws.amazon.com/ses/latest/APIReference/API_SendBulkTemplatedEmail.html
    """
    if len(request["Destinations"]) > _BULK:
        raise problems.invalid(ctx, f"There can be no more than {_BULK} destinations.")
    template = await templates.find(ctx, request["Template"])
    await sending.usable_set(ctx, request.get("ConfigurationSetName") or "")
    return {"Status": [await _one(ctx, request, each, template) for each in request["Destinations"]]}


async def _one(ctx: Context, request: Request, given: Request, template: Template) -> Answer:
    tags = {each["Name"]: each for each in request.get("DefaultTags") or ()}
    tags |= {each["Name"]: each for each in given.get("ReplacementTags") or ()}
    one = {**request, "Destination": given["Destination"], "Tags": list(tags.values())}
    try:
        data = templates.data_of(ctx, request["DefaultTemplateData"], given.get("ReplacementTemplateData"))
        sent = await ctx.undoing(_send_rendered, ctx, one, template, data)
    except AWSError as error:
        return {"Status": _STATUSES.get(error.code, "Failed"), "Error": error.message}
    return {"Status": "Success", "MessageId": sent}


_STATUSES = {
    "MessageRejected": "MessageRejected",
    "InvalidParameterValue": "InvalidParameterValue",
    "InvalidRenderingParameterException": "InvalidParameterValue",
    "Throttling": "AccountDailyQuotaExceeded",
    "AccountSendingPausedException": "AccountSendingPaused",
}


def _made(request: Request, subject: str, text: str | None, html: str | None) -> Mime:
    destination = request.get("Destination") or {}
    people = {kind: destination.get(f"{kind}Addresses") or [] for kind in ("To", "Cc")}
    return messages.made(request["Source"], people, request.get("ReplyToAddresses") or [], subject, text, html)


def _draft(request: Request, mime: Mime) -> Draft:
    destination = request.get("Destination") or {}
    to, cc, bcc = (list(destination.get(f"{kind}Addresses") or ()) for kind in ("To", "Cc", "Bcc"))
    tags: dict[str, list[str]] = {}
    for each in request.get("Tags") or ():
        tags.setdefault(each["Name"], []).append(each["Value"])
    names = ("ReturnPath", "ConfigurationSetName", "SourceArn")
    return_path, set_name, arn = (str(request.get(name) or "") for name in names)
    return Draft(request["Source"], to, cc, bcc, mime, tags, return_path, set_name, arn)


@service.operation(**ANY)
async def send_bounce(ctx: Context, request: Request) -> Answer:
    """Tell the sender of a mail that came in that it did not arrive."""
    sender = sending.plain(ctx, request["BounceSender"])
    if await identities.sending_for(ctx, sender) is None:
        raise problems.not_verified(ctx, [sender])
    recipients = [each["Recipient"] for each in request["BouncedRecipientInfoList"]]
    text = request.get("Explanation") or "Unable to deliver the mail."
    body = text + "\n\n" + "\n".join(recipients)
    message_id = sending.new_id(ctx)
    about = {"MessageId": message_id, "OriginalMessageId": request["OriginalMessageId"]}
    for recipient in recipients:
        mailbox.post(office(ctx), "email", recipient, body, "Delivery Status Notification (Failure)", sender, about)
    return {"MessageId": message_id}


# -- what is known of all


@service.operation(**ANY)
async def get_send_quota(ctx: Context, request: Request) -> Answer:
    return dict(await sending.quota(ctx))


@service.operation(**ANY)
async def get_send_statistics(ctx: Context, request: Request) -> Answer:
    """By quarters of an hour, of the last two weeks."""
    since = int(ctx.now()) - _DAYS * 86_400
    points = [
        {
            "Timestamp": float(key[0]),
            "DeliveryAttempts": row.sent,
            "Bounces": row.bounces,
            "Complaints": row.complaints,
            "Rejects": row.rejects,
        }
        for key, row in await counts.items(ctx, (int,), since=(since,))
    ]
    return {"SendDataPoints": points}


@service.operation(**ANY)
async def get_account_sending_enabled(ctx: Context, request: Request) -> Answer:
    return {"Enabled": (await settings_of(ctx)).sending}


@service.operation(**ANY)
async def update_account_sending_enabled(ctx: Context, request: Request) -> None:
    change_settings(ctx, await settings_of(ctx), sending=bool(request.get("Enabled")))
