"""What IAM Identity Center's services ask of each other: identity stores and their people, instances and what they assign.

Identity Store offers `Workforce` by `service.provide("workforce", ...)`. Every method takes a context inside a transaction, in the
account and region of the identity store.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

PrincipalType = Literal["USER", "GROUP"]


class Person(msgspec.Struct, frozen=True):
    """A user of an identity store: the id, the user name, the name to show, the email address (empty without one)."""

    id: str
    user_name: str
    display_name: str
    email: str = ""


class Workforce(Protocol):
    """Provided by the Identity Store service."""

    async def create_store(self, ctx: Context) -> str:
        """A new, empty identity store; its id (d-...)."""

    async def delete_store(self, ctx: Context, store: str) -> None:
        """Take an identity store away with all that is in it."""

    async def exists(self, ctx: Context, store: str, kind: PrincipalType, principal: str) -> bool:
        """Whether there is a user or a group of that id."""

    async def person(self, ctx: Context, store: str, user: str) -> Person | None:
        """The user of that id."""

    async def people(self, ctx: Context, store: str) -> list[Person]:
        """All users, by user name."""

    async def groups_of(self, ctx: Context, store: str, user: str) -> list[str]:
        """The ids of the groups that a user is in."""

    async def attributes(self, ctx: Context, store: str, user: str) -> dict[str, Any]:
        """The attributes of a user, by their names in CreateUser; none for one that there is not."""

    async def with_attribute(self, ctx: Context, store: str, path: str, value: str) -> str | None:
        """The id of the user with a unique attribute: `userName`, `emails.value`, `externalIds.id`."""


def workforce(ctx: Context) -> Workforce:
    """Identity Store's side, loaded by asking for it."""
    service = ctx.app.services.get("identitystore")
    assert service is not None
    return service.provided["workforce"]


def lets_in(remote: str, endpoint_required: bool, vpcs: Sequence[str], addresses: Sequence[str]) -> bool:
    """Does a network configuration let a request from an address in? None here comes through a VPC endpoint."""
    if any(ip_address(remote) in ip_network(block) for block in addresses):
        return True
    return not endpoint_required and not vpcs


class Portal(msgspec.Struct, frozen=True):
    """Where the people of an instance of IAM Identity Center sign in: whose it is, its region, its ARN and its identity store."""

    account: str
    region: str
    instance: str
    store: str


class Grant(msgspec.Struct, frozen=True):
    """A role that somebody may take on in an account. `name` is the permission set's, `duration` seconds."""

    account: str
    name: str
    role: str
    duration: int


class Assignments(Protocol):
    """Provided by the administration of IAM Identity Center (sso-admin) as "assignments"."""

    async def portal(self, ctx: Context, start_url: str) -> Portal | None:
        """The portal of a start URL (`https://d-1234567890.awsapps.com/start`), of whatever account."""

    async def portal_of(self, ctx: Context, store: str) -> Portal | None:
        """The portal of an identity store, of whatever account."""

    async def grants(self, ctx: Context, portal: Portal, user: str) -> list[Grant]:
        """What a user may be, by assignments to it and to its groups, ordered by account and name."""

    async def session_tags(self, ctx: Context, portal: Portal, user: str) -> dict[str, str]:
        """The tags of a user's sessions, by the instance's attributes for access control."""


def assignments(ctx: Context) -> Assignments:
    """The administration's side, loaded by asking for it."""
    service = ctx.app.services.get("sso-admin")
    assert service is not None
    return service.provided["assignments"]


class Bearer(msgspec.Struct, frozen=True):
    """Who holds an access token: a person, and where they signed in."""

    portal: Portal
    person: Person


class Bearers(Protocol):
    """Provided by the sign-in service (sso-oidc) as "bearers"."""

    async def bearer(self, ctx: Context, text: str) -> Bearer | None:
        """Who holds an access token; None for one that is unknown or over, or whose user is no more."""

    async def sign_out(self, ctx: Context, text: str) -> None:
        """Make an access token, and the refresh token that came with it, void."""


def bearers(ctx: Context) -> Bearers:
    """The sign-in service's side, loaded by asking for it."""
    service = ctx.app.services.get("sso-oidc")
    assert service is not None
    return service.provided["bearers"]
