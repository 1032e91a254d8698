"""Lifecycle policies: kept, previewed, and executed once a day by the virtual clock.

previews (repository)   Preview: what came of the last one
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.ecr import deleting, errors, paging
from fogbank.services.ecr import images as archiving
from fogbank.services.ecr.lifecycle_rules import BadPolicy, Candidate, Rule, Verdict, decide
from fogbank.services.ecr.lifecycle_rules import read as read_rules
from fogbank.services.ecr.records import (
    ARCHIVED,
    ON_REPOSITORY,
    Answer,
    Home,
    Image,
    Request,
    find,
    images,
    repositories,
)
from fogbank.services.ecr.service import service

_DAY = 86400.0
# AWS works on a preview for some minutes.
_PREVIEW_SECONDS = 1.0
_EXPIRE, _TRANSITION = "EXPIRE", "TRANSITION"


class Preview(Record, frozen=True):
    """`verdicts` are the results as the API has them, once it is complete."""

    text: str
    status: str
    results: list[dict[str, Any]]


previews = service.collection("previews", Preview)


def read(text: str) -> list[Rule]:
    """Raises InvalidParameterException."""
    try:
        return read_rules(text)
    except BadPolicy as error:
        raise errors.invalid_lifecycle_policy(str(error)) from error


# -- operations


@service.operation(**ON_REPOSITORY)
async def put_lifecycle_policy(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html"""
    home = await find(ctx, request)
    await attach(home, request["lifecyclePolicyText"])
    return {**home.names, "lifecyclePolicyText": request["lifecyclePolicyText"]}


async def attach(home: Home, text: str) -> None:
    """From now on the policy is executed once a day, for the first time at once."""
    read(text)
    home.change(lifecycle=text, evaluated=0.0)
    await home.ctx.schedule("evaluate", {"repository": home.name}, key=home.name)


