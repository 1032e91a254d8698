"""What CloudWatch Logs does with services that are not here: OpenSearch, S3 table integrations, syslog over VPC endpoints, CloudTrail Lake.

There is nothing that these operations could work on, and they say so. The storage tier is kept: it changes nothing but a bill.
"""

from __future__ import annotations

import re
from typing import NoReturn

from fogbank.kernel import Context, Record
from fogbank.services.logs import errors
from fogbank.services.logs.protection.policies import ON_IDENTIFIED, identified
from fogbank.services.logs.records import Answer, Request, groups, milliseconds
from fogbank.services.logs.service import service

STANDARD_TIER = "STANDARD"


def _require_no_token(request: Request) -> None:
    if request.get("nextToken") is not None:
        raise errors.invalid_token()


# -- integrations with OpenSearch


@service.operation
async def put_integration(ctx: Context, request: Request) -> NoReturn:
    raise errors.validation("Fogbank has no OpenSearch Service that CloudWatch Logs could be integrated with.")


@service.operation
async def get_integration(ctx: Context, request: Request) -> NoReturn:
    raise errors.not_found("integration")


@service.operation
async def delete_integration(ctx: Context, request: Request) -> NoReturn:
    raise errors.not_found("integration")


@service.operation
async def list_integrations(ctx: Context, request: Request) -> Answer:
    return {"integrationSummaries": []}


# -- integrations with S3 Tables, which belong to data sources


@service.operation
async def associate_source_to_s3_table_integration(ctx: Context, request: Request) -> NoReturn:
    raise errors.not_found("integration")


@service.operation
async def disassociate_source_from_s3_table_integration(ctx: Context, request: Request) -> NoReturn:
    raise errors.not_found("source")


@service.operation
async def list_sources_for_s3_table_integration(ctx: Context, request: Request) -> NoReturn:
    raise errors.not_found("integration")


# -- syslog


@service.operation(**ON_IDENTIFIED)
async def put_syslog_configuration(ctx: Context, request: Request) -> NoReturn:
    await identified(ctx, request)
    raise errors.not_found("VPC endpoint")


@service.operation(**ON_IDENTIFIED)
async def delete_syslog_configuration(ctx: Context, request: Request) -> NoReturn:
    await identified(ctx, request)
    raise errors.not_found("syslog configuration")


@service.operation
async def list_syslog_configurations(ctx: Context, request: Request) -> Answer:
    _require_no_token(request)
    if request.get("logGroupIdentifier") is not None:
        await identified(ctx, request)
    return {"syslogConfigurations": []}


# -- imports from CloudTrail Lake


@service.operation
async def create_import_task(ctx: Context, request: Request) -> NoReturn:
    raise errors.not_found("event data store")


@service.operation
async def cancel_import_task(ctx: Context, request: Request) -> NoReturn:
    raise errors.not_found("import task")


@service.operation
async def describe_import_tasks(ctx: Context, request: Request) -> Answer:
    _require_no_token(request)
    return {"imports": []}


@service.operation
async def describe_import_task_batches(ctx: Context, request: Request) -> NoReturn:
    raise errors.not_found("import task")


# -- the storage tier


class StorageTier(Record, frozen=True):
    """`updated` is in milliseconds."""

    tier: str
    updated: int


_tiers = service.collection("storage-tier", StorageTier)


@service.operation
async def put_storage_tier_policy(ctx: Context, request: Request) -> Answer:
    made = StorageTier(request["storageTier"], milliseconds(ctx))
    _tiers.put(ctx, made)
    return {"storageTier": made.tier, "lastUpdatedTime": made.updated}


@service.operation
async def get_storage_tier_policy(ctx: Context, request: Request) -> Answer:
    found = await _tiers.get(ctx)
    if found is None:
        return {"storageTier": STANDARD_TIER}
    return {"storageTier": found.tier, "lastUpdatedTime": found.updated}


# -- data sources: groups of AWS services and vendors under a name of theirs


@service.operation
async def list_aggregate_log_group_summaries(ctx: Context, request: Request) -> Answer:
    """No group here has a data source, so all of them are together."""
    _require_no_token(request)
    kind, pattern = request.get("logGroupClass"), re.compile(request.get("logGroupNamePattern") or "")
    accounts = request.get("accountIdentifiers")
    found = [
        group
        for group in await groups.scan(ctx)
        if kind in (None, group.kind) and pattern.search(group.name) is not None
    ]
    if request.get("dataSources") or not found or (accounts and ctx.account not in accounts):
        return {"aggregateLogGroupSummaries": []}
    identifiers = [{"key": "dataSourceName", "value": "Unknown"}, {"key": "dataSourceType", "value": "Unknown"}]
    if request["groupBy"] == "DATA_SOURCE_NAME_TYPE_AND_FORMAT":
        identifiers.append({"key": "dataSourceFormat", "value": "Default"})
    return {"aggregateLogGroupSummaries": [{"logGroupCount": len(found), "groupingIdentifiers": identifiers}]}
