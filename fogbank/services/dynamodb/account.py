"""What is true of an account and its endpoint: DescribeLimits, DescribeEndpoints. And of every table: DescribeContinuousBackups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fogbank.services.dynamodb import limits
from fogbank.services.dynamodb.service import service

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
