"""Mails as MIME: made of their parts, or read. Pure."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterable
from email.header import Header
from email.message import EmailMessage, Message
from email.utils import formatdate
from typing import Any

_POLICY = email.policy.SMTP
_KEPT_HEADERS = 100


def made(
    sender: str,
    destination: dict[str, list[str]],
    reply_to: list[str],
    subject: str,
    text: str | None,
    html: str | None,
    headers: Iterable[tuple[str, str]] = (),
    attachments: Iterable[dict[str, Any]] = (),
) -> EmailMessage:
    """A mail. `destination` has the lists To and Cc."""
    mail = EmailMessage(_POLICY)
    mail["From"] = _encoded(sender)
    for name in ("To", "Cc"):
        if destination.get(name):
            mail[name] = ", ".join(_encoded(each) for each in destination[name])
    if reply_to:
        mail["Reply-To"] = ", ".join(_encoded(each) for each in reply_to)
    mail["Subject"] = subject.replace("\r", " ").replace("\n", " ")
    for name, value in headers:
        mail[name] = value.replace("\r", " ").replace("\n", " ")
    mail.set_content(text if text is not None else html or "", subtype="plain" if text is not None else "html")
    if text is not None and html is not None:
        mail.add_alternative(html, subtype="html")
    for each in attachments:
        _attach(mail, each)
    return mail


def _encoded(address: str) -> str:
    return address if address.isascii() else str(Header(address, "utf-8"))


def _attach(mail: EmailMessage, given: dict[str, Any]) -> None:
    kind = given.get("ContentType") or "application/octet-stream"
    main, _, sub = kind.partition(";")[0].partition("/")
    disposition = (given.get("ContentDisposition") or "ATTACHMENT").lower()
    mail.add_attachment(
        bytes(given["RawContent"]),
        maintype=main,
        subtype=sub or "octet-stream",
        filename=given["FileName"],
        disposition=disposition,
        cid=f"<{given['ContentId']}>" if given.get("ContentId") else None,
    )


def read(data: bytes) -> Message:
    """A mail from its bytes. What is not understood stays as it is."""
    return email.message_from_bytes(data, policy=email.policy.compat32)


def finished(mail: Message, message_id: str, region: str, moment: float) -> bytes:
    """The mail with what SES puts in: its Message-ID and Date. Bcc is taken out."""
    del mail["Bcc"]
    del mail["Message-ID"]
    mail["Message-ID"] = f"<{message_id}@{_host(region)}>"
    if "Date" not in mail:
        mail["Date"] = formatdate(moment)
    if "MIME-Version" not in mail:
        mail["MIME-Version"] = "1.0"
    return mail.as_bytes()


def _host(region: str) -> str:
    return "email.amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"


def bodies(data: bytes) -> tuple[str, str]:
    """The text and the HTML of a mail; empty for what it does not have."""
    found = {"text/plain": "", "text/html": ""}
    for part in email.message_from_bytes(data).walk():
        kind = part.get_content_type()
        if kind in found and not found[kind] and part.get_content_disposition() != "attachment":
            payload = part.get_payload(decode=True)
            charset = part.get_content_charset() or "utf-8"
            try:
                found[kind] = bytes(payload or b"").decode(charset, "replace")  # type: ignore[arg-type]
            except LookupError:
                found[kind] = bytes(payload or b"").decode("utf-8", "replace")  # type: ignore[arg-type]
    return found["text/plain"].rstrip("\r\n"), found["text/html"].rstrip("\r\n")


def headers(data: bytes) -> list[dict[str, str]]:
    """The headers as events tell of them."""
    mail = email.message_from_bytes(data)
    return [{"name": name, "value": str(value)} for name, value in mail.items()][:_KEPT_HEADERS]


def shown(mail: Message, moment: float) -> str:
    """A mail that is not sent, as a rendered template is shown."""
    del mail["From"]
    mail["Date"] = formatdate(moment)
    return mail.as_bytes().decode("utf-8", "replace")
