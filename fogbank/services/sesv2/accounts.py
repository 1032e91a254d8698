"""The account: the sandbox, quotas, sending, and the suppression list."""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.mail import addresses, problems, sending
from fogbank.mail.records import Suppressed, change_settings, settings_of, suppressed
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request, given, page, page_size, start_of

_ANY = {"resource": lambda ctx, request: "*"}


@service.operation(**_ANY)
async def get_account(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html"""
    found = await settings_of(ctx)
    return {
        "DedicatedIpAutoWarmupEnabled": found.warmup,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": found.production,
        "SendQuota": await sending.quota(ctx),
        "SendingEnabled": found.sending,
        "SuppressionAttributes": {"SuppressedReasons": list(found.suppressed_reasons)},
        "Details": found.details,
        "VdmAttributes": found.vdm or {"VdmEnabled": "DISABLED"},
    }


@service.operation(**_ANY)
async def put_account_details(ctx: Context, request: Request) -> None:
    """Who asks to get out of the sandbox, gets out: nobody reviews it here."""
    before = await settings_of(ctx)
    if before.production and request.get("ProductionAccessEnabled") is False:
        raise AWSError("ConflictException", "Production access cannot be given back.")
    production = before.production or bool(request.get("ProductionAccessEnabled"))
    details = given(request, "MailType", "WebsiteURL", "ContactLanguage", "UseCaseDescription")
    details["AdditionalContactEmailAddresses"] = request.get("AdditionalContactEmailAddresses") or []
    if production:
        details["ReviewDetails"] = {"Status": "GRANTED", "CaseId": f"case-{ctx.account}"}
    change_settings(ctx, before, production=production, details=details)


@service.operation(**_ANY)
async def put_account_sending_attributes(ctx: Context, request: Request) -> None:
    change_settings(ctx, await settings_of(ctx), sending=bool(request.get("SendingEnabled")))


@service.operation(**_ANY)
async def put_account_suppression_attributes(ctx: Context, request: Request) -> None:
    reasons = tuple(dict.fromkeys(request.get("SuppressedReasons") or ()))
    change_settings(ctx, await settings_of(ctx), suppressed_reasons=reasons)


@service.operation(**_ANY)
async def put_account_vdm_attributes(ctx: Context, request: Request) -> None:
    change_settings(ctx, await settings_of(ctx), vdm=request["VdmAttributes"])


@service.operation(**_ANY)
async def put_account_dedicated_ip_warmup_attributes(ctx: Context, request: Request) -> None:
    change_settings(ctx, await settings_of(ctx), warmup=bool(request.get("AutoWarmupEnabled")))


# -- the suppression list


def _address(ctx: Context, request: Request) -> str:
    if request.get("TenantName"):
        raise problems.invalid(ctx, "Fogbank has no suppression lists of tenants.")
    try:
        return addresses.plain(request["EmailAddress"]).lower()
    except addresses.BadAddress as error:
        raise problems.invalid(ctx, str(error)) from error


@service.operation(**_ANY)
async def put_suppressed_destination(ctx: Context, request: Request) -> None:
    address = _address(ctx, request)
    suppressed.put(ctx, Suppressed(address, request["Reason"], ctx.now()), address)


@service.operation(**_ANY)
async def get_suppressed_destination(ctx: Context, request: Request) -> Answer:
    return {"SuppressedDestination": _shown(await _find(ctx, request))}


async def _find(ctx: Context, request: Request) -> Suppressed:
    address = _address(ctx, request)
    found = await suppressed.get(ctx, address)
    if found is None:
        raise AWSError("NotFoundException", f"Email address {address} does not exist on your suppression list.")
    return found


def _shown(found: Suppressed) -> Answer:
    return {"EmailAddress": found.address, "Reason": found.reason, "LastUpdateTime": found.updated}


@service.operation(**_ANY)
async def delete_suppressed_destination(ctx: Context, request: Request) -> None:
    suppressed.delete(ctx, (await _find(ctx, request)).address)


@service.operation(**_ANY)
async def list_suppressed_destinations(ctx: Context, request: Request) -> Answer:
    reasons = request.get("Reasons")
    since, until = request.get("StartDate") or 0.0, request.get("EndDate") or float("inf")
    rows = [
        found
        for found in await suppressed.scan(ctx, after=start_of(request))
        if (not reasons or found.reason in reasons) and since <= found.updated <= until
    ][: page_size(request) + 1]
    shown, following = page(rows, request, lambda found: found.address)
    return {"SuppressedDestinationSummaries": [_shown(found) for found in shown], "NextToken": following}