@service.operation(**ON_REPOSITORY)
async def get_lifecycle_policy(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetLifecyclePolicy.html"""
    return _shape(await _with_policy(ctx, request))


@service.operation(**ON_REPOSITORY)
async def delete_lifecycle_policy(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteLifecyclePolicy.html"""
    home = await _with_policy(ctx, request)
    home.change(lifecycle="", evaluated=0.0)
    await home.ctx.unschedule("evaluate", home.name)
    return _shape(home)


async def forget(home: Home) -> None:
    """The repository is no more."""
    previews.delete(home.ctx, home.name)
    for task in ("evaluate", "preview"):
        await home.ctx.unschedule(task, home.name)


async def _with_policy(ctx: Context, request: Request) -> Home:
    home = await find(ctx, request)
    if not home.repository.lifecycle:
        raise errors.no_lifecycle_policy(home.name, home.ctx.account)
    return home


def _shape(home: Home) -> Answer:
    evaluated = home.repository.evaluated
    # AWS tells those whose policy was never executed that it was in 1970
    return {**home.names, "lifecyclePolicyText": home.repository.lifecycle, "lastEvaluatedAt": evaluated}


# -- previews


@service.operation(**ON_REPOSITORY)
async def start_lifecycle_policy_preview(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartLifecyclePolicyPreview.html"""
    home = await find(ctx, request)
    text = request.get("lifecyclePolicyText") or home.repository.lifecycle
    if not text:
        raise errors.no_lifecycle_policy(home.name, home.ctx.account)
    read(text)
    before = await previews.get(home.ctx, home.name)
    if before is not None and before.status == "IN_PROGRESS":
        raise errors.preview_in_progress(home.name, home.ctx.account)
    previews.put(home.ctx, Preview(text, "IN_PROGRESS", []), home.name)
    await home.ctx.schedule("preview", {"repository": home.name}, delay=_PREVIEW_SECONDS, key=home.name)
    return {**home.names, "lifecyclePolicyText": text, "status": "IN_PROGRESS"}


@service.task
async def preview(ctx: Context, payload: Request) -> None:
    name = payload["repository"]
    asked, repository = await previews.get(ctx, name), await repositories.get(ctx, name)
    if asked is None or repository is None:
        return
    home = Home(ctx, repository)
    found = {image.digest: image for image in await images.scan(ctx, name)}
    verdicts = await _verdicts(home, read(asked.text), list(found.values()))
    results = [_result(found[verdict.digest], verdict) for verdict in verdicts]
    previews.put(ctx, Preview(asked.text, "COMPLETE", results), name)


def _result(image: Image, verdict: Verdict) -> Answer:
    action: Answer = {"type": _EXPIRE}
    if verdict.action == "transition":
        action = {"type": _TRANSITION, "targetStorageClass": "ARCHIVE"}
    return {
        "imageTags": image.tags,
        "imageDigest": image.digest,
        "imagePushedAt": image.pushed,
        "action": action,
        "appliedRulePriority": verdict.priority,
        "storageClass": "ARCHIVE" if image.status == ARCHIVED else "STANDARD",
    }


@service.operation(**ON_REPOSITORY)
async def get_lifecycle_policy_preview(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetLifecyclePolicyPreview.html"""
    home = await find(ctx, request)
    found = await previews.get(home.ctx, home.name)
    if found is None:
        raise errors.no_preview(home.name, home.ctx.account)
    chosen = [each for each in found.results if _is_chosen(each, request)]
    shown, token = paging.page(request, sorted(chosen, key=_digest), _digest)
    kinds = [each["action"]["type"] for each in found.results]
    summary = {
        "expiringImageTotalCount": kinds.count(_EXPIRE),
        "transitioningImageTotalCounts": [
            {"targetStorageClass": "ARCHIVE", "imageTotalCount": kinds.count(_TRANSITION)}
        ],
    }
    return {
        **home.names,
        "lifecyclePolicyText": found.text,
        "status": found.status,
        "previewResults": list(shown),
        "nextToken": token,
        "summary": summary if found.status == "COMPLETE" else None,
    }


def _digest(result: Answer) -> str:
    return str(result["imageDigest"])


def _is_chosen(result: Answer, request: Request) -> bool:
    ids = request.get("imageIds")
    if ids and not any(_is_named(result, id) for id in ids):
        return False
    status = (request.get("filter") or {}).get("tagStatus", "ANY")
    return status == "ANY" or (status == "TAGGED") == bool(result["imageTags"])


def _is_named(result: Answer, id: Answer) -> bool:
    digest, tag = id.get("imageDigest"), id.get("imageTag")
    return digest in (None, result["imageDigest"]) and (tag is None or tag in result["imageTags"])


# -- executing


@service.task
async def evaluate(ctx: Context, payload: Request) -> None:
    """Do what the policy says, and again tomorrow."""
    repository = await repositories.get(ctx, payload["repository"])
    if repository is None or not repository.lifecycle:
        return
    home = Home(ctx, repository)
    found = {image.digest: image for image in await images.scan(ctx, repository.name)}
    for verdict in await _verdicts(home, read(repository.lifecycle), list(found.values())):
        if verdict.action == "transition":
            await archiving.archive(home, found[verdict.digest])
        else:
            await deleting.remove(home, found[verdict.digest])
    repositories.put(ctx, msgspec.structs.replace(repository, evaluated=ctx.now()), repository.name)
    await ctx.schedule("evaluate", payload, delay=_DAY, key=repository.name)


async def _verdicts(home: Home, rules: list[Rule], found: list[Image]) -> list[Verdict]:
    candidates = [
        Candidate(
            image.digest,
            image.tags,
            image.pushed,
            image.pulled,
            image.archived,
            image.status == ARCHIVED,
            bool(await deleting.indexes_with(home, image.digest)),
        )
        for image in found
        # what is about another image goes with that one
        if not image.subject
    ]
    return decide(rules, candidates, home.ctx.now())
