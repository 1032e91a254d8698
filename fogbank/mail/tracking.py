"""Opens and clicks: HTML gets an image that tells of being looked at, and links that lead over here.

Only where a configuration set has a destination that wants to know.
https://docs.aws.amazon.com/ses/latest/dg/faqs-metrics.html
"""

from __future__ import annotations

import email
import html
import re
from email.message import Message as Mime
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from fogbank.kernel import Context
from fogbank.mail import events
from fogbank.mail.events import Event, Mail
from fogbank.mail.messages import text_of
from fogbank.mail.records import ConfigurationSet, configuration_sets, messages
from fogbank.protocols.timestamps import iso8601_milliseconds

PATH = "/_aws/ses/track"
_LINK = re.compile(r"<a\b[^<>]*>", re.IGNORECASE | re.DOTALL)
_TARGET = re.compile(r"(\bhref\s*=\s*)([\"'])(https?://.*?)\2", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"\s*\bses:tags\s*=\s*([\"'])(.*?)\1", re.IGNORECASE | re.DOTALL)
_UNTRACKED = re.compile(r"\s*\bses:no-track\b(?:\s*=\s*([\"']).*?\1)?", re.IGNORECASE)
_PIXEL_PLACE = "{{ses:openTracker}}"


def wanted(found: ConfigurationSet | None) -> frozenset[str]:
    """Which of OPEN and CLICK somebody wants to know of."""
    enabled = [each.events for each in found.destinations if each.enabled] if found is not None else []
    return frozenset(kind for kinds in enabled for kind in kinds if kind in ("OPEN", "CLICK"))


def tracked(data: bytes, base: str, kinds: frozenset[str]) -> bytes:
    """The mail with what tells of opens and clicks. `base` is the URL that says which mail it is, and whose."""
    mail = email.message_from_bytes(data)
    parts = [part for part in mail.walk() if part.get_content_type() == "text/html"]
    for part in parts:
        if part.get_content_disposition() != "attachment":
            _track(part, base, kinds)
    return mail.as_bytes() if parts else data


def _track(part: Mime, base: str, kinds: frozenset[str]) -> None:
    text = text_of(part)
    if "CLICK" in kinds:
        text = _LINK.sub(lambda found: _over_here(found.group(), base), text)
    if "OPEN" in kinds:
        pixel = f'<img alt="" src="{html.escape(base)}" width="1" height="1" style="display:block">'
        text = _with_pixel(text, pixel)
    del part["Content-Transfer-Encoding"]
    part.set_payload(text, "utf-8")


def _over_here(tag: str, base: str) -> str:
    """A link that leads over here, unless it is not to be tracked."""
    found = _TARGET.search(tag)
    if _UNTRACKED.search(tag):
        return _UNTRACKED.sub("", tag)
    if found is None:
        return tag
    given = _TAGS.search(tag)
    about = {"link": html.unescape(found.group(3)), **({"tags": given.group(2)} if given else {})}
    target = (
        f"{found.group(1)}{found.group(2)}{html.escape(f'{base}&{urlencode(about, quote_via=quote)}')}{found.group(2)}"
    )
    return _TAGS.sub("", tag.replace(found.group(), target))


def _with_pixel(text: str, pixel: str) -> str:
    if _PIXEL_PLACE in text:
        return text.replace(_PIXEL_PLACE, pixel, 1)
    before, end, after = text.rpartition("</body>")
    return f"{before}{pixel}{end}{after}" if end else text + pixel


def base_of(ctx: Context, message_id: str, recipient: str) -> str:
    about = {"account": ctx.account, "region": ctx.region, "id": message_id, "to": recipient}
    return f"{ctx.endpoint}{PATH}?{urlencode(about)}"


async def happened(ctx: Context, query: str, address: str, agent: str) -> str | None:
    """Tell of an open, or of a click: then the answer is where the link leads to. None for a mail that is not known."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    message = await messages.get(ctx, asked.get("id", ""))
    if message is None or not message.document:
        return None
    link = asked.get("link", "")
    about: dict[str, Any] = {"timestamp": iso8601_milliseconds(ctx.now()), "ipAddress": address, "userAgent": agent}
    if link:
        about |= {"link": link, "linkTags": _link_tags(asked.get("tags", ""))}
    mail = Mail(**message.document)
    names = mail.tags.get("ses:configuration-set") or [""]
    found = await configuration_sets.get(ctx, names[0])
    await events.tell(ctx, mail, Event("CLICK" if link else "OPEN", about), found, None, mail.sender)
    return link


def _link_tags(text: str) -> dict[str, list[str]] | None:
    """`genre:books;genre:maps` as `{"genre": ["books", "maps"]}`."""
    found: dict[str, list[str]] = {}
    for pair in text.split(";"):
        name, _, value = pair.partition(":")
        if name and value:
            found.setdefault(name, []).append(value)
    return found or None
