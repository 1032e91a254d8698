"""What a REST API consists of: documents in their wire form, each of a kind.

    apis       id             -> Part: the API itself
    parts      api, kind, id  -> Part
    snapshots  api, id        -> Snapshot: what a deployment has frozen

Methods, with their integrations and responses, lie in their resource, as GetResources shows them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from fogbank.apis.naming import Answer, Request
from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.patches import Document, Rule, patched
from fogbank.services.apigateway.service import operation, service

_PAGE = 25
_LONGEST_PAGE = 500


class Part(Record, frozen=True):
    document: Document


class Snapshot(Record, frozen=True):
    """An API as it was deployed."""

    api: Document
    resources: list[Document]
    models: list[Document]
    validators: list[Document]
    authorizers: list[Document]
    responses: list[Document]


apis = service.collection("apis", Part, cached=True)
parts = service.collection("parts", Part)
stages = service.collection("stages", Part, cached=True)
snapshots = service.collection("snapshots", Snapshot, cached=True)

RESOURCE, MODEL, VALIDATOR, AUTHORIZER, RESPONSE = "resource", "model", "validator", "authorizer", "response"
DEPLOYMENT, DOC_PART, DOC_VERSION = "deployment", "doc-part", "doc-version"


async def api_of(ctx: Context, request: Request) -> Document:
    """Raises NotFoundException."""
    found = await apis.get(ctx, request["restApiId"])
    if found is None:
        raise errors.no_api(ctx.account, request["restApiId"])
    return found.document


async def documents(ctx: Context, api_id: str, kind: str) -> list[Document]:
    return [part.document for part in await parts.scan(ctx, api_id, kind)]


def paged(found: Sequence[Document], request: Request, key: str = "id") -> Answer:
    """One page of a listing, in the order of `key`. Raises BadRequestException for a position that nobody gave out."""
    limit = min(request.get("limit") or _PAGE, _LONGEST_PAGE)
    found = sorted(found, key=lambda each: str(each[key]))
    if request.get("position"):
        after = pages.position(request["position"], errors.bad_position())
        found = [each for each in found if str(each[key]) > after]
    shown, position = pages.page(found, limit, lambda each: str(each[key]))
    return {"items": list(shown), "position": position}


class Kind(NamedTuple):
    """A kind of parts of an API that have an id of their own, and are made, listed, patched and deleted alike.

    name, noun, plural  the kind; what operations call it, one and many
    member              what requests call its id
    key                 what its document calls its id
    missing             what is said when there is none; `{}` is the id
    rules               what may be patched
    check               looks at a document that was patched
    busy                refuses to delete what others depend on
    """

    name: str
    noun: str
    plural: str
    member: str
    key: str
    missing: str
    rules: Sequence[Rule] = ()
    check: Callable[[Context, str, Document, Document], Awaitable[None]] | None = None
    busy: Callable[[Context, str, Document], Awaitable[None]] | None = None

    def error(self, identifier: str) -> AWSError:
        return errors.not_found(self.missing.format(identifier))

    async def find(self, ctx: Context, api_id: str, identifier: str) -> Document:
        found = await parts.get(ctx, api_id, self.name, identifier)
        if found is None:
            raise self.error(identifier)
        return found.document

    def put(self, ctx: Context, api_id: str, document: Document) -> Document:
        parts.put(ctx, Part(document), api_id, self.name, document[self.key])
        return document

    async def get(self, ctx: Context, request: Request) -> Answer:
        await api_of(ctx, request)
        return await self.find(ctx, request["restApiId"], request[self.member])

    async def all(self, ctx: Context, request: Request) -> Answer:
        await api_of(ctx, request)
        return paged(await documents(ctx, request["restApiId"], self.name), request, self.key)

    async def update(self, ctx: Context, request: Request) -> Answer:
        before = await self.get(ctx, request)
        after = patched(before, request.get("patchOperations"), self.rules)
        if self.check is not None:
            await self.check(ctx, request["restApiId"], before, after)
        if after[self.key] != before[self.key]:
            parts.delete(ctx, request["restApiId"], self.name, before[self.key])
        return self.put(ctx, request["restApiId"], after)

    async def delete(self, ctx: Context, request: Request) -> None:
        document = await self.get(ctx, request)
        if self.busy is not None:
            await self.busy(ctx, request["restApiId"], document)
        parts.delete(ctx, request["restApiId"], self.name, document[self.key])

    def declare(self, *verbs: str) -> None:
        """Declare the operations of these verbs: `get all update delete`."""
        for verb in verbs or ("get", "all", "update", "delete"):
            name = f"get_{self.plural}" if verb == "all" else f"{verb}_{self.noun}"
            operation(getattr(self, verb), name)


def given(request: Request, *names: str) -> Document:
    """Those members of a request that are there."""
    return {name: request[name] for name in names if request.get(name) is not None}
