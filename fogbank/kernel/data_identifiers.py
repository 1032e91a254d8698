"""What is sensitive in a text, and where: AWS's managed data identifiers and custom ones, for the data protection of SNS and
CloudWatch Logs. Pure.

Of the managed ones those are here that a pattern can tell, about: AWS knows names and addresses better. Most count only with a keyword near
them, within 30 characters.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-managed-data-identifiers.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

ARN = re.compile(r"arn:[\w-]+:dataprotection::aws:data-identifier/([\w-]+)$")

_DATE = r"(?<!\d)(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2})(?!\d)"
_INSEE = r"(?<!\d)[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3}(?: ?\d{2})?(?!\d)"


_STREETS = "Avenue|Ave|Boulevard|Blvd|Circle|Court|Ct|Drive|Dr|Lane|Ln|Place|Road|Rd|Square|Street|St|Way"


def _phone(country: str, least: int, most: int) -> str:
    """A number with the prefix of its country, or that of a trunk call; so many digits follow."""
    return rf"(?<!\d)(?:(?:\+|00){country}[ .-]?(?:\(0\))?|0)(?:[ .()-]?\d){{{least - 1},{most}}}(?!\d)"


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
    "Address": rf"\b\d{{1,5}} (?:[A-Z][\w.']* ){{1,4}}(?:{_STREETS})\b",
    "Name": r"\b[A-Z][a-z'-]+(?: [A-Z]\.)?(?: [A-Z][a-z'-]+){1,2}\b",
    "CepCode-BR": r"(?<!\d)\d{5}-?\d{3}(?!\d)",
    "Cnpj-BR": r"(?<!\d)\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}(?!\d)",
    "CpfCode-BR": r"(?<!\d)\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?!\d)",
    "RgNumber-BR": r"(?<!\d)\d{1,2}\.?\d{3}\.?\d{3}-?[\dXx](?!\d)",
    "DrugEnforcementAgencyNumber-US": r"\b[A-HJ-NPR-UX][A-Z9]\d{7}\b",
    "HealthcareProcedureCode-US": r"\b[A-V]\d{4}\b",
    "HealthInsuranceCardNumber-EU": r"(?<!\d)80\d{18}(?!\d)",
    "HealthInsuranceClaimNumber-US": r"\b\d{3}-?\d{2}-?\d{4}-?[A-Z]\d?\b",
    "HealthInsuranceNumber-FR": _INSEE,
    "InseeCode-FR": _INSEE,
    "MedicareBeneficiaryNumber-US": r"\b[1-9][A-Z][A-Z\d]\d-?[A-Z][A-Z\d]\d-?[A-Z]{2}\d{2}\b",
    "NationalInsuranceNumber-GB": r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",
    "NationalProviderId-US": r"(?<!\d)[12]\d{9}(?!\d)",
    "NhsNumber-GB": r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)",
    "PersonalHealthNumber-CA": r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)",
    "ElectoralRollNumber-GB": r"\b[A-Z]{2,3}\d{1,4}\b",
    "NationalIdentificationNumber-DE": r"\b[CFGHJK-NPRTV-Z\d]{9}\d?\b",
    "NationalIdentificationNumber-ES": r"\b\d{8}-?[A-HJ-NP-TV-Z]\b",
    "NationalIdentificationNumber-IT": r"\b[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]\b",
    "NieNumber-ES": r"\b[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]\b",
    "NifNumber-ES": r"\b[A-HJ-NP-SUVWKLM\d]\d{7}-?[A-J\d]\b",
    "PassportNumber-CA": r"\b[A-Z]{2}\d{6}\b",
    "PassportNumber-DE": r"\b[CFGHJK][CFGHJK-NPRTV-Z\d]{8}\b",
    "PassportNumber-ES": r"\b[A-Z]{2,3}\d{6}\b",
    "PassportNumber-FR": r"\b\d{2}[A-Z]{2}\d{5}\b",
    "PassportNumber-GB": r"(?<!\d)\d{9}(?!\d)",
    "PassportNumber-IT": r"\b[A-Z]{2}\d{7}\b",
    "PermanentResidenceNumber-CA": r"\b[A-Z]{2}\d{7,10}\b",
    "PhoneNumber-BR": _phone("55", 10, 11),
    "PhoneNumber-DE": _phone("49", 9, 11),
    "PhoneNumber-ES": _phone("34", 9, 9),
    "PhoneNumber-FR": _phone("33", 9, 9),
    "PhoneNumber-GB": _phone("44", 9, 10),
    "PhoneNumber-IT": _phone("39", 8, 11),
    "PostalCode-CA": r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d\b",
    "SocialInsuranceNumber-CA": r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{3}(?!\d)",
    "Ssn-ES": r"(?<!\d)\d{2}[ /]?\d{8}[ /]?\d{2}(?!\d)",
    "TaxId-DE": r"(?<!\d)[1-9]\d{10}(?!\d)",
    "TaxId-ES": r"\b[A-HJ-NP-SUVW]-?\d{7}-?[A-J\d]\b",
    "TaxId-FR": r"(?<!\d)[0-3]\d ?\d{2} ?\d{3} ?\d{3} ?\d{3}(?!\d)",
    "TaxId-GB": r"(?<!\d)\d{5} ?\d{5}(?!\d)",
}

_NEAR = 30
_SHORT = 4
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
    "Name": ("name", "mr", "mrs", "ms", "dr", "dear", "customer", "employee", "patient", "member", "passenger"),
    "CepCode-BR": ("cep", "código de endereçamento postal", "codigo postal"),
    "Cnpj-BR": ("cnpj", "cadastro nacional da pessoa jurídica"),
    "CpfCode-BR": ("cpf", "cadastro de pessoas físicas", "cadastro de pessoa física"),
    "RgNumber-BR": ("rg", "registro geral"),
    "DrugEnforcementAgencyNumber-US": ("dea number", "dea registration", "dea"),
    "HealthcareProcedureCode-US": ("current procedural terminology", "hcpcs", "healthcare common procedure"),
    "HealthInsuranceCardNumber-EU": ("ehic", "european health insurance card", "health card", "health insurance card"),
    "HealthInsuranceClaimNumber-US": ("health insurance claim number", "hic number", "hicn"),
    "HealthInsuranceNumber-FR": ("carte vitale", "assurance maladie", "insurance number", "numéro de sécurité sociale"),
    "InseeCode-FR": ("insee", "numéro de sécurité sociale", "sécurité sociale"),
    "MedicareBeneficiaryNumber-US": ("mbi", "medicare beneficiary"),
    "NationalInsuranceNumber-GB": ("insurance number", "national insurance", "nino", "ni number"),
    "NationalProviderId-US": ("hipaa", "npi", "national provider"),
    "NhsNumber-GB": ("national health service", "nhs"),
    "PersonalHealthNumber-CA": ("canada healthcare number", "msp number", "personal healthcare number", "phn"),
    "ElectoralRollNumber-GB": ("electoral roll", "electoral number", "electoralnumber"),
    "NationalIdentificationNumber-DE": ("ausweisnummer", "personalausweis", "id card", "identity number"),
    "NationalIdentificationNumber-ES": ("dni", "documento nacional de identidad", "national identity number"),
    "NationalIdentificationNumber-IT": ("codice fiscale", "codice fiscal", "numero di identificazione"),
    "NieNumber-ES": ("nie", "número de identificación de extranjero"),
    "NifNumber-ES": ("nif", "número de identificación fiscal"),
    **dict.fromkeys(
        [f"PassportNumber-{country}" for country in ("CA", "DE", "ES", "FR", "GB", "IT")],
        ("passport", "passeport", "passnummer", "reisepass", "pasaporte", "passaporto"),
    ),
    "PermanentResidenceNumber-CA": ("permanent resident", "pr number", "carte résident permanent"),
    **dict.fromkeys(
        [f"PhoneNumber-{country}" for country in ("BR", "DE", "ES", "FR", "GB", "IT")],
        ("cell", "contact", "fax", "mobile", "phone", "tel", "telefon", "teléfono", "téléphone", "telefono", "celular"),
    ),
    "SocialInsuranceNumber-CA": ("sin", "social insurance", "numéro d'assurance sociale"),
    "Ssn-ES": ("número de la seguridad social", "seguridad social", "social security"),
    "TaxId-DE": ("identifikationsnummer", "steuer id", "steueridentifikationsnummer", "steuernummer", "tax id"),
    "TaxId-ES": ("cif", "número de identificación fiscal", "tax id"),
    "TaxId-FR": ("numéro d'identification fiscale", "spi", "tax id", "tin"),
    "TaxId-GB": ("paye", "tax id", "tax reference", "tin", "utr", "unique taxpayer"),
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
    """A space in a keyword may be missing, or be another separator. Short ones are words of their own."""
    spaced = ("[ _-]?".join(map(re.escape, word.split(" "))) for word in words)
    bounded = (rf"(?<![^\W_]){word}(?![^\W_])" if len(word) <= _SHORT else word for word in spaced)
    return re.compile("|".join(bounded), re.IGNORECASE)


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
