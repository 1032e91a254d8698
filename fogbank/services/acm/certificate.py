"""The records of a certificate, where they are kept, and how an operation finds the certificate that its request names.

certificates  (id)     Certificate
tokens        (token)  Token: what was requested under an idempotency token, for an hour
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.certificates.authority import vault
from fogbank.kernel import Context, Record
from fogbank.services.acm import errors
from fogbank.services.acm.service import service

Request = dict[str, Any]

PENDING = "PENDING_VALIDATION"
ISSUED = "ISSUED"
EXPIRED = "EXPIRED"
TIMED_OUT = "VALIDATION_TIMED_OUT"
REVOKED = "REVOKED"
FAILED = "FAILED"

PUBLIC = "AMAZON_ISSUED"
PRIVATE = "PRIVATE"
IMPORTED = "IMPORTED"

_ARN = re.compile(r"arn:[\w-]+:acm:([a-z0-9-]+):(\d{12}):certificate/([\w-]+)")


class Validation(Record, frozen=True):
    """How the owner of a domain name shows that it is theirs. `record` is the CNAME (name, value); `mail` the domain asked by email."""

    domain: str
    method: str
    status: str = "PENDING_VALIDATION"
    record: tuple[str, str] | None = None
    mail: str = ""


class Renewal(Record, frozen=True):
    """The last managed renewal; `updated` in epoch seconds."""

    status: str
    updated: float
    reason: str = ""


class Update(Record, frozen=True):
    """A change from email to DNS validation; times in epoch seconds."""

    status: str
    requested: float
    updated: float
    validations: list[Validation] = []


class Certificate(Record, frozen=True):
    """A certificate of ACM.

    names              the domain names, the first one as `domain`
    certificate, chain PEM; empty until it is issued
    sealed_key         the private key (PKCS #8), sealed
    ca, ca_certificate, ca_algorithm
                       the private CA's ARN, that of the certificate there, and by what the CA signs
    used_by            the ARNs of what uses it
    acme_endpoint, acme_account
                       the ACME endpoint (ARN) and account that it was issued for; its key is the client's
    All times are epoch seconds.
    """

    id: str
    type: str
    status: str
    domain: str
    names: list[str]
    created: float
    algorithm: str
    method: str = ""
    validations: list[Validation] = []
    certificate: str = ""
    chain: str = ""
    sealed_key: bytes = b""
    issued: float | None = None
    imported: float | None = None
    revoked: float | None = None
    reason: str = ""
    not_before: float | None = None
    not_after: float | None = None
    ca: str = ""
    ca_certificate: str = ""
    export: str = "DISABLED"
    transparency: str = "ENABLED"
    managed_by: str = ""
    exported: bool = False
    used_by: list[str] = []
    renewal: Renewal | None = None
    update: Update | None = None
    failure: str = ""
    tags: dict[str, str] = {}
    ca_algorithm: str = ""
    acme_endpoint: str = ""
    acme_account: str = ""

    @property
    def is_renewable(self) -> bool:
        """Would ACM renew it? One that is in use, or was exported, unless it was imported."""
        is_ours = self.type != IMPORTED and not self.acme_account
        return is_ours and self.status == ISSUED and (bool(self.used_by) or self.exported)


class Token(Record, frozen=True):
    id: str
    until: float


certificates = service.collection("certificates", Certificate)
tokens = service.collection("tokens", Token)


# -- names


def arn(ctx: Context, certificate: Certificate) -> str:
    return arn_of(ctx, certificate.id)


def arn_of(ctx: Context, certificate_id: str) -> str:
    return f"arn:{ctx.partition}:acm:{ctx.region}:{ctx.account}:certificate/{certificate_id}"


def parse(text: str) -> tuple[str, str, str]:
    """(region, account, id) of a certificate's ARN. Raises InvalidArnException."""
    found = _ARN.fullmatch(text)
    if found is None:
        raise errors.invalid_arn(text)
    return found[1], found[2], found[3]


# -- finding and changing


async def find(ctx: Context, request: Request) -> Certificate:
    """The certificate of a request's CertificateArn. Raises InvalidArnException, ResourceNotFoundException."""
    text = request["CertificateArn"]
    region, account, certificate_id = parse(text)
    found = await certificates.get(ctx, certificate_id) if (region, account) == (ctx.region, ctx.account) else None
    if found is None:
        raise errors.not_found(text)
    return found


def save(ctx: Context, certificate: Certificate, /, **changes: Any) -> Certificate:
    certificate = msgspec.structs.replace(certificate, **changes)
    certificates.put(ctx, certificate, certificate.id)
    return certificate


async def sealed(ctx: Context, certificate_id: str, key: bytes) -> bytes:
    return await vault.seal(ctx, key, _secret(ctx, certificate_id))


async def private_key(ctx: Context, certificate: Certificate) -> Any:
    """The private key of an issued or imported certificate."""
    from fogbank.certificates import keys

    return keys.from_der(await vault.unseal(ctx, certificate.sealed_key, _secret(ctx, certificate.id)))


def _secret(ctx: Context, certificate_id: str) -> str:
    return arn_of(ctx, certificate_id)
