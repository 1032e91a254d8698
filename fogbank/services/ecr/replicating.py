"""Copying an image to another registry, and taking one out there again.

The regions of an account share the bytes of layers; another account gets its own. What was copied is not copied on by the registry it
came to.
"""

from __future__ import annotations

from typing import NamedTuple

from fogbank.identity.principals import root
from fogbank.kernel import AWSError, Context
from fogbank.services.ecr import creation_templates, deleting, events, image_ids, pushing, scanning, storing
from fogbank.services.ecr.manifests import read
from fogbank.services.ecr.policies import registry_policies
from fogbank.services.ecr.records import (
    Home,
    Part,
    Stored,
    arn_of,
    find_named,
    images,
    manifests,
    repositories,
    stored,
)


class Order(NamedTuple):
    """What to copy, or to take out, and where: an image, with a tag if there is one."""

    repository: str
    digest: str
    tag: str
    account: str
    region: str

    def destination(self, ctx: Context) -> Context:
        """The context of the registry, where the account that the image is from asks to be let in."""
        there = ctx.at(account=self.account, region=self.region)
        there.principal = root(ctx.account)
        return there


async def copy(ctx: Context, order: Order) -> str:
    """Copy an image, if the other registry's policy lets this one's account. Returns a failure's code, empty for none."""
    parts: list[Part] = []
    try:
        await ctx.transact(_authorise, ctx, order)
        for each in await ctx.transact(_missing, ctx, order):
            part = await storing.receive(ctx, storing.joined(ctx.blobs, [Part(each.size, "", each.blob)]))
            parts.append(part)
        await ctx.transact(_copy, ctx, order, parts)
    except BaseException as error:
        for part in parts:
            ctx.blobs.discard(part.blob)
        if isinstance(error, AWSError):
            return error.code
        raise
    return ""


async def delete(ctx: Context, order: Order) -> None:
    """Take a tag, or without one the image, out of another registry. In a transaction."""
    there = order.destination(ctx)
    repository = await repositories.get(there, order.repository)
    if repository is None:
        return
    home = Home(there, repository)
    image = await image_ids.by_digest(home, order.digest)
    if image is None or not await _is_let_in(ctx, order):
        return
    if not order.tag:
        await deleting.take_out(home, image)
    elif order.tag in image.tags:
        await deleting.take_off(home, image, order.tag)


async def _is_let_in(ctx: Context, order: Order) -> bool:
    try:
        await _authorise(ctx, order)
    except AWSError:
        return False
    return True


async def _authorise(ctx: Context, order: Order) -> None:
    """Raise AccessDeniedException unless the registry's policy lets the other account in. Within an account nobody asks."""
    there = order.destination(ctx)
    if there.principal.account == order.account:
        return
    policy = await registry_policies.get(there)
    actions = ["ecr:ReplicateImage"]
    if await repositories.get(there, order.repository) is None:
        actions.append("ecr:CreateRepository")
    for action in actions:
        await there.authorise(action, arn_of(there, order.repository), owner=order.account, policy=policy)


# -- bytes


async def _missing(ctx: Context, order: Order) -> list[Stored]:
    """The layers that the other account does not have yet."""
    if order.account == ctx.account:
        return []
    there = order.destination(ctx)
    wanted = await _layers(ctx, order.repository, order.digest)
    wanted = {digest: None for digest in wanted if await stored.get(there, digest) is None}
    return [found for digest in wanted if (found := await stored.get(ctx, digest)) is not None]


async def _layers(ctx: Context, name: str, digest: str) -> dict[str, None]:
    """The digests of all layers of an image, or of the images of an index."""
    data = await manifests.get(ctx, name, digest)
    if data is None:
        return {}
    manifest = read(data)
    found = dict.fromkeys(manifest.blobs)
    for each in manifest.images:
        found.update(await _layers(ctx, name, each))
    return found


# -- the image


async def _copy(ctx: Context, order: Order, parts: list[Part]) -> None:
    repository = await repositories.get(ctx, order.repository)
    if repository is None or await images.get(ctx, order.repository, order.digest) is None:
        return
    home = await _arrive(order.destination(ctx), order.repository)
    await _put(Home(ctx, repository), home, order.digest, order.tag, {part.sha256: part for part in parts})
    await events.replicated(home, ctx, order.digest, order.tag)
    unused = [part for part in parts if not await storing.has(home, part.sha256)]
    for part in unused:
        ctx.after_commit(lambda blob=part.blob: ctx.blobs.discard(blob))  # type: ignore[misc]


async def _arrive(there: Context, name: str) -> Home:
    """The repository of the same name, made by a template where it is not there yet."""
    if await repositories.get(there, name) is not None:
        return await find_named(there, name)
    template = await creation_templates.matching(there, name, creation_templates.REPLICATION)
    return await creation_templates.make(there, name, template)


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
    image = await pushing.take(home, data, manifest.media_type, tag)
    await scanning.scan_pushed(home, image, tag)
