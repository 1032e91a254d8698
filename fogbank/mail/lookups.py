"""What the DNS of this server says of a domain: the records that verify it, sign for it, and take its bounces.

Zones of Route 53 are asked as any resolver would. Nobody here answers for other names, and there is no way to the world's DNS: then there
is nothing to say against a domain.
https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html#just-verify-domain-proc
"""

from __future__ import annotations

from typing import NamedTuple

from fogbank.kernel import Context
from fogbank.mail.records import Identity


class Seen(NamedTuple):
    """Are the records there, each as it should be?"""

    token: bool
    keys: bool
    mail_from: bool


async def look(ctx: Context, identity: Identity) -> Seen:
    """Outside of transactions."""
    domain = identity.name.rpartition("@")[2]
    token = await _says(ctx, f"_amazonses.{domain}", "TXT", identity.token)
    keys = bool(identity.dkim.tokens)
    for each in identity.dkim.tokens:
        external = identity.dkim.origin == "EXTERNAL"
        kind, wanted = ("TXT", "p=") if external else ("CNAME", f"{each}.dkim.amazonses.com.")
        keys = keys and await _says(ctx, f"{each}._domainkey.{domain}", kind, wanted)
    bounces = f"feedback-smtp.{ctx.region}.amazonses.com."
    mail_from = identity.mail_from is not None and await _says(ctx, identity.mail_from.domain, "MX", bounces)
    return Seen(token, keys, mail_from)


async def _says(ctx: Context, name: str, kind: str, wanted: str) -> bool:
    """Is it in one of the records? True where nobody here answers for the name."""
    found = await _asked(ctx, name, kind)
    return found is None or any(wanted in text for text in found)


async def _asked(ctx: Context, name: str, kind: str) -> list[str] | None:
    """The records of a name, as zone files have them; None where nobody here answers for it."""
    route53 = ctx.app.services.get("route53")
    if route53 is None:
        return None
    import dns.message
    import dns.rcode

    question = dns.message.make_query(name, kind, use_edns=True, payload=4096)
    packet = await route53.provided["dns"](ctx.at(service=route53), question.to_wire(), "127.0.0.1")
    if packet is None:
        return None
    answer = dns.message.from_wire(packet)
    if answer.rcode() == dns.rcode.REFUSED:
        return None
    return [record.to_text() for line in answer.answer for record in line]
