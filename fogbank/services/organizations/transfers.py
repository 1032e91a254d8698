"""Billing transfers: inviting another organization's management account, what it answers, and how a transfer ends.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/orgs_transfer_billing.html. There are no bills here: a transfer is on record,
with all its states, and nothing else follows from it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.organizations import errors, listing, tags
from fogbank.services.organizations import handshake as handshakes
from fogbank.services.organizations.calling import MANAGEMENT, operation
from fogbank.services.organizations.errors import invalid_input
from fogbank.services.organizations.handshake import Handshake
from fogbank.services.organizations.invitations import account_of, party
from fogbank.services.organizations.organization import Organization, arn_of, organization_of
from fogbank.services.organizations.transfer import (
    ACTIVE,
    Side,
    Status,
    Transfer,
    all_of,
    arn_of_transfer,
    described,
    find,
    inbound,
    outbound,
    transfers,
)

Request = dict[str, Any]


async def _named(ctx: Context, organization: Organization, request: Request) -> str:
    return await arn_of_transfer(ctx, organization, request["Id"])


async def _invited(ctx: Context, organization: Organization, request: Request) -> str:
    target = request["Target"]
    return arn_of(ctx, organization, target["Id"] if target["Type"] == "ACCOUNT" else "*")


def _keys(direction: str) -> Any:
    keys = {"organizations:TransferDirection": direction, "organizations:TransferType": "BILLING"}
    return lambda ctx, request: keys


# -- inviting


@operation(MANAGEMENT, _invited, _keys("INBOUND"))
async def invite_organization_to_transfer_responsibility(
    ctx: Context, organization: Organization, request: Request
) -> Request:
    """API_InviteOrganizationToTransferResponsibility."""
    recipient = party(request["Target"])
    labels = tags.checked({}, request)
    _check_start(ctx, request["StartTimestamp"])
    source = await account_of(ctx, recipient) or ""
    if source == organization.management:
        raise errors.own_transfer()
    await _check_new(ctx, organization, source)
    id = f"rt-{ctx.ids.hex(10)}"
    handshake = await _send(ctx, organization, request, recipient, id)
    transfer = Transfer(
        id,
        organization.management,
        source,
        request["SourceName"],
        "REQUESTED",
        request["StartTimestamp"],
        handshake.id,
    )
    _keep(ctx, transfer)
    tags.keep(ctx, labels, id)
    return {"Handshake": handshakes.described(ctx, handshake)}


async def _send(
    ctx: Context, organization: Organization, request: Request, recipient: handshakes.Party, id: str
) -> Handshake:
    start = datetime.fromtimestamp(request["StartTimestamp"], UTC)
    about = {
        recipient.type: recipient.id,
        "RESPONSIBILITY_TRANSFER": id,
        "TRANSFER_START_TIMESTAMP": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "TRANSFER_TYPE": request["Type"],
        "NOTES": request.get("Notes"),
    }
    resources = [await handshakes.sender(ctx, organization)]
    resources += [{"Type": kind, "Value": value} for kind, value in about.items() if value is not None]
    return await handshakes.send(ctx, organization, "TRANSFER_RESPONSIBILITY", recipient, resources, subject=id)


def _check_start(ctx: Context, start: float) -> None:
    """A transfer begins with a month. Raises InvalidInputException."""
    moment = datetime.fromtimestamp(start, UTC)
    if (moment.hour, moment.minute, moment.second, moment.microsecond) != (0, 0, 0, 0):
        sentence = "You provided an invalid start date. The start date must be the beginning of the day (00:00:00.000)."
        raise invalid_input("START_DATE_NOT_BEGINNING_OF_DAY", sentence)
    if moment.day != 1:
        sentence = "You provided an invalid start date. The start date must be the first day of the month."
        raise invalid_input("START_DATE_NOT_BEGINNING_OF_MONTH", sentence)
    if start <= ctx.now():
        raise invalid_input("START_DATE_TOO_EARLY", "You provided an invalid start date. The start date is too early.")


async def _check_new(ctx: Context, organization: Organization, source: str) -> None:
    for transfer in await all_of(ctx, organization, "inbound"):
        if source and transfer.source == source and transfer.status in ACTIVE:
            raise errors.transfer_exists()


def _keep(ctx: Context, transfer: Transfer) -> None:
    side = Side(transfer.account)
    transfers.put(ctx, transfer, transfer.id)
    inbound.put(ctx, side, transfer.account, transfer.id)
    if transfer.source:
        outbound.put(ctx, side, transfer.source, transfer.id)


# -- answers


async def _change(ctx: Context, handshake: Handshake, status: Status, **changes: Any) -> None:
    transfer = await transfers.get(ctx, handshake.subject)
    if transfer is not None:
        _keep(ctx, msgspec.structs.replace(transfer, status=status, **changes))


async def accepted(ctx: Context, handshake: Handshake) -> None:
    """The invited organization's management account agrees."""
    organization = await organization_of(ctx, ctx.account)
    if organization is None:
        raise errors.not_in_use()
    if organization.management != ctx.account:
        raise errors.access_denied()
    if any(transfer.status == "ACCEPTED" for transfer in await all_of(ctx, organization, "outbound")):
        raise errors.too_many_outbound_transfers()
    await _change(ctx, handshake, "ACCEPTED", source=ctx.account)


