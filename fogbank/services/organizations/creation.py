"""How accounts are created: CreateAccount, and how far it is.

creations   (id)    Creation

A new account can be used at once: by the key that is its number, and through the role that the management account may assume.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from fogbank.kernel import Context, Record, service_events
from fogbank.services.organizations import errors, limits, listing, people, tags, tree
from fogbank.services.organizations.calling import MANAGEMENT, READERS, operation
from fogbank.services.organizations.handshake import count_open_invitations
from fogbank.services.organizations.joining import as_root, join, members
from fogbank.services.organizations.organization import Organization, organization_of
from fogbank.services.organizations.service import service
from fogbank.services.organizations.tree import ACCOUNT, Node

Request = dict[str, Any]

_REGION = "us-east-1"  # where Organizations is, whoever asks from elsewhere
_ROLE = "OrganizationAccountAccessRole"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Creation(Record, frozen=True):
    """A request for an account.

    account   its number, which is told when it is there
    requested, completed   epoch seconds
    failure   one of the API's reasons
    parent    the root or unit that it belongs below; empty for the root
    """

    id: str
    account: str
    name: str
    email: str
    role: str
    tags: dict[str, str]
    requested: float
    state: Literal["IN_PROGRESS", "SUCCEEDED", "FAILED"] = "IN_PROGRESS"
    completed: float | None = None
    failure: str | None = None
    parent: str = ""


creations = service.collection("creations", Creation, scope="account")


def _described(creation: Creation) -> Request:
    """A CreateAccountStatus of the API."""
    return {
        "Id": creation.id,
        "AccountName": creation.name,
        "State": creation.state,
        "RequestedTimestamp": creation.requested,
        "CompletedTimestamp": creation.completed,
        "AccountId": creation.account if creation.state == "SUCCEEDED" else None,
        "FailureReason": creation.failure,
    }


# -- asking for an account


@operation(MANAGEMENT)
async def create_account(ctx: Context, organization: Organization, request: Request) -> Request:
    """Begin to create an account. API_CreateAccount. Whether its email address is free turns out on the way."""
    role = request.get("RoleName", _ROLE)
    if role.startswith("AWSServiceRoleFor"):
        raise errors.invalid_role_name()
    labels = tags.checked({}, request)
    await _check_quotas(ctx, organization)
    id = f"car-{ctx.ids.hex(32)}"
    creation = Creation(id, await _new_number(ctx), request["AccountName"], request["Email"], role, labels, ctx.now())
    creations.put(ctx, creation, id)
    await ctx.schedule("create", {"id": id}, delay=limits.CREATION_SECONDS, key=id)
    return {"CreateAccountStatus": _described(creation)}


async def _check_quotas(ctx: Context, organization: Organization) -> None:
    in_progress = sum(1 for creation in await creations.scan(ctx) if creation.state == "IN_PROGRESS")
    if in_progress >= limits.ACCOUNTS_BEING_CREATED:
        raise errors.too_many_being_created()
    await check_number(ctx, organization)


async def check_number(ctx: Context, organization: Organization) -> None:
    """Raises ConstraintViolationException when there are as many accounts and invitations as there may be."""
    invited = await count_open_invitations(ctx, organization)
    if await members.count(ctx, limit=limits.ACCOUNTS) + invited >= limits.ACCOUNTS:
        raise errors.too_many_accounts()


@operation(MANAGEMENT)
async def create_gov_cloud_account(ctx: Context, organization: Organization, request: Request) -> Request:
    """Refused: there is no GovCloud account here that the management account could be paired with. API_CreateGovCloudAccount."""
    raise errors.no_govcloud()


# -- creating it


@service.task
async def create(ctx: Context, payload: dict[str, Any]) -> None:
    creation = await creations.get(ctx, payload["id"])
    organization = await organization_of(ctx, ctx.account)
    assert creation is not None
    if organization is None or organization.management != ctx.account:
        done = msgspec.structs.replace(creation, state="FAILED", failure="CONCURRENT_ACCOUNT_MODIFICATION")
    elif await people.profiles(ctx).owner(ctx, creation.email) is not None:
        done = msgspec.structs.replace(creation, state="FAILED", failure="EMAIL_ALREADY_EXISTS")
    else:
        await _create(ctx, organization, creation)
        done = msgspec.structs.replace(creation, state="SUCCEEDED")
    done = msgspec.structs.replace(done, completed=ctx.now())
    creations.put(ctx, done, done.id)
    await _tell(ctx, done)


async def _tell(ctx: Context, done: Creation) -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_security_incident-response.html"""
    status = {
        "id": done.id,
        "state": done.state,
        "accountName": "****",
        "accountId": done.account if done.state == "SUCCEEDED" else None,
        "failureReason": done.failure,
        "requestedTimestamp": _moment(done.requested),
        "completedTimestamp": _moment(ctx.now()),
    }
    told = {name: value for name, value in status.items() if value is not None}
    await service_events.record(
        ctx.at(region=_REGION), "CreateAccountResult", serviceEventDetails={"createAccountStatus": told}
    )


def _moment(epoch: float) -> str:
    """`Sep 16, 2020 9:20:50 PM`"""
    moment = datetime.fromtimestamp(epoch, UTC)
    return f"{moment:%b} {moment.day}, {moment:%Y} {moment.hour % 12 or 12}:{moment:%M:%S %p}"


async def _create(ctx: Context, organization: Organization, creation: Creation) -> None:
    """The account, with the role for its management account."""
    account = creation.account
    await people.profiles(ctx).create(ctx.at(account=account), creation.name, creation.email)
    inside = as_root(ctx, account)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{ctx.partition}:iam::{organization.management}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = {"RoleName": creation.role, "AssumeRolePolicyDocument": json.dumps(trust)}
    await inside.call("iam", "CreateRole", role, as_caller=True)
    policy = {"RoleName": creation.role, "PolicyArn": _ADMINISTRATOR}
    await inside.call("iam", "AttachRolePolicy", policy, as_caller=True)
    await join(ctx, organization, account, "CREATED")
    tags.keep(ctx, creation.tags, account)
    if creation.parent and await tree.nodes.get(ctx, creation.parent) is not None:
        tree.move(ctx, Node(account, ACCOUNT, organization.root), creation.parent)


async def _new_number(ctx: Context) -> str:
    while True:
        account = f"{10**11 + int(ctx.ids.hex(16), 16) % (9 * 10**11)}"
        if not await people.profiles(ctx).exists(ctx.at(account=account)):
            return account


# -- how far it is


@operation(READERS)
async def describe_create_account_status(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_DescribeCreateAccountStatus."""
    creation = await creations.get(ctx, request["CreateAccountRequestId"])
    if creation is None:
        raise errors.no_creation_request()
    return {"CreateAccountStatus": _described(creation)}


@operation(READERS)
async def list_create_account_status(ctx: Context, organization: Organization, request: Request) -> Request:
    """Requests by id, in the states that are asked for. API_ListCreateAccountStatus."""
    wanted = request.get("States")
    found = [creation for creation in await creations.scan(ctx) if not wanted or creation.state in wanted]
    shown, more = listing.page_of_all(request, found, lambda creation: creation.id)
    return {"CreateAccountStatuses": [_described(creation) for creation in shown], **more}
