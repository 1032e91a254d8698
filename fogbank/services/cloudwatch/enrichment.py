"""Whether metrics are enriched for PromQL: they are not, since there is no PromQL yet. Starting it answers 501.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetOTelEnrichment.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.cloudwatch import errors
from fogbank.services.cloudwatch.service import service

Request = dict[str, Any]
Answer = dict[str, Any]


@service.operation
async def get_otel_enrichment(ctx: Context, request: Request) -> Answer:
    return {"Status": "Stopped"}


@service.operation
async def update_otel_enrichment(ctx: Context, request: Request) -> None:
    raise errors.not_found("Enrichment is not running for the account.")


@service.operation
async def stop_otel_enrichment(ctx: Context, request: Request) -> None:
    """It is stopped."""
