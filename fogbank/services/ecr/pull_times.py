"""When images were pulled last, and whose pulls do not count.

exclusions (principal's ARN)   when it was registered, epoch seconds
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_RegisterPullTimeUpdateExclusion.html
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.ecr import errors, limits, paging
from fogbank.services.ecr.records import Answer, Home, Image, Request, images
from fogbank.services.ecr.service import service

exclusions = service.collection("pull-time-exclusions", float)


async def note_pull(home: Home, image: Image) -> None:
    """Somebody pulls the image; to the second. In a transaction."""
    now = float(int(home.ctx.now()))
    if image.pulled < now and await exclusions.get(home.ctx, home.ctx.principal.policy_arn) is None:
        images.put(home.ctx, msgspec.structs.replace(image, pulled=now), home.name, image.digest)


@service.operation
async def register_pull_time_update_exclusion(ctx: Context, request: Request) -> Answer:
    arn = request["principalArn"]
    if await exclusions.get(ctx, arn) is not None:
        raise errors.exclusion_exists(arn)
    if await exclusions.count(ctx) >= limits.PULL_TIME_EXCLUSIONS:
        raise errors.limit_exceeded("pull time update exclusions")
    exclusions.put(ctx, ctx.now(), arn)
    return {"principalArn": arn, "createdAt": ctx.now()}


@service.operation
async def deregister_pull_time_update_exclusion(ctx: Context, request: Request) -> Answer:
    arn = request["principalArn"]
    if await exclusions.get(ctx, arn) is None:
        raise errors.exclusion_not_found(arn)
    exclusions.delete(ctx, arn)
    return {"principalArn": arn}


@service.operation
async def list_pull_time_update_exclusions(ctx: Context, request: Request) -> Answer:
    found = [str(key[0]) for key, _ in await exclusions.items(ctx, (str,))]
    shown, token = paging.page(request, found, str)
    return {"pullTimeUpdateExclusions": list(shown), "nextToken": token}
