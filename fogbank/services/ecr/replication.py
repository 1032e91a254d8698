"""Replication: which images are copied to which registries, and the state of each copy.

replication ()                                          the configuration, as the API has it
copies      (repository, digest, account, region)       Copy
https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record, regions
from fogbank.services.ecr import deleting, errors, image_ids, limits, pushing
from fogbank.services.ecr.records import ON_REPOSITORY, Answer, Home, Image, Request, find
from fogbank.services.ecr.replicating import Order, copy, delete
from fogbank.services.ecr.service import service

configurations = service.collection("replication", dict, cached=True)

IN_PROGRESS, COMPLETE, FAILED = "IN_PROGRESS", "COMPLETE", "FAILED"


class Copy(Record, frozen=True):
    status: str
    failure: str = ""


copies = service.collection("copies", Copy)


# -- the configuration


@service.operation
async def put_replication_configuration(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutReplicationConfiguration.html"""
    chosen = request["replicationConfiguration"]
    destinations = [each for rule in chosen["rules"] for each in rule["destinations"]]
    if len({(each["registryId"], each["region"]) for each in destinations}) > limits.REPLICATION_DESTINATIONS:
        raise errors.validation(f"There can be at most {limits.REPLICATION_DESTINATIONS} unique destinations.")
    for each in destinations:
        if (each["registryId"], each["region"]) == (ctx.account, ctx.region):
            raise errors.unsatisfied(
                "replicationConfiguration", "Replication destination cannot be the source registry"
            )
        if each["region"] not in regions.known():
            raise errors.unsatisfied("replicationConfiguration", f"Invalid region '{each['region']}'")
    configurations.put(ctx, chosen)
    return {"replicationConfiguration": chosen}


@service.operation
async def describe_registry(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRegistry.html"""
    chosen = await configurations.get(ctx) or {"rules": []}
    return {"registryId": ctx.account, "replicationConfiguration": chosen}


async def destinations_of(ctx: Context, name: str, with_deletions: bool = False) -> list[tuple[str, str]]:
    """(account, region) of every registry that gets the images of a repository; or those that lose them, too, with it."""
    chosen: dict[str, Any] = await configurations.get(ctx) or {"rules": []}
    found = [
        (each["registryId"], each["region"])
        for rule in chosen["rules"]
        if _is_chosen(name, rule.get("repositoryFilters") or [])
        and (not with_deletions or (rule.get("deleteReplication") or {}).get("enabled"))
        for each in rule["destinations"]
    ]
    return list(dict.fromkeys(found))


def _is_chosen(name: str, filters: list[dict[str, str]]) -> bool:
    return not filters or any(name.startswith(each["filter"]) for each in filters)


@service.operation(**ON_REPOSITORY)
async def describe_image_replication_status(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageReplicationStatus.html"""
    home = await find(ctx, request)
    image = await image_ids.find(home, request["imageId"])
    found = await copies.items(home.ctx, (str, str), home.name, image.digest)
    return {
        "repositoryName": home.name,
        "imageId": {"imageDigest": image.digest, "imageTag": request["imageId"].get("imageTag")},
        "replicationStatuses": [
            {"region": region, "registryId": account, "status": copy.status, "failureCode": copy.failure or None}
            for (account, region), copy in found
        ],
    }


# -- what goes on to the destinations


async def _order(home: Home, image: Image, tag: str) -> None:
    """An image that was pushed is copied."""
    for account, region in await destinations_of(home.ctx, home.name):
        copies.put(home.ctx, Copy(IN_PROGRESS), home.name, image.digest, account, region)
        await home.ctx.schedule("replicate", Order(home.name, image.digest, tag, account, region)._asdict())


async def _order_deletion(home: Home, digest: str, tag: str) -> None:
    """So is the deletion of one, or of a tag, where a rule says so."""
    for key, _ in await copies.items(home.ctx, (str, str), home.name, digest) if not tag else []:
        copies.delete(home.ctx, home.name, digest, *key)
    for account, region in await destinations_of(home.ctx, home.name, with_deletions=True):
        await home.ctx.schedule("replicate_deletion", Order(home.name, digest, tag, account, region)._asdict())


pushing.after_push.append(_order)
deleting.after_delete.append(_order_deletion)


@service.task(transaction=False)
async def replicate(ctx: Context, payload: dict[str, str]) -> None:
    order = Order(**payload)
    failure = await copy(ctx, order)
    await ctx.transact(_note, ctx, order, failure)


async def _note(ctx: Context, order: Order, failure: str) -> None:
    done = Copy(FAILED, failure) if failure else Copy(COMPLETE)
    copies.put(ctx, done, order.repository, order.digest, order.account, order.region)


@service.task
async def replicate_deletion(ctx: Context, payload: dict[str, str]) -> None:
    await delete(ctx, Order(**payload))
