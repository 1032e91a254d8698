"""DNS over UDP: questions in, answers out, for `fogbank.gateway.dns`. Packets are dnspython's.

https://www.rfc-editor.org/rfc/rfc1035
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.route53 import answering, query_logging, values
from fogbank.services.route53.answering import Answer, Line
from fogbank.services.route53.service import service
from fogbank.services.route53.zone import full_name

_PLAIN_BYTES = 512


async def answer(ctx: Context, packet: bytes, asker: str) -> bytes | None:
    """The answer to a packet from an address; None for what is no question."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rcode
    import dns.rdataclass

    try:
        question = dns.message.from_wire(packet)
    except dns.exception.DNSException:
        return None
    if question.flags & dns.flags.QR or len(question.question) != 1:
        return None
    response = dns.message.make_response(question)
    asked = question.question[0]
    name, kind = asked.name.to_text().lower(), _type(asked)
    found = Answer(answering.REFUSED, [], None, [])
    if asked.rdclass == dns.rdataclass.IN:
        found = await ctx.transact(answering.answer, ctx, full_name(name), kind)
    response.set_rcode(dns.rcode.from_text(found.code))
    if found.zone is not None:
        response.flags |= dns.flags.AA
    _fill(response.answer, found.lines)
    _fill(response.authority, found.authority)
    if found.zone is not None:
        await query_logging.note(ctx, found.zone, name, kind, found.code, asker)
    most = max(question.payload, _PLAIN_BYTES) if question.edns >= 0 else _PLAIN_BYTES
    return _wire(response, most)


service.provide("dns", answer)


def _type(asked: Any) -> str:
    import dns.rdatatype

    return str(dns.rdatatype.to_text(asked.rdtype))


def _fill(section: list[Any], lines: list[Line]) -> None:
    import dns.name
    import dns.rdataclass
    import dns.rdatatype
    import dns.rrset

    for line in lines:
        owner = dns.name.from_text(line.name)
        kind = dns.rdatatype.from_text(line.kind)
        rows = next((each for each in section if each.name == owner and each.rdtype == kind), None)
        if rows is None:
            rows = dns.rrset.RRset(owner, dns.rdataclass.IN, kind)
            section.append(rows)
        for value in line.values:
            rows.add(values.parsed(line.kind, value), line.ttl)


def _wire(response: Any, most: int) -> bytes:
    """What does not fit is cut off, and the asker told so (TC)."""
    import dns.exception
    import dns.flags

    try:
        return bytes(response.to_wire(max_size=most))
    except dns.exception.TooBig:
        response.answer.clear()
        response.authority.clear()
        response.flags |= dns.flags.TC
        return bytes(response.to_wire(max_size=most))
