"""Replication: which images are copied to which registries, and the state of each copy.

replication ()                                          the configuration, as the API has it
copies      (repository, digest, account, region)       Copy
https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
"""

from __future__ import annotations

from typing import NamedTuple

from fogbank.identity.principals import root
from fogbank.kernel import AWSError, Context, Record, regions
from fogbank.services.ecr import creation_templates, errors, events, image_ids, limits, pushing, storing
from fogbank.services.ecr.manifests import read
from fogbank.services.ecr.policies import registry_policies
from fogbank.services.ecr.records import (
    ON_REPOSITORY,
    Answer,
    Home,
    Image,
    Part,
    Request,
    Stored,
    arn_of,
    find,
    find_named,
    images,
    manifests,
    repositories,
    stored,
)
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


async def _destinations(home: Home) -> list[tuple[str, str]]:
    """(account, region) of every registry that gets the repository's images."""
    chosen = await configurations.get(home.ctx) or {"rules": []}
    found = [
        (each["registryId"], each["region"])
        for rule in chosen["rules"]
        if _is_chosen(home.name, rule.get("repositoryFilters") or [])
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


# -- copying


class Order(NamedTuple):
    """A copy to make: the payload of the task."""

    repository: str
    digest: str
    tag: str
    account: str
    region: str


async def _order(home: Home, image: Image, tag: str) -> None:
    """What is pushed, not what is copied here, goes on to the destinations."""
    for account, region in await _destinations(home):
        copies.put(home.ctx, Copy(IN_PROGRESS), home.name, image.digest, account, region)
        await home.ctx.schedule("replicate", Order(home.name, image.digest, tag, account, region)._asdict())


pushing.after_push.append(_order)


@service.task(transaction=False)
async def replicate(ctx: Context, payload: dict[str, str]) -> None:
    """Copy an image to another registry, if that one's policy lets this one's account."""
    order = Order(**payload)
    target = ctx.at(account=order.account, region=order.region)
    target.principal = root(ctx.account)
    try:
        parts = await _fetched(ctx, target, order)
        await ctx.transact(_copy, ctx, target, order, parts)
    except AWSError as error:
        await ctx.transact(_failed, ctx, order, error.code)


async def _fetched(ctx: Context, target: Context, order: Order) -> list[Part]:
    """The bytes that the other account does not have yet, in blobs of their own; regions of an account share theirs."""
    if order.account == ctx.account:
        return []
    missing = await ctx.transact(_missing, ctx, target, order)
    return [
        await storing.receive(target, storing.joined(ctx.blobs, [Part(each.size, "", each.blob)])) for each in missing
    ]


async def _missing(ctx: Context, target: Context, order: Order) -> list[Stored]:
    data = await manifests.get(ctx, order.repository, order.digest)
    if data is None:
        return []
    there = target.at()
    there.tx = ctx.tx
    wanted = [digest for digest in read(data).blobs if await stored.get(there, digest) is None]
    return [found for digest in wanted if (found := await stored.get(ctx, digest)) is not None]


async def _copy(ctx: Context, target: Context, order: Order, parts: list[Part]) -> None:
    repository = await repositories.get(ctx, order.repository)
    image = await images.get(ctx, order.repository, order.digest)
    if repository is None or image is None:
        return
    there = ctx.at(account=order.account, region=order.region)
    there.principal = target.principal
    await _authorise(there, order)
    home = await _arrive(there, order)
    await _put(Home(ctx, repository), home, image.digest, order.tag, {part.sha256: part for part in parts})
    copies.put(ctx, Copy(COMPLETE), order.repository, order.digest, order.account, order.region)
    await events.replicated(home, ctx.region, order.digest, order.tag, "SUCCESS")


async def _authorise(there: Context, order: Order) -> None:
    """Within an account nobody asks."""
    if there.principal.account == order.account:
        return
    policy = await registry_policies.get(there)
    arn = arn_of(there, order.repository)
    actions = ["ecr:ReplicateImage"]
    if await repositories.get(there, order.repository) is None:
        actions.append("ecr:CreateRepository")
    for action in actions:
        await there.authorise(action, arn, owner=order.account, policy=policy)


async def _arrive(there: Context, order: Order) -> Home:
    """The repository of the same name, made by a template where it is not there yet."""
    if await repositories.get(there, order.repository) is not None:
        return await find_named(there, order.repository)
    template = await creation_templates.matching(there, order.repository, creation_templates.REPLICATION)
    return await creation_templates.make(there, order.repository, template)


async def _put(source: Home, home: Home, digest: str, tag: str, parts: dict[str, Part]) -> None:
    """The image with its layers, an index with its images first."""
    data = await manifests.get(source.ctx, source.name, digest)
    if data is None:
        return
    manifest = read(data)
    for each in manifest.images:
        await _put(source, home, each, "", parts)
    for each in manifest.blobs:
        if not await storing.hold(home, each) and each in parts:
            await storing.add(home, parts[each], is_kept=False)
    await pushing.put(home, data, manifest.media_type, tag)


async def _failed(ctx: Context, order: Order, code: str) -> None:
    copies.put(ctx, Copy(FAILED, code), order.repository, order.digest, order.account, order.region)
