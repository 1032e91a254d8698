"""Replication backfills: images that were there before they were to be replicated.

backfills          (id)           Backfill
backfill-orders    (id, number)   Order: a copy that is still to be made
backfill-results   (id, number)   Result: one that was made
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartReplicationBackfill.html
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.ecr import errors, limits, paging
from fogbank.services.ecr.records import Answer, Request, images, registry_of, repositories
from fogbank.services.ecr.replicating import Order, copy
from fogbank.services.ecr.replication import configurations, destinations_of
from fogbank.services.ecr.service import service

PREPARING, IN_PROGRESS, STOPPING = "PREPARING", "IN_PROGRESS", "STOPPING"
COMPLETE, FAILED, STOPPED = "COMPLETE", "FAILED", "STOPPED"
_UNDER_WAY = frozenset({PREPARING, IN_PROGRESS, STOPPING})
_KEPT_SECONDS = 90 * 86400.0


class Backfill(Record, frozen=True):
    """`destination` is (account, region); `ended` is 0 for one that is under way, times are epoch seconds."""

    id: str
    account: str
    region: str
    status: str
    started: float
    ended: float = 0.0
    total: int = 0
    completed: int = 0
    failures: dict[str, int] = {}


class Result(Record, frozen=True):
    """`failure` is its code, empty for none."""

    repository: str
    digest: str
    tag: str
    failure: str


backfills = service.collection("backfills", Backfill)
orders = service.collection("backfill-orders", list)
results = service.collection("backfill-results", Result)


# -- operations


@service.operation
async def start_replication_backfill(ctx: Context, request: Request) -> Answer:
    registry = registry_of(ctx, request)
    account, region = request["destination"]["registryId"], request["destination"]["region"]
    if not await _is_destination(registry, account, region):
        raise errors.validation("The destination is not in the replication configuration of the registry.")
    under_way = [each for each in await backfills.scan(registry) if each.status in _UNDER_WAY]
    if any(each.region == region for each in under_way):
        raise errors.backfill_in_progress(region)
    if len(under_way) >= limits.BACKFILLS:
        raise errors.limit_exceeded("replication backfills in progress")
    id = ctx.ids.uuid()
    backfill = Backfill(id, account, region, PREPARING, ctx.now(), total=await _prepare(registry, id, account, region))
    backfills.put(registry, backfill, id)
    await registry.schedule("backfill", {"id": backfill.id}, key=backfill.id)
    return _begun(registry, backfill)


async def _is_destination(registry: Context, account: str, region: str) -> bool:
    chosen = await configurations.get(registry) or {"rules": []}
    wanted = {"registryId": account, "region": region}
    return any(wanted == each for rule in chosen["rules"] for each in rule["destinations"])


async def _prepare(registry: Context, id: str, account: str, region: str) -> int:
    """Write down what is to be copied: every image with every tag. Returns how much that is."""
    wanted = [
        Order(repository.name, image.digest, tag, account, region)
        for repository in await repositories.scan(registry)
        if (account, region) in await destinations_of(registry, repository.name)
        for image in await images.scan(registry, repository.name)
        for tag in image.tags or [""]
    ]
    for number, order in enumerate(wanted):
        orders.put(registry, list(order), id, number)
    return len(wanted)


async def _find(registry: Context, request: Request) -> Backfill:
    found = await backfills.get(registry, request["replicationBackfillId"])
    if found is None:
        raise errors.backfill_not_found(request["replicationBackfillId"])
    return found


@service.operation
async def stop_replication_backfill(ctx: Context, request: Request) -> Answer:
    registry = registry_of(ctx, request)
    backfill = await _find(registry, request)
    if backfill.status not in (PREPARING, IN_PROGRESS):
        raise errors.backfill_is_over(backfill.id, backfill.status)
    stopping = msgspec.structs.replace(backfill, status=STOPPING)
    backfills.put(registry, stopping, backfill.id)
    return _begun(registry, stopping)


@service.operation
async def describe_replication_backfill_results(ctx: Context, request: Request) -> Answer:
    registry = registry_of(ctx, request)
    backfill = await _find(registry, request)
    found: list[tuple[str, Result]] = []
    if backfill.ended:
        rows = await results.items(registry, (int,), backfill.id)
        found = [(f"{int(number):09}", each) for (number,), each in rows]
    wanted = request.get("resultStatusFilter")
    found = [row for row in found if wanted in (None, FAILED if row[1].failure else COMPLETE)]
    shown, token = paging.page(request, found, lambda row: row[0])
    return {
        **_shape(backfill),
        "registryId": registry.account,
        "results": [_result(each) for _, each in shown],
        "nextToken": token,
    }


@service.operation
async def list_replication_backfills(ctx: Context, request: Request) -> Answer:
    registry = registry_of(ctx, request)
    shown, token = paging.page(
        {"maxResults": limits.REFERRERS, **request}, await backfills.scan(registry), lambda each: each.id
    )
    return {"registryId": registry.account, "backfills": [_shape(each) for each in shown], "nextToken": token}


def _begun(registry: Context, backfill: Backfill) -> Answer:
    shape = _shape(backfill)
    names = ("replicationBackfillId", "destination", "status", "startedAt")
    return {"registryId": registry.account, **{name: shape[name] for name in names}}


def _shape(backfill: Backfill) -> Answer:
    progress = {
        "totalReplicationCount": backfill.total,
        "completedReplicationCount": backfill.completed,
        "failedReplicationCount": sum(backfill.failures.values()),
        "failureCodes": list(backfill.failures),
    }
    return {
        "replicationBackfillId": backfill.id,
        "destination": {"registryId": backfill.account, "region": backfill.region},
        "status": backfill.status,
        "progress": progress if backfill.ended else None,
        "startedAt": backfill.started,
        "endedAt": backfill.ended or None,
    }


def _result(result: Result) -> Answer:
    return {
        "repositoryName": result.repository,
        "imageId": {"imageDigest": result.digest, "imageTag": result.tag or None},
        "status": FAILED if result.failure else COMPLETE,
        "failureCode": result.failure or None,
    }


# -- the work


@service.task(transaction=False)
async def backfill(ctx: Context, payload: dict[str, str]) -> None:
    """Make one copy after another, until there are none left or somebody stops it."""
    while (found := await ctx.transact(_next, ctx, payload["id"])) is not None:
        number, order = found
        failure = await copy(ctx, order)
        await ctx.transact(_done, ctx, payload["id"], number, order, failure)


async def _next(ctx: Context, id: str) -> tuple[int, Order] | None:
    """The next copy to make. When there is none, the backfill is over."""
    found = await backfills.get(ctx, id)
    if found is None:
        return None
    left = await orders.items(ctx, (int,), id, limit=1)
    if left and found.status != STOPPING:
        backfills.put(ctx, msgspec.structs.replace(found, status=IN_PROGRESS), id)
        (number,), order = left[0]
        return int(number), Order(*order)
    ended = STOPPED if found.status == STOPPING else COMPLETE
    backfills.put(ctx, msgspec.structs.replace(found, status=ended, ended=ctx.now()), id)
    await ctx.schedule("forget_backfill", {"id": id}, delay=_KEPT_SECONDS)
    return None


async def _done(ctx: Context, id: str, number: int, order: Order, failure: str) -> None:
    found = await backfills.get(ctx, id)
    if found is None:
        return
    failures = dict(found.failures)
    if failure:
        failures[failure] = failures.get(failure, 0) + 1
    completed = found.completed + (not failure)
    backfills.put(ctx, msgspec.structs.replace(found, completed=completed, failures=failures), id)
    results.put(ctx, Result(order.repository, order.digest, order.tag, failure), id, number)
    orders.delete(ctx, id, number)


@service.task
async def forget_backfill(ctx: Context, payload: dict[str, str]) -> None:
    """Ninety days after its end nobody is told of it any more."""
    id = payload["id"]
    backfills.delete(ctx, id)
    for rows in (orders, results):
        for key, _ in await rows.items(ctx, (int,), id):  # type: ignore[attr-defined]
            rows.delete(ctx, id, *key)  # type: ignore[attr-defined]
