"""One mail on its way: checked, finished, put into the mailbox of each recipient, counted, and told of."""

from __future__ import annotations

from email.message import Message as Mime
from typing import Any, NamedTuple

from fogbank.kernel import Context, mailbox
from fogbank.mail import addresses, events, identities, messages, outcomes, problems, receiving, tracking
from fogbank.mail.events import Event, Mail
from fogbank.mail.records import (
    ConfigurationSet,
    Counts,
    Identity,
    Message,
    arn_of,
    configuration_sets,
    counts,
    office,
    settings_of,
)
from fogbank.mail.records import messages as kept_messages

RECIPIENTS = 50
_SANDBOX_QUOTA, _QUOTA = 200.0, 50_000.0
_SANDBOX_RATE, _RATE = 1.0, 14.0
_DAY = 86_400
_SPAN = 900
_LARGEST = 40 * 1024 * 1024


class Draft(NamedTuple):
    """A mail that is to be sent.

    source       who sends it, as it is written
    to, cc, bcc  its recipients, as they are written
    mime         the mail
    return_path  who gets bounces, empty for the sender
    source_arn   the identity of another account that lets it send
    """

    source: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    mime: Mime
    tags: dict[str, list[str]]
    return_path: str = ""
    set_name: str = ""
    source_arn: str = ""

    @property
    def recipients(self) -> list[str]:
        return [*self.to, *self.cc, *self.bcc]


class Chosen(NamedTuple):
    """What a mail is sent under."""

    identity: Identity
    identity_arn: str
    set: ConfigurationSet | None


async def send(ctx: Context, draft: Draft) -> str:
    """Send a mail in the transaction. Returns its id. Raises MessageRejected and what else the API has."""
    sender = plain(ctx, draft.source)
    recipients = [plain(ctx, each) for each in draft.recipients]
    if not recipients:
        raise problems.invalid(ctx, "Missing required header 'To'.")
    if len(recipients) > RECIPIENTS:
        raise problems.too_many_recipients(ctx, RECIPIENTS)
    chosen = await chosen_for(ctx, sender, draft)
    await _require_verified(ctx, recipients)
    await _count(ctx, len(recipients))
    message_id = new_id(ctx)
    try:
        data = messages.finished(draft.mime, message_id, ctx.region, ctx.now())
    except (UnicodeError, LookupError) as error:
        raise problems.invalid(ctx, f"The message cannot be read: {error}") from error
    if len(data) > _LARGEST:
        raise problems.invalid(ctx, f"Message length is more than {_LARGEST} bytes long: '{len(data)}'.")
    mail = _mail(ctx, draft, message_id, sender, recipients, chosen, data)
    await _deliver(ctx, draft, mail, chosen, data)
    return message_id


def plain(ctx: Context, text: str) -> str:
    try:
        return addresses.plain(text)
    except addresses.BadAddress as error:
        raise problems.invalid(ctx, str(error)) from error


def new_id(ctx: Context) -> str:
    return f"{int(ctx.now() * 1000):016x}-{ctx.ids.uuid()}-000000"


# -- may it be sent?


async def chosen_for(ctx: Context, sender: str, draft: Draft) -> Chosen:
    """The identity and the configuration set of a mail. Raises what stands against it."""
    if not (await settings_of(ctx)).sending:
        raise problems.problem(ctx, "paused", f"Email sending is disabled for account {ctx.account}.")
    scope = ctx
    if draft.source_arn:
        parts = draft.source_arn.split(":", 5)
        if len(parts) != 6 or not parts[5].startswith("identity/"):
            raise problems.invalid(ctx, f"Invalid ARN: {draft.source_arn}.")
        scope = ctx.at(account=parts[4], region=parts[3])
    identity = await identities.sending_for(scope, sender)
    if identity is None:
        raise problems.not_verified(ctx, [sender])
    set_name = draft.set_name or (identity.configuration_set if scope is ctx else "")
    return Chosen(identity, arn_of(scope, "identity", identity.name), await usable_set(ctx, set_name))


async def usable_set(ctx: Context, name: str) -> ConfigurationSet | None:
    """Raises what stands against sending under the configuration set of that name; there is none without a name."""
    if not name:
        return None
    found = await configuration_sets.get(ctx, name)
    if found is None:
        raise problems.no_set(ctx, name)
    if not found.may_send:
        raise problems.problem(ctx, "set paused", f"Email sending is disabled for configuration set <{name}>.")
    return found


async def _require_verified(ctx: Context, recipients: list[str]) -> None:
    """In the sandbox recipients have to be verified, too."""
    if (await settings_of(ctx)).production:
        return
    strangers = [
        each
        for each in dict.fromkeys(recipients)
        if not addresses.simulated(each) and await identities.sending_for(ctx, each) is None
    ]
    if strangers:
        raise problems.not_verified(ctx, strangers)


# -- quotas


