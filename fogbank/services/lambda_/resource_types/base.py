"""What the types of Lambda have in common."""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType, tag_changes


class LambdaType(ResourceType):
    missing = frozenset({"ResourceNotFoundException"})
    next_page = ("Marker", "NextMarker")

    async def tag(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        tags, removed = tag_changes(before, after)
        if tags:
            await self.call(ctx, "TagResource", {"Resource": arn, "Tags": tags})
        if removed:
            await self.call(ctx, "UntagResource", {"Resource": arn, "TagKeys": removed})


def listed_tags(tags: dict[str, str] | None) -> list[dict[str, str]] | None:
    return [{"Key": key, "Value": value} for key, value in tags.items()] if tags else None


def not_stabilised(reason: str) -> AWSError:
    return AWSError("NotStabilized", reason)
