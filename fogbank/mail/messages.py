"""Mails as MIME: made of their parts, or read. Pure."""

from __future__ import annotations

import email
import email.policy
import mimetypes
import re
from collections.abc import Iterable
from email.header import Header
from email.message import EmailMessage, Message
from email.utils import formatdate
from typing import Any

_POLICY = email.policy.SMTP
_KEPT_HEADERS = 100
_HEADER_NAME = re.compile(r"[!-9;-~]{1,126}")
_KIND = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_ENCODINGS = {"BASE64": "base64", "QUOTED_PRINTABLE": "quoted-printable", "SEVEN_BIT": "7bit"}


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
    """A mail. `destination` has the lists To and Cc. Raises ValueError for what cannot be a header, or not once more."""
    mail = EmailMessage(_POLICY)
    mail["From"] = _encoded(sender)
    for name in ("To", "Cc"):
        if destination.get(name):
            mail[name] = ", ".join(_encoded(each) for each in destination[name])
    if reply_to:
        mail["Reply-To"] = ", ".join(_encoded(each) for each in reply_to)
    mail["Subject"] = _line(subject)
    for name, value in headers:
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"Invalid header name: {name}")
        mail[name] = _line(value)
    mail.set_content(text if text is not None else html or "", subtype="plain" if text is not None else "html")
    if text is not None and html is not None:
        mail.add_alternative(html, subtype="html")
    for each in attachments:
        _attach(mail, each)
    return mail


def _line(text: str) -> str:
    """Nothing that is given for a header begins another one."""
    return " ".join(text.splitlines())


def _encoded(address: str) -> str:
    return _line(address if address.isascii() else str(Header(address, "utf-8")))


def _attach(mail: EmailMessage, given: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Attachment.html: without a type the file's name tells it."""
    name = _line(given["FileName"])
    kind = (given.get("ContentType") or mimetypes.guess_type(name)[0] or "").partition(";")[0].strip()
    main, sub = kind.split("/") if _KIND.fullmatch(kind) else ("application", "octet-stream")
    described = _line(given.get("ContentDescription") or "")
    mail.add_attachment(
        bytes(given["RawContent"]),
        maintype=main,
        subtype=sub,
        filename=name,
        disposition=(given.get("ContentDisposition") or "ATTACHMENT").lower(),
        cid=f"<{_line(given['ContentId'])}>" if given.get("ContentId") else None,
        cte=_ENCODINGS[given.get("ContentTransferEncoding") or "BASE64"],
        headers=[f"Content-Description: {described}"] if described else [],
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
            found[kind] = text_of(part)
    return found["text/plain"].rstrip("\r\n"), found["text/html"].rstrip("\r\n")


def text_of(part: Message) -> str:
    """A part's text, by the charset that it names; what nobody knows is taken for UTF-8."""
    data = bytes(part.get_payload(decode=True) or b"")  # type: ignore[arg-type]
    try:
        return data.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def headers(data: bytes) -> list[dict[str, str]]:
    """The headers as events tell of them."""
    mail = email.message_from_bytes(data)
    return [{"name": name, "value": str(value)} for name, value in mail.items()][:_KEPT_HEADERS]


def shown(mail: Message, moment: float) -> str:
    """A mail that is not sent, as a rendered template is shown."""
    del mail["From"]
    mail["Date"] = formatdate(moment)
    return mail.as_bytes().decode("utf-8", "replace")
