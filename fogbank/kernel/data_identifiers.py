"""What is sensitive in a text, and where: AWS's managed data identifiers and custom ones, for the data protection of SNS and
CloudWatch Logs. Pure.

Of the managed ones those are here that a pattern can tell. Some count only with a keyword near them, within 30 characters.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-managed-data-identifiers.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

ARN = re.compile(r"arn:[\w-]+:dataprotection::aws:data-identifier/([\w-]+)$")

_DATE = r"(?<!\d)(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2})(?!\d)"
PATTERNS = {
    "AwsSecretKey": r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+=]{40}(?![A-Za-z0-9/+=])",
    "CreditCardNumber": r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)",
    "EmailAddress": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    "IpAddress": r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])",
    "OpenSshPrivateKey": r"-----BEGIN OPENSSH PRIVATE KEY-----[\s\S]+?-----END OPENSSH PRIVATE KEY-----",
    "PgpPrivateKey": r"-----BEGIN PGP PRIVATE KEY BLOCK-----[\s\S]+?-----END PGP PRIVATE KEY BLOCK-----",
    "PkcsPrivateKey": r"-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]+?-----END (?:RSA |EC )?PRIVATE KEY-----",
    "PhoneNumber-US": r"(?<!\d)(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\d)",
    "PuttyPrivateKey": r"PuTTY-User-Key-File-[23][\s\S]+?Private-MAC: [0-9a-f]+",
    "Ssn-US": r"(?<!\d)(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?!\d)",
    "VehicleIdentificationNumber": r"(?<![A-Z0-9])[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])",
    "CreditCardExpiration": r"(?<!\d)(?:0[1-9]|1[0-2])[/-](?:20)?\d{2}(?!\d)",
    "CreditCardSecurityCode": r"(?<!\d)\d{3,4}(?!\d)",
    "DateOfBirth": _DATE,
    "LatLong": r"[-+]?(?:[1-8]?\d\.\d{3,}|90\.0+)\s*,\s*[-+]?(?:1[0-7]\d|\d{1,2})\.\d{3,}",
    "ZipCode-US": r"(?<!\d)\d{5}(?:-\d{4})?(?!\d)",
    "BankAccountNumber-US": r"(?<!\d)\d{9,17}(?!\d)",
    "BankAccountNumber-DE": r"\bDE\d{2}(?: ?\d{4}){4} ?\d{2}\b",
    "BankAccountNumber-GB": r"\bGB\d{2} ?[A-Z]{4}(?: ?\d{4}){3} ?\d{2}\b",
    "BankAccountNumber-FR": r"\bFR\d{2}(?: ?[A-Z0-9]{4}){5} ?[A-Z0-9]{3}\b",
    "BankAccountNumber-ES": r"\bES\d{2}(?: ?\d{4}){5}\b",
    "BankAccountNumber-IT": r"\bIT\d{2} ?[A-Z]\d{3}(?: ?\d{4}){4} ?\d{3}\b",
    "DriversLicense-US": r"\b[A-Z]{1,2}\d{6,13}\b",
    "PassportNumber-US": r"\b[A-Z0-9]\d{8}\b",
    "IndividualTaxIdentificationNumber-US": r"(?<!\d)9\d{2}-?[5-9]\d-?\d{4}(?!\d)",
    "NationalDrugCode-US": r"(?<!\d)\d{4,5}-\d{3,4}-\d{1,2}(?!\d)",
}

_NEAR = 30
_KEYWORDS = {
    "AwsSecretKey": ("aws secret access key", "credentials", "secret access key", "secret key", "set-awscredential"),
    "CreditCardNumber": (
        "account number", "american express", "amex", "bank card", "card", "credit", "debit", "visa", "mastercard",
    ),
    "CreditCardExpiration": ("exp d", "exp m", "exp y", "expiration", "expiry", "card exp"),
    "CreditCardSecurityCode": ("card id", "card identification code", "card validation", "cvc", "cvv", "security code"),
    "DateOfBirth": ("bday", "birth date", "birthday", "date of birth", "dob"),
    "LatLong": ("coordinate", "coordinates", "lat long", "latitude longitude", "location", "position"),
    "ZipCode-US": ("zip code", "zip", "zip4", "postal code"),
    "BankAccountNumber-US": ("bank account", "checking account", "savings account", "debit account", "account number"),
    "DriversLicense-US": ("driver license", "drivers license", "driving license", "dl", "dls"),
    "PassportNumber-US": ("passport",),
    "IndividualTaxIdentificationNumber-US": ("itin", "tax identification", "taxpayer"),
    "NationalDrugCode-US": ("ndc", "national drug code"),
}  # fmt: skip


class Identifier(NamedTuple):
    """`near` is the keyword that has to be near; None where none has to."""

    name: str
    pattern: re.Pattern[str]
    near: re.Pattern[str] | None

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where it is in the text: (start, end)."""
        return [
            match.span()
            for match in self.pattern.finditer(text)
            if self.near is None or self.near.search(text[max(match.start() - _NEAR, 0) : match.end() + _NEAR])
        ]


def _keywords(words: tuple[str, ...]) -> re.Pattern[str]:
    """A space in a keyword may be missing, or be another separator."""
    spaced = ("[ _-]?".join(map(re.escape, word.split(" "))) for word in words)
    return re.compile("|".join(spaced), re.IGNORECASE)


@lru_cache(maxsize=256)
def managed(name: str) -> Identifier | None:
    """A managed identifier; None for one that there is not here."""
    if name not in PATTERNS:
        return None
    words = _KEYWORDS.get(name)
    return Identifier(name, re.compile(PATTERNS[name]), None if words is None else _keywords(words))


Document = dict[str, Any]


def custom_of(document: Document) -> dict[str, str]:
    listed = (document.get("Configuration") or {}).get("CustomDataIdentifier") or []
    return {each["Name"]: each["Regex"] for each in listed}


def named(reference: str, custom: dict[str, str]) -> Identifier | None:
    """What an item of `DataIdentifier` stands for: an ARN, or the name of a custom one."""
    arn = ARN.match(reference)
    if arn is not None:
        return managed(arn[1])
    return Identifier(reference, re.compile(custom[reference]), None) if reference in custom else None


def masked(text: str, identifiers: Iterable[Identifier]) -> str:
    """The text with an asterisk for each character of what is found."""
    characters: list[str] | None = None
    for identifier in identifiers:
        for start, end in identifier.places(text):
            characters = characters or list(text)
            characters[start:end] = "*" * (end - start)
    return text if characters is None else "".join(characters)


def findings(text: str, identifiers: Iterable[Identifier]) -> dict[str, list[tuple[int, int]]]:
    """What is found, by the names of identifiers."""
    return {identifier.name: places for identifier in identifiers if (places := identifier.places(text))}
