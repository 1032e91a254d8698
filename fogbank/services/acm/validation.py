"""Validation of domain names, and what follows: the issue of a public certificate by the local authority.

A name that is proved by DNS needs its CNAME if Route 53 has a public zone for it here. For any other name there is nobody who could look,
so it is taken as proved; so are names that are proved by email, as nobody reads that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec

from fogbank.certificates import authority, keys
from fogbank.kernel import Context
from fogbank.services.acm import events, limits, lives
from fogbank.services.acm.certificate import (
    PENDING,
    TIMED_OUT,
    Certificate,
    Validation,
    certificates,
    save,
    sealed,
)
from fogbank.services.acm.service import service

replace = msgspec.structs.replace


class Resolver(Protocol):
    """What Route 53 offers under the name `resolver`."""

    async def lookup(self, ctx: Context, name: str, type: str) -> list[str] | None:
        """The values of a record in the public zones that are here; none where the zone has none, None where there is no zone."""
        ...


# -- validating


async def validated(ctx: Context, validations: list[Validation]) -> list[Validation]:
    """The validations, with those that are proved by now as a SUCCESS."""
    return [
        replace(validation, status="SUCCESS") if await _is_proved(ctx, validation) else validation
        for validation in validations
    ]


async def _is_proved(ctx: Context, validation: Validation) -> bool:
    service = ctx.app.services.get("route53")
    resolver: Resolver | None = None if service is None else service.provided.get("resolver")
    if validation.record is None or resolver is None:
        return True
    name, value = validation.record
    found = await resolver.lookup(ctx, name, "CNAME")
    return found is None or value.rstrip(".") in [target.rstrip(".") for target in found]


def is_complete(validations: list[Validation]) -> bool:
    return all(validation.status == "SUCCESS" for validation in validations)


@service.task
async def validate(ctx: Context, payload: dict[str, Any]) -> None:
    """Look whether the names are proved; if not, look again later, for 72 hours."""
    certificate = await certificates.get(ctx, payload["id"])
    if certificate is None or certificate.status != PENDING:
        return
    validations = await validated(ctx, certificate.validations)
    certificate = save(ctx, certificate, validations=validations)
    if is_complete(validations):
        await ctx.schedule("issue", payload, key=certificate.id)
    elif ctx.now() >= certificate.created + limits.VALIDATION_TIMEOUT:
        failed = [replace(one, status=_settled(one.status)) for one in validations]
        save(ctx, certificate, status=TIMED_OUT, validations=failed)
    else:
        await ctx.schedule("validate", payload, delay=limits.VALIDATION_INTERVAL, key=certificate.id)


def _settled(status: str) -> str:
    return status if status == "SUCCESS" else "FAILED"


# -- issuing


@service.task(transaction=False)
async def issue(ctx: Context, payload: dict[str, Any]) -> None:
    certificate = await ctx.transact(certificates.get, ctx, payload["id"])
    if certificate is not None and certificate.status == PENDING:
        key = await keys.generate(certificate.algorithm)
        await ctx.transact(_issue, ctx, certificate.id, key)


async def _issue(ctx: Context, certificate_id: str, key: Any) -> None:
    certificate = await certificates.get(ctx, certificate_id)
    if certificate is not None and certificate.status == PENDING:
        certificate = await sign(ctx, certificate, key)
        await events.publish(ctx, certificate, "ACM Certificate Available", Action="ISSUANCE")


async def sign(ctx: Context, certificate: Certificate, key: Any) -> Certificate:
    """The public certificate, issued by the local authority for that key, from today on."""
    today = datetime.fromtimestamp(ctx.now(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    until = today + timedelta(days=limits.VALID_DAYS) - timedelta(seconds=1)
    text, chain = await authority.issue(ctx, key.public_key(), certificate.domain, certificate.names, today, until)
    key_bytes = await sealed(ctx, certificate.id, keys.to_der(key))
    return await lives.begin(ctx, certificate, certificate=text, chain=chain, sealed_key=key_bytes)
