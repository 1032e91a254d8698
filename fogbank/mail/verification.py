"""Custom verification mails: they verify an address with a mail of one's own.

https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html#send-email-verify-address-custom
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, mailbox
from fogbank.mail import identities, problems, sending
from fogbank.mail.records import VerificationTemplate, office, verification_mails

_LIMIT = 50


async def find(ctx: Context, name: str) -> VerificationTemplate:
    found = await verification_mails.get(ctx, name)
    if found is None:
        raise problems.problem(ctx, "no verification", f"Custom verification email template <{name}> does not exist.")
    return found


async def add(ctx: Context, made: VerificationTemplate) -> None:
    if await verification_mails.get(ctx, made.name) is not None:
        raise problems.problem(
            ctx, "a verification", f"Custom verification email template with name <{made.name}> already exists."
        )
    if await verification_mails.count(ctx, limit=_LIMIT) >= _LIMIT:
        raise problems.problem(ctx, "limit", f"There can be no more than {_LIMIT} custom verification templates.")
    await replace(ctx, made)


async def replace(ctx: Context, made: VerificationTemplate) -> None:
    if await identities.sending_for(ctx, sending.plain(ctx, made.sender)) is None:
        raise problems.problem(ctx, "unverified sender", f"From email address <{made.sender}> is not verified.")
    verification_mails.put(ctx, made, made.name)


def described(found: VerificationTemplate) -> dict[str, Any]:
    return {
        "TemplateName": found.name,
        "FromEmailAddress": found.sender,
        "TemplateSubject": found.subject,
        "SuccessRedirectionURL": found.success_url,
        "FailureRedirectionURL": found.failure_url,
    }


async def send(ctx: Context, address: str, template: VerificationTemplate) -> str:
    """Returns the id of the mail."""
    address = sending.plain(ctx, address)
    identity, link = await identities.have_verified_by(ctx, address, template)
    message_id = sending.new_id(ctx)
    body = f'{template.content}\n<p><a href="{link}">{link}</a></p>'
    about = {"MessageId": message_id, "Identity": identity.name, "Link": link}
    mailbox.post(office(ctx), "email", address, body, template.subject, template.sender, about)
    return message_id