async def quota(ctx: Context) -> dict[str, float]:
    production = (await settings_of(ctx)).production
    since = int(ctx.now() - _DAY) // _SPAN * _SPAN
    rows = await counts.items(ctx, (int,), since=(since,))
    return {
        "Max24HourSend": _QUOTA if production else _SANDBOX_QUOTA,
        "MaxSendRate": _RATE if production else _SANDBOX_RATE,
        "SentLast24Hours": float(sum(row.sent for _, row in rows)),
    }


async def _count(ctx: Context, recipients: int) -> None:
    limits = await quota(ctx)
    if limits["SentLast24Hours"] + recipients > limits["Max24HourSend"]:
        raise problems.quota_exceeded(ctx)
    await add_counts(ctx, sent=recipients)


async def add_counts(ctx: Context, sent: int = 0, bounces: int = 0, complaints: int = 0, rejects: int = 0) -> None:
    span = int(ctx.now()) // _SPAN * _SPAN
    before = await counts.get(ctx, span) or Counts()
    after = Counts(
        before.sent + sent, before.bounces + bounces, before.complaints + complaints, before.rejects + rejects
    )
    counts.put(ctx, after, span)


# -- on its way


def _mail(
    ctx: Context,
    draft: Draft,
    message_id: str,
    sender: str,
    recipients: list[str],
    chosen: Chosen,
    data: bytes,
) -> Mail:
    people = {name: found for name, found in (("to", draft.to), ("cc", draft.cc)) if found}
    common: dict[str, Any] = {"from": [draft.source], **people}
    common |= {"messageId": message_id, "subject": subject_of(draft.mime)}
    tags = {
        "ses:operation": [_OPERATIONS.get(ctx.operation, "SendEmail")],
        "ses:configuration-set": [chosen.set.name] if chosen.set is not None else [],
        "ses:source-ip": ["127.0.0.1"],
        "ses:from-domain": [addresses.domain_of(sender)],
        "ses:caller-identity": [ctx.principal.policy_arn.rpartition("/")[2].rpartition(":")[2]],
        **draft.tags,
    }
    found = {name: values for name, values in tags.items() if values}
    return Mail(
        message_id, draft.source, chosen.identity_arn, recipients, messages.headers(data), common, found, ctx.now()
    )


_OPERATIONS = {
    "send_raw_email": "SendRawEmail",
    "send_templated_email": "SendTemplatedEmail",
    "send_bulk_templated_email": "SendBulkTemplatedEmail",
    "send_bulk_email": "SendBulkEmail",
}


def subject_of(mime: Mime) -> str:
    return addresses.decoded(str(mime.get("Subject") or ""))


async def _deliver(ctx: Context, draft: Draft, mail: Mail, chosen: Chosen, data: bytes) -> None:
    sender = addresses.plain(draft.return_path or draft.source)
    happened: list[tuple[str, str, float, dict[str, Any]]] = []
    kinds = tracking.wanted(chosen.set)

    async def tell(recipient: str, event: Event) -> None:
        happened.append((recipient, event.kind, ctx.now(), event.about))
        await events.tell(ctx, mail, event, chosen.set, chosen.identity, sender)

    await events.tell(ctx, mail, Event("SEND", {}), chosen.set, None, sender)
    for recipient in mail.recipients:
        happened.append((recipient, "SEND", ctx.now(), {}))
        outcome = await outcomes.of(ctx, chosen.set, recipient, mail.id)
        if outcome.delivered:
            own = tracking.tracked(data, tracking.base_of(ctx, mail.id, recipient), kinds) if kinds else data
            await _post(ctx, draft, mail, recipient, own)
        for event in outcome.events:
            await tell(recipient, event)
            await add_counts(ctx, bounces=event.kind == "BOUNCE", complaints=event.kind == "COMPLAINT")
    document = mail._asdict() if kinds else {}
    kept = Message(mail.id, draft.source, subject_of(draft.mime), mail.tags, happened, document)
    kept_messages.put(ctx, kept, mail.id)
    await office(ctx).schedule("forget_message", {"id": mail.id}, delay=30 * _DAY)


async def _post(ctx: Context, draft: Draft, mail: Mail, recipient: str, data: bytes) -> None:
    text, html = messages.bodies(data)
    about = {
        "MessageId": mail.id,
        "To": ", ".join(draft.to),
        "Cc": ", ".join(draft.cc),
        "ReplyTo": str(draft.mime.get("Reply-To") or ""),
        "Html": html,
        "Raw": data.decode("utf-8", "replace"),
    }
    found = {name: value for name, value in about.items() if value}
    name, address = addresses.parsed(draft.source)
    written = f"{addresses.display_name(draft.source)} <{address}>" if name else draft.source
    mailbox.post(office(ctx), "email", recipient, text or html, subject_of(draft.mime), written, found)
    await receiving.receive_soon(ctx, recipient, draft.source, mail.id, data)
