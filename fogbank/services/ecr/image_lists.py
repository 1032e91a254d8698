"""Listings of images: ListImages, DescribeImages, ListImageReferrers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fogbank.kernel import Context
from fogbank.services.ecr import errors, image_ids, limits, paging, scanning
from fogbank.services.ecr.manifests import INDEXES
from fogbank.services.ecr.records import (
    ACTIVE,
    ON_REPOSITORY,
    Answer,
    Home,
    Image,
    Request,
    find,
    images,
    manifests,
    referrers,
)
from fogbank.services.ecr.service import service


def _wanted(image: Image, chosen: Answer) -> bool:
    status, tagged = chosen.get("imageStatus") or ACTIVE, chosen.get("tagStatus") or "ANY"
    return status in ("ANY", image.status) and (tagged == "ANY" or (tagged == "TAGGED") == bool(image.tags))


@service.operation(**ON_REPOSITORY)
async def list_images(ctx: Context, request: Request) -> Answer:
    """One row for each tag, and one for an image without any. API_ListImages."""
    home = await find(ctx, request)
    found = [each for each in await images.scan(home.ctx, home.name) if _wanted(each, request.get("filter") or {})]
    rows = [(image.digest, tag) for image in found for tag in sorted(image.tags) or [""]]
    shown, token = paging.page(request, rows, lambda row: f"{row[0]} {row[1]}")
    return {
        "imageIds": [{"imageDigest": digest, "imageTag": tag or None} for digest, tag in shown],
        "nextToken": token,
    }


@service.operation(**ON_REPOSITORY)
async def describe_images(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html"""
    home = await find(ctx, request)
    if ids := request.get("imageIds"):
        if request.get("nextToken") or request.get("maxResults"):
            raise errors.unsatisfied("imageIds", "must not be specified together with nextToken or maxResults")
        found = {image.digest: image for image in [await image_ids.find(home, id) for id in ids]}
        return {"imageDetails": [detail(home, image) for image in found.values()]}
    chosen = request.get("filter") or {}
    rows = [each for each in await images.scan(home.ctx, home.name) if _wanted(each, chosen)]
    shown, token = paging.page(request, rows, lambda image: image.digest)
    return {"imageDetails": [detail(home, image) for image in shown], "nextToken": token}


def detail(home: Home, image: Image) -> Answer:
    """An image as DescribeImages tells of it."""
    answer: dict[str, Any] = {
        **home.names,
        "imageDigest": image.digest,
        "imageTags": image.tags or None,
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed,
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": None if image.media_type in INDEXES else image.kind or None,
        "lastRecordedPullTime": image.pulled or None,
        "subjectManifestDigest": image.subject or None,
        "imageStatus": image.status,
        "lastArchivedAt": image.archived or None,
        "lastActivatedAt": image.activated or None,
    }
    if image.scan:
        answer["imageScanStatus"] = scanning.status_of(image)
    return answer


# -- what is about an image


@service.operation(action="ecr:BatchGetImage", **ON_REPOSITORY)
async def list_image_referrers(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImageReferrers.html"""
    home = await find(ctx, request)
    chosen = request.get("filter") or {}
    kinds, status = chosen.get("artifactTypes"), chosen.get("artifactStatus") or ACTIVE
    found = [
        each
        for each in await about(home, request["subjectId"]["imageDigest"])
        if (not kinds or each.kind in kinds) and status in ("ANY", each.status)
    ]
    shown, token = paging.page({"maxResults": limits.REFERRERS, **request}, found, lambda image: image.digest)
    return {"referrers": [await _referrer(home, image) for image in shown], "nextToken": token}


async def about(home: Home, digest: str) -> Sequence[Image]:
    """The images whose subject has the digest, which need not be there itself."""
    listed = await referrers.items(home.ctx, (str,), home.name, digest)
    found = [await images.get(home.ctx, home.name, key[0]) for key, _ in listed]
    return [image for image in found if image is not None]


async def _referrer(home: Home, image: Image) -> Answer:
    return {**await descriptor(home, image), "artifactStatus": image.status}


async def descriptor(home: Home, image: Image) -> Answer:
    """The image as an entry of an index has it, but for its size, which is that of the manifest."""
    data = await manifests.get(home.ctx, home.name, image.digest) or b""
    return {
        "digest": image.digest,
        "mediaType": image.media_type,
        "artifactType": image.kind or None,
        "size": len(data),
        "annotations": image.annotations or None,
    }
