"""CreateTable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel.actions import with_members
from fogbank.services.dynamodb import creation, encryption, joint, policies, streams, table_errors, tables, tags
from fogbank.services.dynamodb.descriptions import describe
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_CREATING = {"Tags": "dynamodb:TagResource", "ResourcePolicy": "dynamodb:PutResourcePolicy"}


@service.operation(resource=tables.table_arn, action=with_members("dynamodb:CreateTable", _CREATING))
async def create_table(ctx: Context, request: Document) -> Document:
    name = tables.table_name(ctx, request["TableName"])
    if request.get("GlobalTableSourceArn"):
        return {"TableDescription": await tables.shown(ctx, await joint.join(ctx, name, request))}
    table = creation.table_from(
        {**request, "TableName": name}, tables.arn_of(ctx, name), ctx.ids.uuid(), ctx.now(), tables.new_spaces(ctx)
    )
    view = creation.stream_view(request)
    tags.check(request.get("Tags") or [])
    if await tables.tables.get(ctx, name) is not None:
        raise table_errors.table_exists(name)
    created = msgspec.structs.replace(
        table,
        indexes=tuple([tables.with_status(index, "CREATING") for index in table.indexes]),
        vectors=tuple([msgspec.structs.replace(index, status="CREATING") for index in table.vectors]),
        settings_mode=joint.mode_of_new(request.get("GlobalTableSettingsReplicationMode")),
    )
    created = await encryption.chosen(ctx, created, request.get("SSESpecification"))
    if view is not None:
        created = await streams.enabled(ctx, created, view, next(tables.new_spaces(ctx)))
    if request.get("ResourcePolicy"):
        created = policies.attach(ctx, created, request["ResourcePolicy"])
    tables.tables.put(ctx, created, name)
    tags.replace(ctx, name, request.get("Tags") or [])
    await ctx.schedule("activate_table", {"table": name, "id": table.id})
    answer = describe(created, {})
    if answer["BillingModeSummary"]:
        answer["BillingModeSummary"] = {"BillingMode": "PAY_PER_REQUEST"}
    return {"TableDescription": answer}
