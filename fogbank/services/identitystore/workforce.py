"""What IAM Identity Center's other services ask about stores and people: see `fogbank.identity.workforce`."""

from __future__ import annotations

from fogbank.identity.workforce import Person, PrincipalType
from fogbank.kernel import Context
from fogbank.services.identitystore import memberships
from fogbank.services.identitystore.entity import Entity, claims, groups, users
from fogbank.services.identitystore.service import service
from fogbank.services.identitystore.store import Store, stores


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


def _person(user: Entity) -> Person:
    given = user.attributes
    emails = [email["Value"] for email in given.get("Emails", ()) if "Value" in email]
    return Person(user.id, given["UserName"], given["DisplayName"], emails[0] if emails else "")


service.provide("workforce", Workforce())
