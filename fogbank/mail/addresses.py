"""Mail addresses. Pure. https://docs.aws.amazon.com/ses/latest/dg/send-email-concepts-email-format.html"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses, parseaddr

# of ASCII alone, as AWS wants it
_LOCAL = re.compile(r"(?:(?![@<>,;:\"()\[\]\\])[!-~])+|\"[ -!#-~]+\"")
_DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_SIMULATOR = "simulator.amazonses.com"


class BadAddress(ValueError):
    """The text says why, in AWS's words."""


def parsed(text: str) -> tuple[str, str]:
    """(the name, the address) of `Name <address>`; both empty for what has none."""
    try:
        return parseaddr(text)
    except RecursionError:  # the library follows nested comments
        return "", ""


def decoded(text: str) -> str:
    """A header's text with its encoded words (`=?utf-8?q?...?=`) read; as it is where they cannot be."""
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, ValueError, HeaderParseError):
        return text


def plain(text: str) -> str:
    """The address alone of `Name <address>`. Raises BadAddress."""
    if _CONTROL.search(text):
        raise BadAddress("Local address contains control or whitespace")
    address = parsed(text)[1] or text.strip()
    local, at, domain = address.rpartition("@")
    if not at:
        raise BadAddress("Missing final '@domain'")
    if not local or not _LOCAL.fullmatch(local):
        raise BadAddress("Local address contains illegal characters" if local else "Missing local part")
    if not is_domain(domain):
        raise BadAddress("Domain contains illegal character" if domain else "Missing domain")
    return address


def is_domain(text: str) -> bool:
    try:
        return _DOMAIN.fullmatch(text.encode("idna").decode()) is not None
    except UnicodeError:
        return False


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def base_of(address: str) -> str:
    """An address without its label: `ada+news@example.com` is verified with `ada@example.com`."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def display_name(text: str) -> str:
    return decoded(parsed(text)[0])


def split(header: str) -> list[str]:
    """The addresses of a header such as To, without names."""
    try:
        return [address for _, address in getaddresses([header]) if address]
    except RecursionError:
        return []


def simulated(address: str) -> str:
    """What the mailbox simulator does at the address: `bounce`, `complaint`, ...; empty for addresses of others.

    https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator-how-to-use
    """
    local, _, domain = address.lower().rpartition("@")
    return local.partition("+")[0] if domain == _SIMULATOR else ""
