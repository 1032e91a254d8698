"""Users and groups: what both are, and what makes them unique.

users, groups    (store, id)              Entity
claims           (store, kind, claim)     the id of who has it, so that nobody else does: `name:ada`, `email:ada@example.com`,
                                          `external:<issuer> <id>`
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from fogbank.identity.workforce import PrincipalType
from fogbank.kernel import Context, Record, pages
from fogbank.kernel.collection import Collection
from fogbank.services.identitystore import attributes, errors, limits
from fogbank.services.identitystore.service import service
from fogbank.services.identitystore.store import Store, arn_in, plain

Request = dict[str, Any]
Attributes = dict[str, Any]


class Entity(Record, frozen=True):
    """A user or a group. `attributes` are the members of CreateUser or CreateGroup, by their names there, and ExternalIds.

    Times are epoch seconds; `created_by` and `updated_by` the ARNs of callers.
    """

    id: str
    attributes: dict[str, Any]
    created: float
    created_by: str
    updated: float
    updated_by: str
    revision: int = 1


claims: Collection[str] = service.collection("claims", str)


class Kind:
    """What sets users and groups apart.

    name      the attribute that names one
    claimed   the attributes that no other may have, as claims
    """

    def __init__(self, type: PrincipalType, name: str, claimed: Callable[[Attributes], dict[str, str]]) -> None:
        self.type = type
        self.name = name
        self.claimed = claimed
        self.noun = type.lower()
        self.id_member = f"{type.capitalize()}Id"
        self.arn_member = f"{type.capitalize()}Arn"
        self.rows = service.collection(f"{self.noun}s", Entity)

    # -- finding

    async def find(self, ctx: Context, store: Store, identifier: str) -> Entity:
        """Raises ResourceNotFoundException."""
        found = await self.rows.get(ctx, store.id, plain(identifier))
        if found is None:
            raise errors.not_found(ctx, self.type, plain(identifier))
        return found

    async def with_claim(self, ctx: Context, store: Store, claim: str) -> Entity | None:
        identifier = await claims.get(ctx, store.id, self.noun, claim)
        return None if identifier is None else await self.rows.get(ctx, store.id, identifier)

    async def alternative(self, ctx: Context, store: Store, request: Request) -> Entity:
        """The one that has an external id or a unique attribute. Raises ResourceNotFoundException, ValidationException."""
        given = request["AlternateIdentifier"]
        if len(given) != 1:
            raise errors.one_alternative(ctx)
        if "ExternalId" in given:
            claim = external_claim(given["ExternalId"])
        else:
            claim = self._claim_of(ctx, given["UniqueAttribute"])
        found = await self.with_claim(ctx, store, claim)
        if found is None:
            raise errors.not_found(ctx, self.type)
        return found

    def _claim_of(self, ctx: Context, unique: Request) -> str:
        path, value = attributes.spelled(unique["AttributePath"]), unique["AttributeValue"]
        if path == self.name:
            return name_claim(str(value))
        if path == "Emails.Value" and self.type == "USER":
            return email_claim(str(value))
        raise errors.unknown_path(ctx, unique["AttributePath"])

    # -- writing

    async def create(self, ctx: Context, store: Store, given: Attributes) -> Entity:
        """Raises ConflictException."""
        caller, now = ctx.principal.arn, ctx.now()
        entity = Entity(f"{store.id.removeprefix('d-')}-{ctx.ids.uuid()}", given, now, caller, now, caller)
        await self._claim(ctx, store, entity, {})
        self.rows.put(ctx, entity, store.id, entity.id)
        return entity

    async def update(self, ctx: Context, store: Store, entity: Entity, given: Attributes) -> Entity:
        """Raises ConflictException."""
        after = replace(
            entity,
            attributes=given,
            updated=ctx.now(),
            updated_by=ctx.principal.arn,
            revision=entity.revision + 1,
        )
        await self._claim(ctx, store, after, self.claimed(entity.attributes))
        self.rows.put(ctx, after, store.id, after.id)
        return after

    async def _claim(self, ctx: Context, store: Store, entity: Entity, before: dict[str, str]) -> None:
        after = self.claimed(entity.attributes)
        for claim in before.keys() - after.keys():
            claims.delete(ctx, store.id, self.noun, claim)
        for claim, attribute in after.items():
            if claim in before:
                continue
            if await claims.get(ctx, store.id, self.noun, claim) is not None:
                raise errors.duplicate(ctx, attribute)
            claims.put(ctx, entity.id, store.id, self.noun, claim)

    def delete(self, ctx: Context, store: Store, entity: Entity) -> None:
        for claim in self.claimed(entity.attributes):
            claims.delete(ctx, store.id, self.noun, claim)
        self.rows.delete(ctx, store.id, entity.id)

    # -- showing

    def identified(self, ctx: Context, store: Store, entity: Entity) -> Request:
        """What every answer about one begins with."""
        return {
            "IdentityStoreId": store.id,
            self.id_member: entity.id,
            self.arn_member: arn_in(ctx, self.noun, entity.id),
        }

    def revised(self, ctx: Context, store: Store, entity: Entity) -> Request:
        return {**self.identified(ctx, store, entity), "Revision": str(entity.revision)}

    def described(self, ctx: Context, store: Store, entity: Entity) -> Request:
        return {
            **self.revised(ctx, store, entity),
            **entity.attributes,
            "CreatedAt": entity.created,
            "CreatedBy": entity.created_by,
            "UpdatedAt": entity.updated,
            "UpdatedBy": entity.updated_by,
        }

    async def listed(self, ctx: Context, store: Store, request: Request) -> tuple[list[Entity], str | None]:
        """The page that a request asks for, by id; with a filter, the one of that name."""
        limit = request.get("MaxResults", limits.PAGE)
        after = position(ctx, request)
        for wanted in request.get("Filters", ()):
            if attributes.spelled(wanted["AttributePath"]) != self.name:
                raise errors.unknown_path(ctx, wanted["AttributePath"])
            found = await self.with_claim(ctx, store, name_claim(wanted["AttributeValue"]))
            return ([] if found is None else [found]), None
        rows = await self.rows.scan(ctx, store.id, after=after, limit=limit + 1)
        shown, token = pages.page(rows, limit, lambda row: row.id)
        return list(shown), token


def position(ctx: Context, request: Request) -> tuple[str] | None:
    """After which id a page begins. Raises ValidationException for a token that is none of ours."""
    token = request.get("NextToken")
    return None if token is None else (pages.position(token, errors.invalid_token(ctx)),)


def check_revision(ctx: Context, entity: Entity, request: Request) -> None:
    """Raise ConflictException when the request is about another revision than the current one."""
    if int(request.get("Revision", entity.revision)) != entity.revision:
        raise errors.revision_changed(ctx)


# -- claims


def name_claim(name: str) -> str:
    return f"name:{name.lower()}"


def email_claim(address: str) -> str:
    return f"email:{address.lower()}"


def external_claim(external: Request) -> str:
    return f"external:{external['Issuer']} {external['Id']}"


def _external_claims(given: Attributes) -> dict[str, str]:
    return {external_claim(external): "ExternalId" for external in given.get("ExternalIds", ())}


def _claims_of_user(given: Attributes) -> dict[str, str]:
    emails = {email_claim(email["Value"]): "Email" for email in given.get("Emails", ()) if "Value" in email}
    return {name_claim(given["UserName"]): "UserName", **emails, **_external_claims(given)}


def _claims_of_group(given: Attributes) -> dict[str, str]:
    return {name_claim(given["DisplayName"]): "GroupDisplayName", **_external_claims(given)}


users = Kind("USER", "UserName", _claims_of_user)
groups = Kind("GROUP", "DisplayName", _claims_of_group)
