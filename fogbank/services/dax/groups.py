"""What parameter groups and subnet groups have in common: how they are listed and removed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from fogbank.kernel import AWSError, Collection, Context
from fogbank.services.dax import errors, listing
from fogbank.services.dax.events import note
from fogbank.services.dax.records import Cluster, ParameterGroup, SubnetGroup, clusters

G = TypeVar("G", ParameterGroup, SubnetGroup)


class Kind(Generic[G]):
    """A kind of groups: where they are, the one that is always there, and which of them a cluster uses."""

    def __init__(
        self,
        noun: str,
        collection: Collection[G],
        find: Callable[[Context, str], Awaitable[G]],
        default: str,
        used_by: Callable[[Cluster], str],
        in_use: Callable[[str], AWSError],
    ) -> None:
        self.noun = noun
        self.collection: Collection[G] = collection
        self.find: Callable[[Context, str], Awaitable[G]] = find
        self.default = default
        self.used_by = used_by
        self.in_use = in_use

    async def page(
        self, ctx: Context, request: dict[str, Any], names: list[str] | None
    ) -> tuple[Sequence[G], str | None]:
        """A page of all groups, or of those of these names."""
        if names:
            groups = await listing.named(names, lambda name: self.find(ctx, name))
        else:
            groups = list(await self.collection.scan(ctx))
            groups.append(await self.find(ctx, self.default))
            groups.sort(key=lambda group: group.name)
        return listing.page(request, groups, lambda group: group.name)

    async def remove(self, ctx: Context, given: str) -> dict[str, Any]:
        """Raises what AWS says of a group that is not there, is used by a cluster, or cannot be removed at all."""
        name = given.lower()
        if name == self.default:
            raise errors.reserved(name)
        await self.find(ctx, name)
        if any(self.used_by(cluster) == name for cluster in await clusters.scan(ctx)):
            raise self.in_use(name)
        self.collection.delete(ctx, name)
        await note(ctx, name, self.noun.upper().replace(" ", "_"), f"{self.noun} deleted.")
        return {"DeletionMessage": f"{self.noun} {name} has been deleted."}
