"""GetAccountConfiguration, PutAccountConfiguration."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.acm.access import ON_ACCOUNT
from fogbank.services.acm.certificate import ISSUED, certificates
from fogbank.services.acm.lives import Configuration, configurations, plan_warnings
from fogbank.services.acm.service import service

Request = dict[str, Any]


@service.operation(**ON_ACCOUNT)
async def get_account_configuration(ctx: Context, request: Request) -> Request:
    """From when on the account is warned of certificates that expire. API_GetAccountConfiguration."""
    configuration = await configurations.get(ctx) or Configuration()
    return {"ExpiryEvents": {"DaysBeforeExpiry": configuration.days_before_expiry}}


@service.operation(**ON_ACCOUNT)
async def put_account_configuration(ctx: Context, request: Request) -> None:
    """Change that, for all certificates. API_PutAccountConfiguration."""
    days = (request.get("ExpiryEvents") or {}).get("DaysBeforeExpiry")
    if days is None:
        return
    configurations.put(ctx, Configuration(days))
    for certificate in await certificates.scan(ctx):
        if certificate.status == ISSUED:
            await plan_warnings(ctx, certificate)
