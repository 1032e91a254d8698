"""The Transfer record: an organization's management account takes over another one's bills.

transfers   (id)             Transfer; global, since it is between two organizations
inbound     (account, id)    Side: by the account that takes over; global
outbound    (account, id)    Side: by the account that hands over; global
"""

from __future__ import annotations

from typing import Any, Final, Literal

from fogbank.kernel import Context, Record
from fogbank.services.organizations import errors, people
from fogbank.services.organizations.organization import Organization, arn
from fogbank.services.organizations.service import service

Request = dict[str, Any]
Status = Literal["REQUESTED", "DECLINED", "CANCELED", "EXPIRED", "ACCEPTED", "WITHDRAWN"]
Direction = Literal["inbound", "outbound"]

ACTIVE: Final = frozenset({"REQUESTED", "ACCEPTED"})


class Transfer(Record, frozen=True):
    """A transfer. `account` takes over (it sent the invitation), `source` hands over; times are epoch seconds."""

    id: str
    account: str
    source: str
    name: str
    status: Status
    start: float
    handshake: str
    end: float | None = None


class Side(Record, frozen=True):
    """`account` is the one that takes over: the row goes when that account is forgotten."""

    account: str


transfers = service.collection("transfers", Transfer, scope="global")
inbound = service.collection("inbound", Side, scope="global")
outbound = service.collection("outbound", Side, scope="global")


async def find(ctx: Context, organization: Organization, id: str) -> Transfer:
    """A transfer of the organization, in either direction. Raises ResponsibilityTransferNotFoundException."""
    transfer = await transfers.get(ctx, id)
    if transfer is None or organization.management not in (transfer.account, transfer.source):
        raise errors.transfer_not_found()
    return transfer


async def all_of(ctx: Context, organization: Organization, direction: Direction) -> list[Transfer]:
    """An organization's transfers in one direction, by id."""
    collection = inbound if direction == "inbound" else outbound
    ids = [str(key[0]) for key, _ in await collection.items(ctx, (str,), organization.management)]
    found = [await transfers.get(ctx, id) for id in ids]
    return [transfer for transfer in found if transfer is not None]


def _direction(organization: Organization, transfer: Transfer | None) -> Direction:
    return "outbound" if transfer is not None and transfer.source == organization.management else "inbound"


def transfer_arn(ctx: Context, organization: Organization, transfer: Transfer) -> str:
    """The ARN by which an organization knows a transfer."""
    return arn(ctx, organization, "transfer", "billing", _direction(organization, transfer), transfer.id)


async def arn_of_transfer(ctx: Context, organization: Organization, id: str) -> str:
    direction = _direction(organization, await transfers.get(ctx, id))
    return arn(ctx, organization, "transfer", "billing", direction, id)


async def described(ctx: Context, organization: Organization, transfer: Transfer) -> Request:
    """A ResponsibilityTransfer of the API."""
    return {
        "Arn": transfer_arn(ctx, organization, transfer),
        "Name": transfer.name,
        "Id": transfer.id,
        "Type": "BILLING",
        "Status": transfer.status,
        "Source": await _participant(ctx, transfer.source),
        "Target": await _participant(ctx, transfer.account),
        "StartTimestamp": transfer.start,
        "EndTimestamp": transfer.end,
        "ActiveHandshakeId": transfer.handshake if transfer.status == "REQUESTED" else None,
    }


async def _participant(ctx: Context, account: str) -> Request | None:
    if not account:
        return None
    return {"ManagementAccountId": account, "ManagementAccountEmail": (await people.profile(ctx, account)).email}
