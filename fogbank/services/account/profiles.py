"""What an account is: its name, its primary email address, when it was created, whether it is open. The one place that knows.

profiles   ()          Profile, in the account itself
addresses  (email)     Address: the account that has this primary email address, in lower case; global

An account that nobody created (any 12 digits are one) gets its profile when it is first asked for. Organizations reads and writes profiles
through `provided["profiles"]`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.account import errors
from fogbank.services.account.access import operation
from fogbank.services.account.service import service

Request = dict[str, Any]
State = Literal["ACTIVE", "SUSPENDED", "CLOSED"]


class Profile(Record, frozen=True):
    """`created` is epoch seconds."""

    name: str
    email: str
    created: float
    state: State = "ACTIVE"


class Address(Record, frozen=True):
    """Whose address it is."""

    account: str


_profiles = service.collection("profiles", Profile, scope="account", cached=True)
_addresses = service.collection("addresses", Address, scope="global")


class Profiles:
    """Profiles, for this service and for Organizations. Every method is about the account of the context."""

    async def get(self, ctx: Context) -> Profile:
        """The account's profile; a new one if the account was never heard of."""
        profile = await _profiles.get(ctx)
        if profile is None:
            profile = Profile(f"Account {ctx.account}", f"root@{ctx.account}.example.com", ctx.now())
            await self.put(ctx, profile)
        return profile

    async def put(self, ctx: Context, profile: Profile) -> None:
        """Keep a new or changed profile. Its email address leads to the account from now on, and the former one does not."""
        before = await _profiles.get(ctx)
        if before is not None and before.email != profile.email:
            _addresses.delete(ctx, before.email.lower())
        _addresses.put(ctx, Address(ctx.account), profile.email.lower())
        _profiles.put(ctx, profile)

    async def create(self, ctx: Context, name: str, email: str) -> None:
        """Give a new account its profile."""
        await self.put(ctx, Profile(name, email, ctx.now()))

    async def set_state(self, ctx: Context, state: State) -> None:
        await self.put(ctx, msgspec.structs.replace(await self.get(ctx), state=state))

    async def exists(self, ctx: Context) -> bool:
        """Whether the account was ever heard of."""
        return await _profiles.get(ctx) is not None

    async def owner(self, ctx: Context, email: str) -> str | None:
        """The account that has a primary email address."""
        address = await _addresses.get(ctx, email.lower())
        return None if address is None else address.account


profiles = Profiles()
service.provide("profiles", profiles)


@operation
async def get_account_information(ctx: Context, request: Request) -> Request:
    """Name, creation date and state of an account. API_GetAccountInformation."""
    profile = await profiles.get(ctx)
    return {
        "AccountId": ctx.account,
        "AccountName": profile.name,
        "AccountCreatedDate": profile.created,
        "AccountState": profile.state,
    }


@operation
async def put_account_name(ctx: Context, request: Request) -> Request:
    """Rename an account. API_PutAccountName."""
    await profiles.put(ctx, msgspec.structs.replace(await profiles.get(ctx), name=request["AccountName"]))
    return {}


@operation
async def get_gov_cloud_account_information(ctx: Context, request: Request) -> Request:
    """Refused for every account: there is no second partition here. API_GetGovCloudAccountInformation."""
    raise errors.no_govcloud_account()
