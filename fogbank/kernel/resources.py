"""Model-declared resources: create, describe, list, update, delete and tags of a kind of record, read off the model.

    accelerator = service.resource("Accelerator", arn="arn:aws:globalaccelerator::{account}:accelerator/{uuid}")

The operations are found by name (CreateAccelerator, DescribeAccelerator or GetAccelerator, ListAccelerators ...). The record has the
members of the shape that the describe operation answers with: those of the create request that it shares, the ARN, the dates, and what
`on_create` adds. It is kept by the member that the describe request identifies it with. Anything that has behaviour is written by hand,
which replaces the derived operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import pages
from fogbank.kernel.errors import AWSError

if TYPE_CHECKING:
    from fogbank.kernel.context import Context
    from fogbank.kernel.service import Service
    from fogbank.protocols.model import OperationModel, ServiceModel, Shape

Document = dict[str, Any]
Hook = Callable[["Context", Document], Document]

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode

_CREATED = re.compile(r"(?i)^(creat(ed|ion)_?(time|date|at|on)(stamp)?)$")
_UPDATED = re.compile(r"(?i)^(last_?)?(modif(ied|ication)|updated?)_?(time|date|at|on)(stamp)?$")
_TOKEN = re.compile(r"(?i)^(next_?token|marker)$")
_LIMIT = re.compile(r"(?i)^(max_?(results|items|records)|limit|page_?size)$")
_TAG_OPERATIONS = {
    "tag": ("tag_resource",),
    "untag": ("untag_resource",),
    "list_tags": ("list_tags_for_resource", "list_tags_of_resource", "list_tags"),
}
_PAGE = 100


class DerivedResource:
    """One kind of resource of a service. Operations that the model lacks are not declared."""

    def __init__(self, service: Service, noun: str, arn: str, on_create: Hook | None, plural: str | None) -> None:
        self.service = service
        self.noun = noun
        self.arn_template = arn
        self.on_create = on_create
        self._roles: dict[str, OperationModel] = {}
        self.records = service.collection(f"resource-{noun}", bytes)
        self.tags = service.collections.get("resource-tags") or service.collection("resource-tags", bytes)
        snake = _snake(noun)
        many = _snake(plural or f"{noun}s")
        self._declare("create", (f"create_{snake}",), self.create)
        self._declare("describe", (f"describe_{snake}", f"get_{snake}"), self.describe)
        self._declare("list", (f"list_{many}", f"describe_{many}"), self.list)
        self._declare("update", (f"update_{snake}", f"modify_{snake}"), self.update)
        self._declare("delete", (f"delete_{snake}",), self.delete)
        self._declare("tag", _TAG_OPERATIONS["tag"], self.tag)
        self._declare("untag", _TAG_OPERATIONS["untag"], self.untag)
        self._declare("list_tags", _TAG_OPERATIONS["list_tags"], self.list_tags)

    def _declare(self, role: str, names: tuple[str, ...], handler: Any) -> None:
        for name in names:
            if name in self._model.snake_names and name not in self.service.operations:
                self.service.operation_from(handler, name, fidelity="derived")
                self._roles[role] = self._model.operation_by_snake(name)
                return

    # -- what the model says

    @cached_property
    def _model(self) -> ServiceModel:
        from fogbank import protocols

        return protocols.load(self.service.name)

    @cached_property
    def _shape(self) -> Shape:
        """The shape of the record as the describe operation answers it."""
        output = self._roles["describe"].output_shape
        assert output is not None
        structures = [member for member in output.members.values() if member.type == "structure"]
        return structures[0] if len(output.members) == 1 and structures else output

    @cached_property
    def _identifier(self) -> str:
        """The request member that says which record: the one that describing requires."""
        shape = self._roles["describe"].input_shape
        assert shape is not None
        return shape.required[0]

    @cached_property
    def _arn_member(self) -> str | None:
        names = [
            name for name in self._shape.members if name.lower() in ("arn", f"{self.noun.lower()}arn", "resourcearn")
        ]
        return names[0] if names else None

    def _error(self, role: str, pattern: str, fallback: str, message: str) -> AWSError:
        names = [shape.name for shape in self._roles[role].errors]
        named = [name for name in names if re.search(pattern, name)]
        ours = [name for name in named if self.noun.lower() in name.lower()]
        return AWSError((ours or named or [fallback])[0], message)

    # -- the operations

    async def create(self, ctx: Context, request: Document) -> Document:
        members = self._shape.members
        record = {name: value for name, value in request.items() if name in members}
        arn = self.arn_template.format(
            account=ctx.account, region=ctx.region, uuid=ctx.ids.uuid(), id=ctx.ids.hex(16), **_names(request)
        )
        if self._arn_member is not None:
            record[self._arn_member] = arn
        record.update(self._dates(ctx, _CREATED) | self._dates(ctx, _UPDATED))
        if self.on_create is not None:
            record.update(self.on_create(ctx, record))
        key = str(record[self._identifier])
        if await self.records.get(ctx, key) is not None:
            raise self._error("create", "Exists|Conflict", "ConflictException", f"{self.noun} {key} already exists.")
        self.records.put(ctx, _pack(record), key)
        if request.get("Tags"):
            self.tags.put(ctx, _pack(_tag_map(request["Tags"])), arn)
        return self._answer("create", record)

    async def describe(self, ctx: Context, request: Document) -> Document:
        return self._answer("describe", await self._find(ctx, request, "describe"))

    async def list(self, ctx: Context, request: Document) -> Document:
        output = self._roles["list"].output_shape
        assert output is not None
        token = next((str(request[name]) for name in request if _TOKEN.match(name)), None)
        limit = next((int(request[name]) for name in request if _LIMIT.match(name)), _PAGE)
        invalid = self._error("list", "Token|Pagination", "ValidationException", "The next token is not valid.")
        after = None if token is None else (pages.position(token, invalid),)
        rows = await self.records.items(ctx, (str,), after=after, limit=limit + 1)
        shown, next_token = pages.page(rows, limit, lambda row: str(row[0][0]))
        member = next(name for name, shape in output.members.items() if shape.type == "list")
        answer: Document = {member: [_unpack(row[1]) for row in shown]}
        answer.update({name: next_token for name in output.members if re.match(r"(?i)next_?(token|marker)", name)})
        return answer

    async def update(self, ctx: Context, request: Document) -> Document:
        record = await self._find(ctx, request, "update")
        members = self._shape.members
        record.update({name: value for name, value in request.items() if name in members})
        record.update(self._dates(ctx, _UPDATED))
        self.records.put(ctx, _pack(record), str(record[self._identifier]))
        return self._answer("update", record)

    async def delete(self, ctx: Context, request: Document) -> Document:
        record = await self._find(ctx, request, "delete")
        self.records.delete(ctx, str(record[self._identifier]))
        if self._arn_member is not None:
            self.tags.delete(ctx, record[self._arn_member])
        return self._answer("delete", record)

    async def _find(self, ctx: Context, request: Document, role: str) -> Document:
        stored = await self.records.get(ctx, str(request[self._identifier]))
        if stored is None:
            message = f"{self.noun} {request[self._identifier]} was not found."
            raise self._error(role, "NotFound|NoSuch|DoesNotExist", "ResourceNotFoundException", message)
        return _unpack(stored)

    def _answer(self, role: str, record: Document) -> Document:
        output = self._roles[role].output_shape
        if output is None:
            return {}
        wrapped = [name for name, shape in output.members.items() if shape.name == self._shape.name]
        return {wrapped[0]: record} if wrapped else record

    def _dates(self, ctx: Context, pattern: re.Pattern[str]) -> Document:
        members = self._shape.members
        return {name: ctx.now() for name, shape in members.items() if pattern.match(name) and shape.type == "timestamp"}

    # -- tags

    async def tag(self, ctx: Context, request: Document) -> Document:
        arn, tags = await self._tagged(ctx, request, "tag")
        self.tags.put(ctx, _pack(tags | _tag_map(request["Tags"])), arn)
        return {}

    async def untag(self, ctx: Context, request: Document) -> Document:
        arn, tags = await self._tagged(ctx, request, "untag")
        keys = set(next(value for value in request.values() if isinstance(value, list)))
        self.tags.put(ctx, _pack({key: value for key, value in tags.items() if key not in keys}), arn)
        return {}

    async def list_tags(self, ctx: Context, request: Document) -> Document:
        _, tags = await self._tagged(ctx, request, "list_tags")
        output = self._roles["list_tags"].output_shape
        assert output is not None
        name, shape = next((name, shape) for name, shape in output.members.items() if "tag" in name.lower())
        return {name: tags if shape.type == "map" else [{"Key": key, "Value": value} for key, value in tags.items()]}

    async def _tagged(self, ctx: Context, request: Document, role: str) -> tuple[str, dict[str, str]]:
        arn = next(str(value) for name, value in request.items() if name.lower().endswith("arn"))
        if not await self._exists(ctx, arn):
            raise self._error(role, "NotFound|NoSuch", "ResourceNotFoundException", f"Resource {arn} was not found.")
        stored = await self.tags.get(ctx, arn)
        return arn, {} if stored is None else _unpack(stored)

    async def _exists(self, ctx: Context, arn: str) -> bool:
        if self._identifier == self._arn_member:
            return await self.records.get(ctx, arn) is not None
        return any(_unpack(record).get(self._arn_member) == arn for record in await self.records.scan(ctx))


def _tag_map(tags: Any) -> dict[str, str]:
    return dict(tags) if isinstance(tags, dict) else {tag["Key"]: tag.get("Value", "") for tag in tags}


def _names(request: Document) -> dict[str, str]:
    """The text members of a request, for ARNs that hold a name."""
    return {
        name: value for name, value in request.items() if isinstance(value, str) and name not in ("account", "region")
    }


def _snake(noun: str) -> str:
    from fogbank.protocols.model import snake_case

    return snake_case(noun)
