"""What IAM Identity Center's other services ask about stores and people: see `fogbank.identity.workforce`."""

from __future__ import annotations

from typing import Any

from fogbank.identity.workforce import Person, PrincipalType
from fogbank.kernel import Context
from fogbank.services.identitystore import memberships
from fogbank.services.identitystore.attributes import spelled
from fogbank.services.identitystore.entity import Entity, claims, email_claim, groups, name_claim, users
from fogbank.services.identitystore.service import service
from fogbank.services.identitystore.store import Store, stores

# Unique attributes by their paths, and what they claim.
_CLAIMS = {"UserName": name_claim, "Emails.Value": email_claim}


class Workforce:
    """Implements `fogbank.identity.workforce.Workforce`."""

    async def create_store(self, ctx: Context) -> str:
        store = f"d-{ctx.ids.hex(10)}"
        stores.put(ctx, Store(store), store)
        return store

    async def delete_store(self, ctx: Context, store: str) -> None:
        for collection in (users.rows, groups.rows, *memberships.all_rows()):
            types = (str,) if collection.record is not str else (str, str)
            for key, _ in await collection.items(ctx, types, store):
                collection.delete(ctx, store, *key)
        for key, _ in await claims.items(ctx, (str, str), store):
            claims.delete(ctx, store, *key)
        stores.delete(ctx, store)

    async def exists(self, ctx: Context, store: str, kind: PrincipalType, principal: str) -> bool:
        rows = users.rows if kind == "USER" else groups.rows
        return await rows.get(ctx, store, principal) is not None

    async def person(self, ctx: Context, store: str, user: str) -> Person | None:
        found = await users.rows.get(ctx, store, user)
        return None if found is None else _person(found)

    async def people(self, ctx: Context, store: str) -> list[Person]:
        found = [_person(user) for user in await users.rows.scan(ctx, store)]
        return sorted(found, key=lambda person: person.user_name.lower())

    async def groups_of(self, ctx: Context, store: str, user: str) -> list[str]:
        return await memberships.groups_of(ctx, store, user)

    async def attributes(self, ctx: Context, store: str, user: str) -> dict[str, Any]:
        found = await users.rows.get(ctx, store, user)
        return {} if found is None else found.attributes

    async def with_attribute(self, ctx: Context, store: str, path: str, value: str) -> str | None:
        path = spelled(path)
        if path in _CLAIMS:
            return await claims.get(ctx, store, users.noun, _CLAIMS[path](value))
        for user in await users.rows.scan(ctx, store):
            if path == "ExternalIds.Id" and any(each["Id"] == value for each in user.attributes.get("ExternalIds", ())):
                return user.id
        return None


def _person(user: Entity) -> Person:
    given = user.attributes
    emails = [email["Value"] for email in given.get("Emails", ()) if "Value" in email]
    return Person(user.id, given["UserName"], given["DisplayName"], emails[0] if emails else "")


service.provide("workforce", Workforce())
