"""What HTTP and WebSocket APIs consist of: documents with the members that requests and answers have.

    apis       id                   -> Part
    parts      api, kind, [of,] id  -> Part; `of` is the integration or route that responses belong to
    stages     api, name            -> Part
    snapshots  api, deployment      -> Snapshot: what a deployment has frozen

https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/api-reference.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from fogbank.apis.naming import Answer, Request, short_id
from fogbank.kernel import Context, Record, pages
from fogbank.services.apigatewayv2 import errors
from fogbank.services.apigatewayv2.service import operation, service

Document = dict[str, Any]
_PAGE = 100
_LONGEST_PAGE = 500


class Part(Record, frozen=True):
    document: Document


class Snapshot(Record, frozen=True):
    """An API as it was deployed. Responses are in the documents that they belong to, under `Responses`."""

    api: Document
    routes: list[Document]
    integrations: list[Document]
    authorizers: list[Document]
    models: list[Document]


apis = service.collection("apis", Part, cached=True)
parts = service.collection("parts", Part)
stages = service.collection("stages", Part, cached=True)
snapshots = service.collection("snapshots", Snapshot, cached=True)


async def api_of(ctx: Context, request: Request) -> Document:
    """Raises NotFoundException."""
    found = await apis.get(ctx, request["ApiId"])
    if found is None:
        raise errors.no_api(ctx.account, request["ApiId"])
    return found.document


def given(request: Request, members: Sequence[str]) -> Document:
    """Those members of a request that are there."""
    return {name: request[name] for name in members if request.get(name) is not None}


def paged(found: Sequence[Document], request: Request, key: str) -> Answer:
    """One page, in the order of `key`. Raises BadRequestException for a token that nobody gave out."""
    text = request.get("MaxResults")
    if text is not None and (not str(text).isdecimal() or int(text) < 1):
        raise errors.bad_request("Invalid maxResults specified")
    limit = min(int(text or _PAGE), _LONGEST_PAGE)
    found = sorted(found, key=lambda each: str(each[key]))
    if request.get("NextToken"):
        after = pages.position(request["NextToken"], errors.bad_token())
        found = [each for each in found if str(each[key]) > after]
    shown, token = pages.page(found, limit, lambda each: str(each[key]))
    return {"Items": list(shown), "NextToken": token}


Check = Callable[[Context, Document, Document], Awaitable[None]]
"""Looks at a part that is about to be put, and at its API. It may complete it. Raises BadRequestException."""


class Kind(NamedTuple):
    """A kind of parts that are made, listed, changed and deleted alike.

    name, noun, plural  the kind; what operations call it, one and many
    key                 what requests and documents call its id
    members             what may be said about it
    of                  what requests call the id of the part that it belongs to, if it does to one
    length              of an id
    """

    name: str
    noun: str
    plural: str
    key: str
    members: Sequence[str]
    check: Check | None = None
    busy: Check | None = None
    of: str = ""
    length: int = 7

    def place(self, request: Request) -> tuple[str, ...]:
        return (request["ApiId"], self.name, *([request[self.of]] if self.of else []))

    async def find(self, ctx: Context, request: Request) -> Document:
        found = await parts.get(ctx, *self.place(request), request[self.key])
        if found is None:
            raise errors.missing(self.noun.replace("_", " ").title())
        return found.document

    async def listed(self, ctx: Context, request: Request) -> list[Document]:
        return [part.document for part in await parts.scan(ctx, *self.place(request))]

    async def create(self, ctx: Context, request: Request) -> Answer:
        api = await api_of(ctx, request)
        made = {self.key: short_id(ctx, self.length), **given(request, self.members)}
        return await self.put(ctx, api, request, made)

    async def put(self, ctx: Context, api: Document, request: Request, document: Document) -> Document:
        from fogbank.services.apigatewayv2.deployments import deploy_by_itself

        if self.check is not None:
            await self.check(ctx, api, document)
        parts.put(ctx, Part(document), *self.place(request), document[self.key])
        await deploy_by_itself(ctx, api)
        return document

    async def get(self, ctx: Context, request: Request) -> Answer:
        await api_of(ctx, request)
        return await self.find(ctx, request)

    async def all(self, ctx: Context, request: Request) -> Answer:
        await api_of(ctx, request)
        return paged(await self.listed(ctx, request), request, self.key)

    async def update(self, ctx: Context, request: Request) -> Answer:
        """What is said replaces what there was; empty values take members away, and entries of maps."""
        api = await api_of(ctx, request)
        document = dict(await self.find(ctx, request))
        for name, value in given(request, self.members).items():
            merged = _merged(document.get(name), value)
            document[name] = merged
            if merged in ("", {}, []) and name != "Description":
                del document[name]
        return await self.put(ctx, api, request, document)

    async def delete(self, ctx: Context, request: Request) -> None:
        from fogbank.services.apigatewayv2.deployments import deploy_by_itself

        api = await api_of(ctx, request)
        document = await self.find(ctx, request)
        if self.busy is not None:
            await self.busy(ctx, api, document)
        parts.delete(ctx, *self.place(request), document[self.key])
        await deploy_by_itself(ctx, api)

    def declare(self, *verbs: str) -> None:
        for verb in verbs or ("create", "get", "all", "update", "delete"):
            operation(getattr(self, verb), f"get_{self.plural}" if verb == "all" else f"{verb}_{self.noun}")


def _merged(before: Any, after: Any) -> Any:
    """Maps of texts are changed entry by entry; an empty text takes one away."""
    if (
        not isinstance(after, dict)
        or not isinstance(before, dict)
        or not all(isinstance(each, str) for each in after.values())
    ):
        return after
    return {name: value for name, value in {**before, **after}.items() if value != ""}
