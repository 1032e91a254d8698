"""How accounts come into an organization and leave it.

members   (account)    Member
"""

from __future__ import annotations

from typing import Literal

from fogbank.identity.principals import root
from fogbank.kernel import Context, Record
from fogbank.services.organizations import attaching, errors, limits, tags, tree
from fogbank.services.organizations.organization import Membership, Organization, memberships
from fogbank.services.organizations.records import delegations
from fogbank.services.organizations.service import service
from fogbank.services.organizations.tree import ACCOUNT, Node

State = Literal["ACTIVE", "PENDING_CLOSURE", "SUSPENDED"]
Method = Literal["INVITED", "CREATED"]

PRINCIPAL = "organizations.amazonaws.com"


class Member(Record, frozen=True):
    """An account of an organization. `joined` and `closed` are epoch seconds."""

    id: str
    method: Method
    joined: float
    state: State = "ACTIVE"
    closed: float | None = None


members = service.collection("members", Member, scope="account")


async def find_member(ctx: Context, account: str) -> Member:
    """Raises AccountNotFoundException."""
    member = await members.get(ctx, account)
    if member is None:
        raise errors.account_not_found()
    return member


async def join(ctx: Context, organization: Organization, account: str, method: Method) -> None:
    """Make an account a member, below the root. Until then nothing of the organization binds it."""
    await _link(ctx, account)
    memberships.put(ctx, Membership(organization.management), account)
    members.put(ctx, Member(account, method, ctx.now()), account)
    tree.add(ctx, Node(account, ACCOUNT, organization.root))
    attaching.begin(ctx, organization, account)


async def _link(ctx: Context, account: str) -> None:
    """Make the role as which Organizations acts in an account, if it has none.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html#orgs_integrate_services-using_slrs
    """
    iam = ctx.app.services.get("iam")
    assert iam is not None
    await iam.provided["linked_roles"].ensure(ctx.at(account=account), PRINCIPAL)


def as_root(ctx: Context, account: str) -> Context:
    """The context of an account's root."""
    inside = ctx.at(account=account)
    inside.principal = root(account)
    return inside


async def check_may_leave(ctx: Context, account: str) -> None:
    """Raises ConstraintViolationException for delegated administrators and for accounts that were created just now."""
    member = await find_member(ctx, account)
    if await delegations.count(ctx, account, limit=1):
        raise errors.delegated_administrators_stay()
    if member.method == "CREATED" and ctx.now() < member.joined + limits.DAYS_BEFORE_LEAVING * limits.DAY:
        raise errors.too_young_to_leave()


async def leave(ctx: Context, account: str) -> None:
    """Make a member a standalone account. What it has stays, but for its tags in the organization."""
    node = await tree.find(ctx, account, errors.account_not_found, ACCOUNT)
    tree.remove(ctx, node)
    await attaching.end(ctx, account)
    members.delete(ctx, account)
    memberships.delete(ctx, account)
    tags.keep(ctx, {}, account)
