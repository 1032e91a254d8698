"""What ECR tells EventBridge. https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fogbank.kernel import Context, service_events
from fogbank.services.ecr.records import Home, Request
from fogbank.services.ecr.service import service


async def image_action(home: Home, action: str, digest: str, tags: Sequence[str]) -> None:
    """`action`: PUSH or DELETE. One event for each tag, and one for an image without any."""
    for tag in tags or [""]:
        detail = {
            "result": "SUCCESS",
            "repository-name": home.name,
            "image-digest": digest,
            "action-type": action,
            "image-tag": tag or None,
        }
        await _tell(home.ctx, "ECR Image Action", detail, [])


async def replicated(home: Home, source: Context, digest: str, tag: str) -> None:
    """The registry that a copy came to, `home`, tells of it."""
    detail = {
        "result": "SUCCESS",
        "repository-name": home.name,
        "image-digest": digest,
        "source-account": source.account,
        "action-type": "REPLICATE",
        "source-region": source.region,
        "image-tag": tag or None,
    }
    await _tell(home.ctx, "ECR Replication Action", detail, [home.arn])


async def scanned(home: Home, digest: str, tags: Sequence[str], status: str) -> None:
    detail = {
        "scan-status": status,
        "repository-name": home.name,
        "image-digest": digest,
        "image-tags": list(tags),
        "finding-severity-counts": {},
    }
    await _tell(home.ctx, "ECR Image Scan", detail, [home.arn])


async def _tell(ctx: Context, kind: str, detail: dict[str, Any], resources: list[str]) -> None:
    await ctx.schedule("tell", {"kind": kind, "detail": detail, "resources": resources})


@service.task
async def tell(ctx: Context, payload: Request) -> None:
    await service_events.tell(ctx, payload["kind"], payload["detail"], payload["resources"])
