"""The records of certificate authorities, where they are kept, and how an operation finds the one that its request names.

authorities  (id)           Authority
issued       (id, serial)   Issued: what it has issued, by serial number in hexadecimal
reports      (id, report)   Report
tokens       (kind, token)  Token: what was made under an idempotency token, for five minutes
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.certificates import keys
from fogbank.kernel import Context, Record
from fogbank.kernel.vault import Vault
from fogbank.services.acm_pca import errors
from fogbank.services.acm_pca.service import service
from fogbank.services.acm_pca.states import State

Request = dict[str, Any]

_ARN = re.compile(
    r"arn:[\w-]+:acm-pca:([a-z0-9-]+):(\d{12}):certificate-authority/([\w-]+)(?:/certificate/([0-9a-f]+))?"
)


class Permission(Record, frozen=True):
    """What another service may do; `created` in epoch seconds."""

    principal: str
    source: str
    actions: list[str]
    created: float


class Authority(Record, frozen=True):
    """A certificate authority.

    configuration      as CreateCertificateAuthority has it: algorithms, subject, extensions of its signing request
    revocation         its RevocationConfiguration
    sealed_key, csr    its private key, sealed, and its signing request in PEM; empty while it is CREATING
    certificate, chain its own certificate and what is above it, in PEM
    before             its state before it was deleted; restorable: until when it can be restored
    reported           when its last audit report was made
    All times are epoch seconds.
    """

    id: str
    type: str
    status: State
    created: float
    changed: float
    configuration: dict[str, Any]
    revocation: dict[str, Any]
    security: str
    usage: str
    sealed_key: bytes = b""
    csr: str = ""
    certificate: str = ""
    chain: str = ""
    not_before: float | None = None
    not_after: float | None = None
    before: State | None = None
    restorable: float | None = None
    permissions: list[Permission] = []
    policy: str | None = None
    tags: dict[str, str] = {}
    reported: float = 0.0

    @property
    def crl(self) -> dict[str, Any] | None:
        """The configuration of its revocation list, if it keeps one."""
        found = self.revocation.get("CrlConfiguration")
        return found if found and found["Enabled"] else None


class Issued(Record, frozen=True):
    """An issued certificate in PEM; times in epoch seconds, `principal` the service that asked for it."""

    certificate: str
    template: str
    at: float
    principal: str = ""
    revoked: float | None = None
    reason: str = ""


class Report(Record, frozen=True):
    bucket: str
    key: str
    status: str
    created: float
    format: str


class Token(Record, frozen=True):
    arn: str
    until: float


authorities = service.collection("authorities", Authority)
issued = service.collection("issued", Issued)
reports = service.collection("reports", Report)
tokens = service.collection("tokens", Token)

_vault = Vault("acm-pca")


# -- names


def arn(ctx: Context, authority: Authority) -> str:
    return arn_of(ctx, authority.id)


def arn_of(ctx: Context, authority_id: str) -> str:
    return f"arn:{ctx.partition}:acm-pca:{ctx.region}:{ctx.account}:certificate-authority/{authority_id}"


def parse(text: str) -> tuple[str, str, str, str]:
    """(region, account, id of the authority, serial number or "") of an ARN. Raises InvalidArnException."""
    found = _ARN.fullmatch(text)
    if found is None:
        raise errors.invalid_arn(text)
    return found[1], found[2], found[3], found[4] or ""


# -- finding and changing


def named(request: Request) -> str:
    """The ARN of the authority that a request is about."""
    return request.get("CertificateAuthorityArn") or request["ResourceArn"]


async def look_up(ctx: Context, request: Request) -> tuple[Context, Authority | None]:
    """The authority of a request, and the context of its account. Raises InvalidArnException."""
    region, account, authority_id, _ = parse(named(request))
    scope = ctx if account == ctx.account else ctx.at(account=account)
    return scope, await authorities.get(scope, authority_id) if region == ctx.region else None


async def find(ctx: Context, request: Request) -> tuple[Context, Authority]:
    """The same; raises ResourceNotFoundException."""
    scope, authority = await look_up(ctx, request)
    if authority is None:
        raise errors.not_found(named(request))
    return scope, authority


def save(ctx: Context, authority: Authority, /, **changes: Any) -> Authority:
    """Write the authority with those fields changed; a new status is noted with its time."""
    if changes.get("status", authority.status) != authority.status:
        changes["changed"] = ctx.now()
    authority = msgspec.structs.replace(authority, **changes)
    authorities.put(ctx, authority, authority.id)
    return authority


async def sealed(ctx: Context, authority_id: str, key: Any) -> bytes:
    return await _vault.seal(ctx, keys.to_der(key), arn_of(ctx, authority_id))


async def private_key(ctx: Context, authority: Authority) -> Any:
    return keys.from_der(await _vault.unseal(ctx, authority.sealed_key, arn(ctx, authority)))


# -- idempotency


async def repeated(ctx: Context, kind: str, request: Request) -> str | None:
    """The ARN of what was made under the request's idempotency token, while that counts."""
    token = request.get("IdempotencyToken")
    found = None if token is None else await tokens.get(ctx, kind, token)
    return found.arn if found is not None and found.until > ctx.now() else None


async def remember(ctx: Context, kind: str, request: Request, made: str, seconds: float) -> None:
    token = request.get("IdempotencyToken")
    if token is not None:
        tokens.put(ctx, Token(made, ctx.now() + seconds), kind, token)
        await ctx.schedule("forget_token", {"kind": kind, "token": token}, delay=seconds, key=f"{kind} {token}")


@service.task
async def forget_token(ctx: Context, payload: dict[str, Any]) -> None:
    tokens.delete(ctx, payload["kind"], payload["token"])