async def declined(ctx: Context, handshake: Handshake) -> None:
    await _change(ctx, handshake, "DECLINED")


async def canceled(ctx: Context, handshake: Handshake) -> None:
    await _change(ctx, handshake, "CANCELED")


async def expired(ctx: Context, handshake: Handshake) -> None:
    await _change(ctx, handshake, "EXPIRED")


# -- looking


@operation(MANAGEMENT, _named)
async def describe_responsibility_transfer(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_DescribeResponsibilityTransfer."""
    transfer = await find(ctx, organization, request["Id"])
    return {"ResponsibilityTransfer": await described(ctx, organization, transfer)}


@operation(MANAGEMENT, None, _keys("INBOUND"))
async def list_inbound_responsibility_transfers(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_ListInboundResponsibilityTransfers."""
    found = await all_of(ctx, organization, "inbound")
    if "Id" in request:
        found = [transfer for transfer in found if transfer.id == request["Id"]]
        if not found:
            raise errors.transfer_not_found()
    return await _listed(ctx, organization, request, found)


@operation(MANAGEMENT, None, _keys("OUTBOUND"))
async def list_outbound_responsibility_transfers(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_ListOutboundResponsibilityTransfers."""
    return await _listed(ctx, organization, request, await all_of(ctx, organization, "outbound"))


async def _listed(ctx: Context, organization: Organization, request: Request, found: list[Transfer]) -> Request:
    shown, more = listing.page_of_all(request, found, lambda transfer: transfer.id)
    return {"ResponsibilityTransfers": [await described(ctx, organization, transfer) for transfer in shown], **more}


# -- changing


@operation(MANAGEMENT, _named)
async def update_responsibility_transfer(ctx: Context, organization: Organization, request: Request) -> Request:
    """Rename a transfer. API_UpdateResponsibilityTransfer."""
    transfer = await find(ctx, organization, request["Id"])
    if transfer.status not in ACTIVE:
        raise errors.transfer_not_active()
    transfer = msgspec.structs.replace(transfer, name=request["Name"])
    _keep(ctx, transfer)
    return {"ResponsibilityTransfer": await described(ctx, organization, transfer)}


@operation(MANAGEMENT, _named)
async def terminate_responsibility_transfer(ctx: Context, organization: Organization, request: Request) -> Request:
    """End a transfer with a month: by default with this one. API_TerminateResponsibilityTransfer."""
    transfer = await find(ctx, organization, request["Id"])
    if transfer.status == "WITHDRAWN":
        raise errors.transfer_already_in_status()
    if transfer.status != "ACCEPTED":
        raise errors.invalid_transfer_transition()
    end = request.get("EndTimestamp", _end_of_month(ctx.now()))
    _check_end(ctx, end)
    transfer = msgspec.structs.replace(transfer, status="WITHDRAWN", end=end)
    _keep(ctx, transfer)
    return {"ResponsibilityTransfer": await described(ctx, organization, transfer)}


def _end_of_month(moment: float) -> float:
    """The last millisecond of the month."""
    day = datetime.fromtimestamp(moment, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return ((day + timedelta(days=32)).replace(day=1) - timedelta(milliseconds=1)).timestamp()


def _check_end(ctx: Context, end: float) -> None:
    """Raises InvalidInputException."""
    if abs(end - _end_of_month(end)) >= 1:
        sentence = "You provided an invalid end date. The end date must be the end of the last day of the month (23.59.59.999)."
        raise invalid_input("END_DATE_NOT_END_OF_MONTH", sentence)
    if end < ctx.now():
        raise invalid_input("END_DATE_TOO_EARLY", "You provided an invalid end date. The end date is too early.")
