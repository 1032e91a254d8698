"""Derived configurations: one document on an owner (a bucket's CORS rules), put, got, deleted and listed as the model says.

A derived operation keeps and returns, and does nothing else: it is marked as derived in the coverage table and in its answers, and an
operation written by hand replaces it. Where the document lies in request and answer is read off the model.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel.errors import AWSError
from fogbank.kernel.keys import Part

if TYPE_CHECKING:
    from fogbank.kernel.context import Context
    from fogbank.kernel.service import Service
    from fogbank.protocols.model import OperationModel

Document = dict[str, Any]
Owner = Callable[["Context", Document], Awaitable[tuple["Context", tuple[Part, ...]]]]
Check = Callable[["Context", Document], Awaitable[None]]

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


def _model(service: Service, operation: str) -> OperationModel:
    from fogbank import protocols

    return protocols.load(service.name).operation_by_snake(operation)


def configuration(
    service: Service,
    name: str,
    *,
    owner: Owner,
    put: str | None = None,
    get: str | None = None,
    delete: str | None = None,
    list: str | None = None,
    id_member: str | None = None,
    missing: Callable[[Context, Document], AWSError] | None = None,
    default: Document | None = None,
    check: Check | None = None,
    action: str | None = None,
    delete_verb: str = "Put",
    **options: Any,
) -> None:
    """Declare a document that hangs on an owner, and the operations (in snake case) that put, get, delete and list it.

    owner      finds the owner that a request names: its context and key; raises when there is none
    id_member  the request member that tells several documents of one owner apart (`Id` of an inventory configuration)
    missing    the error of a get when nothing was put; without it, `default` is answered
    check      refuses a document that AWS would refuse
    action     the noun of the IAM actions (`BucketCORS` -> s3:PutBucketCORS, s3:GetBucketCORS)
    delete_verb
               the verb of the IAM action for deleting: nearly always that is putting
    options    further options of the operations, e.g. `resource` and `policy`
    """
    documents = service.collections.get("configurations") or service.collection("configurations", bytes)

    async def account(ctx: Context, request: Document) -> str:
        scope, _ = await owner(ctx, request)
        return scope.account

    async def place(ctx: Context, request: Document) -> tuple[Context, tuple[Part, ...]]:
        scope, key = await owner(ctx, request)
        identity = () if id_member is None else (request[id_member],)
        return scope, (name, *key, *identity)

    async def put_document(ctx: Context, request: Document) -> Document:
        scope, key = await place(ctx, request)
        if check is not None:
            await check(ctx, request)
        assert put is not None
        documents.put(scope, _pack(_document(_model(service, put), request)), *key)
        return {}

    async def get_document(ctx: Context, request: Document) -> Document:
        scope, key = await place(ctx, request)
        stored = await documents.get(scope, *key)
        if stored is not None:
            return _answer(_model(service, get or ""), _unpack(stored))
        if default is None and missing is not None:
            raise missing(ctx, request)
        return default or {}

    async def delete_document(ctx: Context, request: Document) -> Document:
        scope, key = await place(ctx, request)
        documents.delete(scope, *key)
        return {}

    async def list_documents(ctx: Context, request: Document) -> Document:
        scope, key = await owner(ctx, request)
        stored = await documents.scan(scope, name, *key)
        output = _model(service, list or "").output_shape
        assert output is not None
        member = next(member for member, shape in output.members.items() if shape.type == "list")
        return {member: [next(iter(_unpack(document).values())) for document in stored], "IsTruncated": False}

    declared = ((put, put_document), (get, get_document), (delete, delete_document), (list, list_documents))
    for operation, handler in declared:
        if operation is None:
            continue
        verb = "Get" if operation in (get, list) else delete_verb if operation == delete else "Put"
        iam = None if action is None else f"{service.iam_prefix}:{verb}{action}"
        service.operation_from(handler, operation, fidelity="derived", action=iam, owner=account, **options)


def _document(operation: OperationModel, request: Document) -> Document:
    """The part of a put request that is the document: its payload, under the payload's name."""
    shape = operation.input_shape
    assert shape is not None and shape.payload is not None
    return {shape.payload: request.get(shape.payload)}


def _answer(operation: OperationModel, stored: Document) -> Document:
    """The document as the get operation wants it: under its member's name, or spread out."""
    ((member, value),) = stored.items()
    assert operation.output_shape is not None
    members = operation.output_shape.members
    if member in members:
        return {member: value}
    if value is not None and len(members) == 1 and not set(value) & set(members):
        return {next(iter(members)): value}
    return value or {}
