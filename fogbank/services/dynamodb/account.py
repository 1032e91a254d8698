"""What is true of an account and its endpoint: DescribeLimits, DescribeEndpoints. And of every table: DescribeContinuousBackups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fogbank.services.dynamodb import errors, limits, tables
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import table_arn

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]


@service.operation
async def describe_limits(ctx: Context, request: Document) -> Document:
    return {
        "AccountMaxReadCapacityUnits": limits.ACCOUNT_CAPACITY,
        "AccountMaxWriteCapacityUnits": limits.ACCOUNT_CAPACITY,
        "TableMaxReadCapacityUnits": limits.TABLE_CAPACITY,
        "TableMaxWriteCapacityUnits": limits.TABLE_CAPACITY,
    }


@service.operation
async def describe_endpoints(ctx: Context, request: Document) -> Document:
    """The address under which the caller reached us, so that endpoint discovery does not lead away."""
    return {"Endpoints": [{"Address": urlsplit(ctx.endpoint).netloc, "CachePeriodInMinutes": 1440}]}


@service.operation(resource=table_arn)
async def describe_continuous_backups(ctx: Context, request: Document) -> Document:
    """Point-in-time recovery is off, as it is on AWS until it is switched on; it cannot be switched on yet."""
    name = tables.table_name(ctx, request["TableName"])
    if await tables.tables.get(ctx, name) is None:
        raise errors.no_table_to_back_up(name)
    return {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
        }
    }
