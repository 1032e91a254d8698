"""Dashboards: documents that are kept, and checked as far as their structure is documented.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from fogbank.kernel import Context, Record, pages
from fogbank.services.cloudwatch import dashboard_rules, errors, tag_rules
from fogbank.services.cloudwatch.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_NAME = re.compile(r"[\w-]{1,255}")
_PAGE = 1000


class Dashboard(Record, frozen=True):
    name: str
    body: str
    modified: float
    tags: dict[str, str] = {}


dashboards = service.collection("dashboards", Dashboard, scope="account")


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:cloudwatch::{ctx.account}:dashboard/{name}"


def _resource(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["DashboardName"])


@service.operation(resource=_resource)
async def put_dashboard(ctx: Context, request: Request) -> Answer:
    name, body = request["DashboardName"], request["DashboardBody"]
    if not _NAME.fullmatch(name):
        raise errors.bad_dashboard_name(name)
    try:
        problems = dashboard_rules.problems(orjson.loads(body))
    except ValueError:
        raise errors.no_json() from None
    if problems:
        raise errors.bad_dashboard(problems)
    before = await dashboards.get(ctx, name)
    kept = {} if before is None else before.tags
    tags = tag_rules.checked(kept, request.get("Tags") or [])
    dashboards.put(ctx, Dashboard(name, body, ctx.now(), tags), name)
    return {"DashboardValidationMessages": []}


@service.operation(resource=_resource)
async def get_dashboard(ctx: Context, request: Request) -> Answer:
    dashboard = await _find(ctx, request["DashboardName"])
    return {
        "DashboardArn": arn_of(ctx, dashboard.name),
        "DashboardBody": dashboard.body,
        "DashboardName": dashboard.name,
    }


async def _find(ctx: Context, name: str) -> Dashboard:
    found = await dashboards.get(ctx, name)
    if found is None:
        raise errors.no_dashboard(name)
    return found


@service.operation
async def list_dashboards(ctx: Context, request: Request) -> Answer:
    token = request.get("NextToken")
    after = None if token is None else (pages.position(token, errors.invalid_value("The NextToken is invalid.")),)
    rows = await dashboards.scan(ctx, starts_with=request.get("DashboardNamePrefix"), after=after, limit=_PAGE + 1)
    found, following = pages.page(rows, _PAGE, lambda dashboard: dashboard.name)
    entries = [
        {
            "DashboardName": dashboard.name,
            "DashboardArn": arn_of(ctx, dashboard.name),
            "LastModified": dashboard.modified,
            "Size": len(dashboard.body.encode()),
        }
        for dashboard in found
    ]
    return {"DashboardEntries": entries, "NextToken": following}


@service.operation(resource=lambda ctx, request: [arn_of(ctx, name) for name in request["DashboardNames"]])
async def delete_dashboards(ctx: Context, request: Request) -> None:
    """All of them, or none when one is not there."""
    for name in request["DashboardNames"]:
        await _find(ctx, name)
        dashboards.delete(ctx, name)
