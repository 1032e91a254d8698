"""What the types of REST APIs have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from fogbank import protocols
from fogbank.apis.naming import resource_arn
from fogbank.apis.properties import as_properties, as_request, patches, tag_pairs
from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, ResourceType, tag_changes


class RestType(ResourceType):
    """A type whose properties are those of its operations, in other letters.

    make, get, change, drop  its operations
    listing                  the operation that lists such resources
    renamed                  properties that the API calls otherwise
    places                   where patches find the properties that can be changed in place
    """

    missing = frozenset({"NotFoundException"})
    next_page = ("position", "position")
    make: ClassVar[str] = ""
    get: ClassVar[str] = ""
    change: ClassVar[str] = ""
    drop: ClassVar[str] = ""
    listing: ClassVar[str] = ""
    renamed: ClassVar[dict[str, str]] = {}
    places: ClassVar[dict[str, str]] = {}

    def request(self, operation: str, properties: Properties) -> Properties:
        shape = protocols.load("apigateway").operations[operation].input_shape
        told = {self.renamed.get(name, name): value for name, value in properties.items()}
        tags = told.pop("Tags", None)
        found: Properties = as_request(shape, told)
        if tags and shape is not None and "tags" in shape.members:
            found["tags"] = {tag["Key"]: tag["Value"] for tag in tags}
        return found

    def told(self, operation: str, answer: dict[str, Any]) -> Properties:
        """An answer as properties."""
        shape = protocols.load("apigateway").operations[operation].output_shape
        found: Properties = as_properties(shape, answer)
        back = {name.lower(): known for known, name in self.renamed.items()}
        found = {back.get(name.lower(), name): value for name, value in found.items()}
        found["Tags"] = tag_pairs(answer.get("tags"))
        return {name: value for name, value in found.items() if value not in (None, {}, [])}

    def address(self, identifier: str) -> Properties:
        return dict(zip(self.identifier, identifier.split("|"), strict=True))

    async def create(self, ctx: Context, properties: Properties) -> str:
        answer = await self.call(ctx, self.make, self.request(self.make, properties))
        return self.identifier_of({**properties, **self.told(self.make, answer)})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        address = self.address(identifier)
        answer = await self.call(ctx, self.get, self.request(self.get, address))
        return {**self.told(self.get, answer), **address}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        operations = patches(before, after, self.places)
        if operations:
            request = self.request(self.change, self.address(identifier))
            await self.call(ctx, self.change, {**request, "patchOperations": operations})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, self.drop, self.request(self.drop, self.address(identifier)))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, self.listing, "items", **self.request(self.listing, given))
        return [self.identifier_of({**given, **self.told(self.get, each)}) for each in found]

    async def tag(self, ctx: Context, path: str, before: Properties, after: Properties) -> None:
        tags, removed = tag_changes(before, after)
        arn = resource_arn(ctx, path)
        if tags:
            await self.call(ctx, "TagResource", {"resourceArn": arn, "tags": tags})
        if removed:
            await self.call(ctx, "UntagResource", {"resourceArn": arn, "tagKeys": removed})
