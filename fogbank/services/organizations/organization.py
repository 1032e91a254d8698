"""The Organization record, who belongs to one, and the ARNs of what is in it.

All that belongs to an organization lies in its management account; "the organization's scope" is that account's. Members are led there:

memberships   (account)    Membership: the management account of the account's organization; global
organization  ()           Organization; in the organization's scope, as all that follows in the other modules
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from fogbank.identity.directory import organizations_changed
from fogbank.kernel import Context, Record
from fogbank.services.organizations.service import service

FeatureSet = Literal["ALL", "CONSOLIDATED_BILLING"]


class Membership(Record, frozen=True):
    """`account` is the management account: the row goes when that account is forgotten."""

    account: str


class Organization(Record, frozen=True):
    """An organization.

    id, root    o-... and r-...
    management  the management account
    features    the feature set
    enabled     the policy types that are enabled in the root
    """

    id: str
    root: str
    management: str
    features: FeatureSet
    enabled: tuple[str, ...] = ()

    @property
    def has_all_features(self) -> bool:
        return self.features == "ALL"


memberships = service.collection("memberships", Membership, scope="global", cached=True)
organizations = service.collection("organization", Organization, scope="account", cached=True)


async def organization_of(ctx: Context, account: str) -> Organization | None:
    """The organization that an account belongs to."""
    membership = await memberships.get(ctx, account)
    if membership is None:
        return None
    return await organizations.get(ctx.at(account=membership.account))


def save(ctx: Context, organization: Organization) -> None:
    """Keep a new or changed organization, in its scope."""
    organizations.put(ctx, organization)
    organizations_changed(ctx)


def change(ctx: Context, organization: Organization, **changes: Any) -> Organization:
    organization = msgspec.structs.replace(organization, **changes)
    save(ctx, organization)
    return organization


# -- ARNs


def arn(ctx: Context, organization: Organization, kind: str, *rest: str) -> str:
    """`arn:aws:organizations::111111111111:<kind>/o-exampleorgid/<rest>`"""
    path = "/".join((kind, organization.id, *rest))
    return f"arn:{ctx.partition}:organizations::{organization.management}:{path}"


def arn_of(ctx: Context, organization: Organization, id: str) -> str:
    """The ARN of a root, unit or account by its id."""
    kind = "root" if id.startswith("r-") else "ou" if id.startswith("ou-") else "account"
    return arn(ctx, organization, kind, id)
