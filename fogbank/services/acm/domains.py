"""Domain names and how their owners prove that they are theirs. Pure.

https://docs.aws.amazon.com/acm/latest/userguide/domain-ownership-validation.html
"""

from __future__ import annotations

import hashlib

from fogbank.services.acm import errors
from fogbank.services.acm.certificate import Validation

_MAILBOXES = ("administrator", "hostmaster", "postmaster", "webmaster", "admin")


def validations(account: str, method: str, names: list[str], mail_domains: dict[str, str]) -> list[Validation]:
    """What is to be shown for each of the names. `mail_domains` are those asked by email, where it is not the name itself."""
    return [validation(account, method, name, mail_domains.get(name, base(name))) for name in names]


def validation(account: str, method: str, name: str, mail_domain: str) -> Validation:
    if method == "DNS":
        return Validation(name, method, record=record(account, base(name)))
    return Validation(name, method, mail=mail_domain if method == "EMAIL" else "")


def base(name: str) -> str:
    """The name without the asterisk of a wildcard, which is proved together with it."""
    return name.removeprefix("*.")


def record(account: str, domain: str) -> tuple[str, str]:
    """The CNAME (name, value) that proves an account's right to a domain, always the same, so that one is enough for all requests."""
    name, value = (hashlib.sha256(f"{part} {account} {domain}".encode()).hexdigest()[:32] for part in ("name", "value"))
    zone = hashlib.sha256(f"zone {account}".encode()).hexdigest()
    letters = "".join(chr(ord("a") + int(digit, 16)) for digit in zone[:10])
    return f"_{name}.{domain}.", f"_{value}.{letters}.acm-validations.aws."


def mail_addresses(domain: str) -> list[str]:
    return [f"{mailbox}@{domain}" for mailbox in _MAILBOXES]


def check_mail_domain(name: str, mail_domain: str) -> None:
    """Raises InvalidDomainValidationOptionsException unless it is the name's domain or one above it."""
    domain = base(name)
    if domain != mail_domain and not domain.endswith(f".{mail_domain}"):
        raise errors.invalid_validation_domain(name, mail_domain)
