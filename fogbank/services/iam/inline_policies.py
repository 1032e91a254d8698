"""Inline policies: under (id of the user, group or role, name), the document as it was given.

Put, get, delete and list are declared for each kind of holders.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from fogbank.kernel import Context
from fogbank.services.iam import boundaries, documents, errors
from fogbank.services.iam.holders import HOLDERS, Holder
from fogbank.services.iam.listing import listed
from fogbank.services.iam.service import definitions, service

Request = dict[str, Any]

_documents = definitions("inline_policies", str)


async def inline_policies(ctx: Context, holder_id: str) -> dict[str, str]:
    """The documents of a user, group or role by name."""
    return {str(key[0]): document for key, document in await _documents.items(ctx, (str,), holder_id)}


async def _has_any(ctx: Context, holder_id: str) -> bool:
    return await _documents.count(ctx, holder_id, limit=1) > 0


def _declare(holder: Holder) -> None:
    noun, one = holder.noun, holder.kind.one
    keys = partial(boundaries.keys_of_present, holder.kind)

    async def put(ctx: Context, request: Request) -> Request:
        document = request["PolicyDocument"]
        entity = await holder.find_to_change(ctx, holder.name(request))
        documents.check_identity(document)
        others = await inline_policies(ctx, entity.id)
        others.pop(request["PolicyName"], None)
        if sum(map(documents.size, (document, *others.values()))) > holder.inline_size:
            raise errors.inline_policies_too_large(noun, entity.name, holder.inline_size)
        _documents.put(ctx, document, entity.id, request["PolicyName"])
        return {}

    async def get(ctx: Context, request: Request) -> Request:
        entity = await holder.kind.find(ctx, holder.name(request))
        document = await _documents.get(ctx, entity.id, request["PolicyName"])
        if document is None:
            raise errors.not_found(f"{noun} policy", request["PolicyName"])
        shown = {"PolicyName": request["PolicyName"], "PolicyDocument": documents.shown(document)}
        return {holder.kind.member: entity.name, **shown}

    async def delete(ctx: Context, request: Request) -> Request:
        entity = await holder.find_to_change(ctx, holder.name(request))
        if await _documents.get(ctx, entity.id, request["PolicyName"]) is None:
            raise errors.not_found(f"{noun} policy", request["PolicyName"])
        _documents.delete(ctx, entity.id, request["PolicyName"])
        return {}

    async def list_names(ctx: Context, request: Request) -> Request:
        entity = await holder.kind.find(ctx, holder.name(request))
        return listed(request, "PolicyNames", list(await inline_policies(ctx, entity.id)))

    service.operation_from(put, f"put_{noun}_policy", keys=keys, **one)
    service.operation_from(get, f"get_{noun}_policy", **one)
    service.operation_from(delete, f"delete_{noun}_policy", keys=keys, **one)
    service.operation_from(list_names, f"list_{noun}_policies", **one)
    holder.kind.belongings.append(("delete policies", _has_any))


for _holder in HOLDERS:
    _declare(_holder)
