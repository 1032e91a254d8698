"""Names and email addresses of accounts, which Account Management keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fogbank.kernel import Context


class Profile(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...


class Profiles(Protocol):
    """What the Account Management service provides. Every method is about the account of the context."""

    async def get(self, ctx: Context) -> Profile: ...
    async def create(self, ctx: Context, name: str, email: str) -> None: ...
    async def set_state(self, ctx: Context, state: str) -> None: ...
    async def exists(self, ctx: Context) -> bool: ...
    async def owner(self, ctx: Context, email: str) -> str | None: ...


def profiles(ctx: Context) -> Profiles:
    service = ctx.app.services.get("account")
    assert service is not None
    return service.provided["profiles"]


async def profile(ctx: Context, account: str) -> Profile:
    """The profile of an account, whatever the context's."""
    return await profiles(ctx).get(ctx.at(account=account))
