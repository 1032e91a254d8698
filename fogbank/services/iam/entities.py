"""What users, groups, roles, policies and instance profiles have in common: a name, a path, a unique id, an ARN.

Names are unique within their kind whatever their spelling in upper and lower case, so records lie under the name in lower case. What
hangs on an entity (policies, keys, memberships) lies under its unique id, so that a new name moves nothing; `ids` leads from the id
to the name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

from fogbank.kernel import AWSError, Collection, Context
from fogbank.services.iam import errors
from fogbank.services.iam.ids import unique
from fogbank.services.iam.service import definitions, service

Request = dict[str, Any]

# unique id -> the key of the entity's record, for all kinds
_ids: Collection[str] = service.collection("ids", str, scope="account", cached=True)


class Entity(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def id(self) -> str: ...


E = TypeVar("E", bound=Entity)

# What an entity must be rid of before it can be deleted: AWS's words for that, and a question about (ctx, unique id).
Belonging = Callable[[Context, str], Awaitable[bool]]


class Kind(Generic[E]):
    """One kind of entities.

    noun       in ARNs and sentences: "user", "instance-profile"
    member     the request's member with the name: "UserName"
    prefix     of its unique ids: "AIDA"
    belongings what has to go before an entity can; the modules of those things add to it
    quota      AWS's name of the quota ("UsersPerAccount") and the number
    one, new, some
               options of operations that are about one entity, that create one, that list them
    missing    the refusal for a name that is not there
    taken      the refusal for a name that is
    """

    def __init__(
        self,
        noun: str,
        member: str,
        prefix: str,
        record: type[E],
        quota: tuple[str, int],
        missing: Callable[[str], AWSError] | None = None,
        taken: Callable[[str], AWSError] | None = None,
    ) -> None:
        self.noun = noun
        self.member = member
        self.prefix = prefix
        self.quota = quota
        self.records = definitions(f"{noun}s", record, cached=True)
        self.belongings: list[tuple[str, Belonging]] = []
        self.one = {"resource": self.resource, "tags": self.tags}
        self.new = {"resource": self.new_resource, "action": self.new_actions}
        self.some = {"resource": self.listed_resource}
        self._missing = missing or (lambda name: errors.not_found(noun, name))
        self._taken = taken or (lambda name: errors.name_taken(noun, name))

    # -- finding

    async def find(self, ctx: Context, name: str) -> E:
        """The entity of that name. Raises NoSuchEntity."""
        found = await self.named(ctx, name)
        if found is None:
            raise self._missing(name)
        return found

    async def named(self, ctx: Context, name: str) -> E | None:
        """The entity of that name, however it is spelled."""
        return await self.records.get(ctx, name.lower())

    async def identified(self, ctx: Context, id: str) -> E | None:
        """The entity of that unique id."""
        key = await _ids.get(ctx, id) if id.startswith(self.prefix) else None
        return None if key is None else await self.records.get(ctx, key)

    async def in_path(self, ctx: Context, prefix: str | None) -> list[E]:
        """All entities whose path begins with `prefix`, by name."""
        found = await self.records.scan(ctx)
        return found if prefix is None else [entity for entity in found if entity.path.startswith(prefix)]

    # -- writing

    async def new_id(self, ctx: Context, name: str) -> str:
        """A unique id for a new entity of that name. Raises EntityAlreadyExists and LimitExceeded."""
        if await self.named(ctx, name) is not None:
            raise self._taken(name)
        quota, limit = self.quota
        if await self.records.count(ctx, limit=limit) >= limit:
            raise errors.quota_exceeded(quota, limit)
        return unique(ctx, self.prefix)

    def save(self, ctx: Context, entity: E) -> None:
        """Keep a new or changed entity, under its name."""
        self.records.put(ctx, entity, entity.name.lower())
        _ids.put(ctx, entity.name.lower(), entity.id)

    async def rename(self, ctx: Context, before: E, after: E) -> None:
        """Keep an entity that has a new name or path. Raises EntityAlreadyExists when another one has that name."""
        holder = await self.named(ctx, after.name)
        if holder is not None and holder.id != before.id:
            raise self._taken(after.name)
        self.records.delete(ctx, before.name.lower())
        self.save(ctx, after)

    async def check_bare(self, ctx: Context, entity: E) -> None:
        """Raise DeleteConflict while anything belongs to the entity."""
        for words, belongs in self.belongings:
            if await belongs(ctx, entity.id):
                raise errors.must_first(words)

    def remove(self, ctx: Context, entity: E) -> None:
        self.records.delete(ctx, entity.name.lower())
        _ids.delete(ctx, entity.id)

    # -- ARNs

    def arn(self, ctx: Context, entity: E) -> str:
        return self.arn_of(ctx, entity.path, entity.name)

    def arn_of(self, ctx: Context, path: str, name: str) -> str:
        return f"arn:{ctx.partition}:iam::{ctx.account}:{self.noun}{path}{name}"

    async def resource(self, ctx: Context, request: Request) -> str:
        """The ARN that a request about an entity acts on; for one that is not there, as it would be without a path."""
        name = request[self.member]
        found = await self.named(ctx, name)
        return self.arn_of(ctx, "/", name) if found is None else self.arn(ctx, found)

    async def tags(self, ctx: Context, request: Request) -> dict[str, str]:
        """The tags of the entity that a request is about."""
        found = await self.named(ctx, request[self.member])
        return getattr(found, "tags", {})

    async def renamed_resources(self, ctx: Context, request: Request) -> list[str]:
        """Both ARNs of a request for another name or path: one has to be allowed to change either."""
        found = await self.named(ctx, request[self.member])
        path: str = "/" if found is None else found.path
        name: str = request[self.member] if found is None else found.name
        renamed = self.arn_of(ctx, request.get("NewPath", path), request.get(f"New{self.member}", name))
        return [self.arn_of(ctx, path, name), renamed]

    def new_resource(self, ctx: Context, request: Request) -> str:
        """The ARN that a request creates."""
        return self.arn_of(ctx, request.get("Path", "/"), request[self.member])

    def new_actions(self, ctx: Context, request: Request) -> tuple[str, ...]:
        """What it takes to create one: with tags, also to tag it."""
        label = self.noun.title().replace("-", "")
        create, tag = f"iam:Create{label}", f"iam:Tag{label}"
        return (create, tag) if request.get("Tags") else (create,)

    def listed_resource(self, ctx: Context, request: Request) -> str:
        """What a request for a list acts on: the path it asks for."""
        return self.arn_of(ctx, request.get("PathPrefix", "/"), "")


def by_name(entity: Entity) -> str:
    """The order of every list of entities."""
    return entity.name.lower()
