"""What services ask of Organizations on behalf of their own users: who belongs where, and who administers a service for whom.

The Organizations service offers this by `service.provide("membership", ...)`. Every method takes a context inside a transaction, of
whatever account, and is about the account that it is given. What the decision about permissions asks is in `identity.directory`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from fogbank.kernel.context import Context


class Organization(msgspec.Struct, frozen=True):
    """An organization: its id (o-...) and its management account."""

    id: str
    management: str


class Membership(Protocol):
    """Provided by the Organizations service. `principal` is a service's (`sso.amazonaws.com`)."""

    async def organization(self, ctx: Context, account: str) -> Organization | None:
        """The organization that an account belongs to."""

    async def accounts(self, ctx: Context, account: str) -> list[str]:
        """All accounts of the organization that an account belongs to, by id; just itself when it belongs to none."""

    async def trusts(self, ctx: Context, account: str, principal: str) -> bool:
        """Whether the account's organization gave a service access."""

    async def administers(self, ctx: Context, account: str, principal: str) -> bool:
        """Whether an account is the management account of its organization, or was delegated that service."""


def membership(ctx: Context) -> Membership:
    """Organizations' side, loaded by asking for it."""
    service = ctx.app.services.get("organizations")
    assert service is not None
    return service.provided["membership"]
