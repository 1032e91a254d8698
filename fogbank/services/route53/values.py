"""Values of record sets: whether they are what their type wants.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from fogbank.services.route53 import errors

_STRINGS = re.compile(r'"(?:[^"\\]|\\.){0,255}"(?:\s*"(?:[^"\\]|\\.){0,255}")*')
_REASONS = {"A": "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"}
_REASONS["AAAA"] = "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"
_QUOTED = ("TXT", "SPF")
_UNQUOTED = "InvalidCharacterString (Value should be enclosed in quotation marks)"


def problem(kind: str, value: str) -> str:
    """What is wrong with a value of that type; empty when nothing is."""
    if kind in _QUOTED:
        return "" if _STRINGS.fullmatch(value.strip()) else errors.bad_value(_UNQUOTED, value)
    try:
        if kind == "A":
            IPv4Address(value)
        elif kind == "AAAA":
            IPv6Address(value)
        else:
            parsed(kind, value)
    except Exception:  # dnspython's parsers raise whatever the text makes them raise
        reason = _REASONS.get(kind, f"{kind}RRDATAInvalid (Value does not match the format of {kind} records)")
        return errors.bad_value(reason, value)
    return ""


def parsed(kind: str, value: str) -> Any:
    """The value as dnspython has it; names without a dot at the end are whole names all the same."""
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    return dns.rdata.from_text(
        dns.rdataclass.IN, dns.rdatatype.from_text(kind), value, origin=dns.name.root, relativize=False
    )
