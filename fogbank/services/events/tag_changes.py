"""`Tag Change on Resource`: what becomes of the tags of the resources of an account, as events of its default bus.

EventBridge offers this as "tag_changes" to whoever sees all calls. It needs no word from the services: a call that is about tags names its
resource as the decision needs it, and what tags this has then is asked of the service's own operation.

tag_sets  (ARN)   TagSet: the tags that were told last

https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-monitor.html
"""

from __future__ import annotations

from inspect import isawaitable
from typing import Any

from fogbank import protocols
from fogbank.identity.principals import root
from fogbank.kernel import AWSError, Context, Record
from fogbank.services.events import envelopes, tag_calls
from fogbank.services.events.names import DEFAULT
from fogbank.services.events.putting import ingest
from fogbank.services.events.rule import book_of
from fogbank.services.events.service import service
from fogbank.services.events.tag_calls import Tags

Document = dict[str, Any]

_ENTRY = {"Source": "aws.tag", "DetailType": "Tag Change on Resource"}


class TagSet(Record, frozen=True):
    """`version` counts the changes that were told."""

    version: int
    tags: Tags


tag_sets = service.collection("tag_sets", TagSet)


class TagChanges:
    """Contexts are those of the calls."""

    async def wanted(self, ctx: Context, name: str, request: Document) -> bool:
        """Is the call about tags, and might any rule match a change of them?"""
        return tag_calls.is_about_tags(name, request) and await ctx.transact(_has_rule, ctx)

    async def tell(self, ctx: Context, name: str, request: Document, answer: Document | None) -> None:
        """Put the events of a call that was answered."""
        putting = ctx.at(service=service)
        for arn, tags in await _changed(ctx, name, request, answer or {}):
            await putting.transact(_tell, putting, arn, tags, sorted(tag_calls.given(request)))


service.provide("tag_changes", TagChanges())


async def _has_rule(ctx: Context) -> bool:
    book = await book_of(ctx, DEFAULT)
    return book is not None and book.may_match(_ENTRY["Source"])


async def _changed(ctx: Context, name: str, request: Document, answer: Document) -> list[tuple[str, Tags]]:
    """What was tagged, with its tags."""
    if "ResourceARNList" in request:  # the Resource Groups Tagging API, of things of all services
        return await _listed(ctx, request["ResourceARNList"], answer.get("FailedResourcesMap") or {})
    creates = not tag_calls.changes_tags(name)
    arns = await ctx.transact(_resources, ctx, name, request, answer if creates else {})
    tags = tag_calls.given(request) if creates else await _present(ctx, request)
    return [] if tags is None else [(arn, tags) for arn in arns]


async def _listed(ctx: Context, arns: list[str], failed: Document) -> list[tuple[str, Tags]]:
    shown = await _shown(ctx, "GetResources", {"ResourceARNList": arns})
    if shown is None:
        return []
    found = {each["ResourceARN"]: tag_calls.given(each) for each in shown["ResourceTagMappingList"]}
    return [(arn, found.get(arn, {})) for arn in arns if arn not in failed]


async def _resources(ctx: Context, name: str, request: Document, answer: Document) -> list[str]:
    """The ARNs of what was tagged: those of the answer to who has made it, else those on which the call acts."""
    made = list(tag_calls.arns_in(answer))
    if made:
        return made[:1]
    resource = ctx.service.operations[ctx.operation].resource
    found = () if resource is None else resource(ctx, request)
    if not isinstance(found, str | tuple | list) and isawaitable(found):
        found = await found
    named = [found] if isinstance(found, str) else list(found)  # type: ignore[arg-type]
    return [arn for arn in named if arn.startswith("arn:") and "*" not in arn]


async def _present(ctx: Context, request: Document) -> Tags | None:
    """The tags of the resource now, as its account sees them; None where nothing shows them."""
    found = tag_calls.reading(ctx.service.name, request)
    if found is None:
        return None
    try:
        shown = await _shown(ctx, *found)
    except AWSError:  # S3 says so of a bucket without tags; or it is gone
        return {}
    return None if shown is None else tag_calls.given(shown)


async def _shown(ctx: Context, name: str, asked: Document) -> Document | None:
    """The answer of an operation of the context's service, as the account gets it; None where it cannot be asked here."""
    operation = ctx.service.operations.get(protocols.load(ctx.service.name).operations[name].snake)
    if operation is None or not (operation.transaction or ctx.tx is None):
        return None
    reading = ctx.at()
    reading.principal, reading.operation = root(ctx.account), operation.name
    if operation.transaction:
        return await reading.transact(operation.handler, reading, asked) or {}
    return await operation.handler(reading, asked) or {}


async def _tell(ctx: Context, arn: str, tags: Tags, asked: list[str]) -> None:
    before = await tag_sets.get(ctx, arn)
    changed = asked
    if before is not None:
        known = before.tags
        changed = sorted(key for key in known.keys() | tags.keys() if known.get(key) != tags.get(key))
        if not changed:
            return
    version = 1 if before is None else before.version + 1
    tag_sets.put(ctx, TagSet(version, tags), arn)
    kind, resource_type = tag_calls.kind_of(arn)
    detail = {
        "changed-tag-keys": changed,
        "service": kind,
        "resource-type": resource_type,
        "version": version,
        "tags": tags,
    }
    await ingest(ctx, DEFAULT, envelopes.made(ctx, {**_ENTRY, "Resources": [arn]}, detail))
