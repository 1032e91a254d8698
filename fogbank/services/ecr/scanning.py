"""Scanning for vulnerabilities: what is to be scanned is kept, and a scan fails and says why.

Fogbank has no database of vulnerabilities, and "no findings" would be a lie: so a scan ends as FAILED, as AWS's do of images that it
cannot read, and everything that waits for a scan goes on.
registry-scanning ()   the registry's configuration, as the API has it
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.ecr import errors, events, image_ids
from fogbank.services.ecr.pushing import after_push
from fogbank.services.ecr.records import (
    ACTIVE,
    ON_REPOSITORY,
    Answer,
    Home,
    Image,
    Repository,
    Request,
    arn_of,
    find,
    find_named,
    images,
    repositories,
)
from fogbank.services.ecr.service import service

_Configuration = dict[str, Any]
configurations = service.collection("registry-scanning", dict, cached=True)

_DEFAULT: _Configuration = {"scanType": "BASIC", "rules": []}
_IN_PROGRESS = "IN_PROGRESS"
_REASON = "There is no database of vulnerabilities to scan the image against."


# -- what is to be scanned


@service.operation
async def put_registry_scanning_configuration(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutRegistryScanningConfiguration.html"""
    kind, rules = request.get("scanType") or "BASIC", request.get("rules") or []
    if kind == "BASIC" and any(rule["scanFrequency"] == "CONTINUOUS_SCAN" for rule in rules):
        raise errors.validation("The scan frequency CONTINUOUS_SCAN is only supported for scan type ENHANCED")
    if kind == "ENHANCED" and any(rule["scanFrequency"] == "MANUAL" for rule in rules):
        raise errors.validation("The scan frequency MANUAL is only supported for scan type BASIC")
    chosen = {"scanType": kind, "rules": rules}
    configurations.put(ctx, chosen)
    return {"registryScanningConfiguration": chosen}


@service.operation
async def get_registry_scanning_configuration(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRegistryScanningConfiguration.html"""
    return {"registryId": ctx.account, "scanningConfiguration": await configurations.get(ctx) or _DEFAULT}


def _named(ctx: Context, request: Request) -> tuple[str, ...]:
    return tuple(arn_of(ctx, name) for name in request["repositoryNames"])


@service.operation(resource=_named)
async def batch_get_repository_scanning_configuration(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetRepositoryScanningConfiguration.html"""
    answer: Answer = {"scanningConfigurations": [], "failures": []}
    for name in dict.fromkeys(request["repositoryNames"]):
        repository = await repositories.get(ctx, name)
        if repository is not None:
            answer["scanningConfigurations"].append(await _of_repository(ctx, repository))
        else:
            reason = errors.repository_not_found(name, ctx.account).message
            failure = {"repositoryName": name, "failureCode": "REPOSITORY_NOT_FOUND", "failureReason": reason}
            answer["failures"].append(failure)
    return answer


async def _of_repository(ctx: Context, repository: Repository) -> Answer:
    chosen = await configurations.get(ctx) or _DEFAULT
    applied = [
        (rule["scanFrequency"], each)
        for rule in chosen["rules"]
        for each in rule["repositoryFilters"]
        if fnmatchcase(repository.name, each["filter"])
    ]
    frequency = "SCAN_ON_PUSH" if repository.scan_on_push else "MANUAL"
    if applied:
        frequencies = {each for each, _ in applied}
        frequency = "CONTINUOUS_SCAN" if "CONTINUOUS_SCAN" in frequencies else applied[0][0]
    return {
        "repositoryArn": arn_of(ctx, repository.name),
        "repositoryName": repository.name,
        "scanOnPush": frequency == "SCAN_ON_PUSH",
        "scanFrequency": frequency,
        "appliedScanFilters": [each for _, each in applied],
    }


# -- scans


async def scan_pushed(home: Home, image: Image, tag: str) -> None:
    """Scan an image that has arrived, where that is wanted."""
    if (await _of_repository(home.ctx, home.repository))["scanFrequency"] != "MANUAL":
        await _begin(home, image)


after_push.append(scan_pushed)


async def _begin(home: Home, image: Image) -> None:
    images.put(home.ctx, msgspec.structs.replace(image, scan=_IN_PROGRESS), home.name, image.digest)
    await home.ctx.schedule("scan", {"repository": home.name, "digest": image.digest})


@service.task
async def scan(ctx: Context, payload: Request) -> None:
    """Find out that nothing can be found out."""
    name, digest = payload["repository"], payload["digest"]
    image = await images.get(ctx, name, digest)
    if image is None or await repositories.get(ctx, name) is None:
        return
    images.put(ctx, msgspec.structs.replace(image, scan=_REASON, scanned=ctx.now()), name, digest)
    await events.scanned(await find_named(ctx, name), digest, image.tags, "FAILED")


def status_of(image: Image) -> Answer:
    if image.scan == _IN_PROGRESS:
        return {"status": _IN_PROGRESS}
    return {"status": "FAILED", "description": image.scan}


@service.operation(**ON_REPOSITORY)
async def start_image_scan(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartImageScan.html"""
    home = await find(ctx, request)
    image = await image_ids.find(home, request["imageId"])
    if image.status != ACTIVE:
        raise errors.image_archived(home.name, home.ctx.account, image.digest)
    await _begin(home, image)
    return {**_about(home, image, request), "imageScanStatus": {"status": _IN_PROGRESS}}


@service.operation(**ON_REPOSITORY)
async def describe_image_scan_findings(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html"""
    home = await find(ctx, request)
    image = await image_ids.find(home, request["imageId"])
    if not image.scan:
        id = request["imageId"]
        raise errors.scan_not_found(home.name, home.ctx.account, id.get("imageDigest"), id.get("imageTag"))
    if request.get("nextToken"):
        raise errors.invalid_token()  # no page has a next one
    return {**_about(home, image, request), "imageScanStatus": status_of(image)}


def _about(home: Home, image: Image, request: Request) -> Answer:
    id = {"imageDigest": image.digest, "imageTag": request["imageId"].get("imageTag")}
    return {**home.names, "imageId": id}
