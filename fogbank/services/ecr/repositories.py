"""Repositories: made, described, changed, deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fogbank.kernel import AWSError, Context
from fogbank.kernel.actions import with_members
from fogbank.services.ecr import errors, lifecycle, limits, paging
from fogbank.services.ecr.deleting import empty
from fogbank.services.ecr.records import (
    ON_REPOSITORY,
    Answer,
    Repository,
    Request,
    arn_of,
    find,
    find_named,
    images,
    registry_of,
    repositories,
    uri_of,
)
from fogbank.services.ecr.service import service
from fogbank.services.ecr.tagging import checked

_NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_WITH_EXCLUSION = ("IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION")


def shape(ctx: Context, repository: Repository) -> Answer:
    """A repository as the API describes it."""
    return {
        "repositoryArn": arn_of(ctx, repository.name),
        "registryId": ctx.account,
        "repositoryName": repository.name,
        "repositoryUri": uri_of(ctx, repository.name),
        "createdAt": repository.created,
        "imageTagMutability": repository.mutability,
        "imageTagMutabilityExclusionFilters": filters_of(repository.exclusions) or None,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": repository.encryption,
    }


# -- creating


@service.operation(**ON_REPOSITORY | {"action": with_members("ecr:CreateRepository", {"tags": "ecr:TagResource"})})
async def create_repository(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html"""
    return {"repository": shape(ctx, await make(ctx, request))}


async def make(ctx: Context, request: Request) -> Repository:
    """A new repository. Raises RepositoryAlreadyExistsException, InvalidParameterException, KmsException."""
    name = request["repositoryName"]
    if _NAME.fullmatch(name) is None:
        raise errors.unsatisfied("repositoryName", f"must satisfy regular expression '{_NAME.pattern}'")
    if await repositories.get(ctx, name) is not None:
        raise errors.repository_exists(name, ctx.account)
    repository = Repository(
        name,
        ctx.now(),
        request.get("imageTagMutability") or "MUTABLE",
        exclusions_of(request),
        bool((request.get("imageScanningConfiguration") or {}).get("scanOnPush")),
        await encryption_of(ctx, request.get("encryptionConfiguration")),
        checked(arn_of(ctx, name), {}, request.get("tags") or []),
    )
    repositories.put(ctx, repository, name)
    return repository


async def encryption_of(ctx: Context, given: dict[str, str] | None) -> dict[str, str]:
    """The encryption of a new repository; with KMS and no key it is the account's own key for ECR. Raises KmsException."""
    given = given or {"encryptionType": "AES256"}
    if given["encryptionType"] == "AES256":
        if given.get("kmsKey"):
            raise errors.invalid_parameter(
                "Invalid parameter at 'encryptionConfiguration' failed to satisfy constraint: "
                "'kmsKey must not be specified when encryptionType is AES256'"
            )
        return {"encryptionType": "AES256"}
    key = given.get("kmsKey") or "alias/aws/ecr"
    try:
        found = await ctx.call("kms", "DescribeKey", {"KeyId": key}, as_caller=True)
    except AWSError as error:
        raise errors.kms(error.message) from error
    return {"encryptionType": given["encryptionType"], "kmsKey": found["KeyMetadata"]["Arn"]}


def exclusions_of(request: Request) -> list[str]:
    """The patterns of tags to which the mutability does not apply. Raises InvalidParameterException."""
    filters = request.get("imageTagMutabilityExclusionFilters") or []
    takes_them = request.get("imageTagMutability") in _WITH_EXCLUSION
    if takes_them != bool(filters):
        what = "must be specified" if takes_them else "must not be specified"
        raise errors.unsatisfied(
            "imageTagMutabilityExclusionFilters",
            f"{what} when imageTagMutability is {request.get('imageTagMutability') or 'MUTABLE'}",
        )
    for each in filters:
        if each["filter"].count("*") > 2:
            raise errors.unsatisfied("imageTagMutabilityExclusionFilters", "must have at most two wildcards (*)")
    return [each["filter"] for each in filters]


def filters_of(exclusions: Sequence[str]) -> list[dict[str, str]]:
    return [{"filterType": "WILDCARD", "filter": each} for each in exclusions]


# -- describing


def _described(ctx: Context, request: Request) -> Iterable[str]:
    registry = registry_of(ctx, request)
    return tuple(arn_of(registry, name) for name in request.get("repositoryNames") or ["*"])


@service.operation(resource=_described, owner=ON_REPOSITORY["owner"])
async def describe_repositories(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html"""
    registry = registry_of(ctx, request)
    if names := request.get("repositoryNames"):
        if request.get("nextToken") or request.get("maxResults"):
            raise errors.unsatisfied("repositoryNames", "must not be specified together with nextToken or maxResults")
        found = [(await find_named(registry, name)).repository for name in dict.fromkeys(names)]
        return {"repositories": [shape(registry, each) for each in found]}
    position = paging.after(request)
    limit = request.get("maxResults") or limits.PAGE
    rows = await repositories.scan(registry, limit=limit + 1, after=(position,) if position else None)
    shown, token = paging.page(request, rows, lambda each: each.name)
    return {"repositories": [shape(registry, each) for each in shown], "nextToken": token}


# -- changing


@service.operation(**ON_REPOSITORY)
async def put_image_tag_mutability(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageTagMutability.html"""
    home = await find(ctx, request)
    changed = home.change(mutability=request["imageTagMutability"], exclusions=exclusions_of(request))
    return {
        **home.names,
        "imageTagMutability": changed.mutability,
        "imageTagMutabilityExclusionFilters": filters_of(changed.exclusions) or None,
    }


@service.operation(**ON_REPOSITORY)
async def put_image_scanning_configuration(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageScanningConfiguration.html"""
    home = await find(ctx, request)
    scan_on_push = bool(request["imageScanningConfiguration"].get("scanOnPush"))
    home.change(scan_on_push=scan_on_push)
    return {**home.names, "imageScanningConfiguration": {"scanOnPush": scan_on_push}}


# -- deleting


@service.operation(**ON_REPOSITORY)
async def delete_repository(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html"""
    home = await find(ctx, request)
    if not request.get("force") and await images.count(home.ctx, home.name, limit=1):
        raise errors.repository_not_empty(home.name, home.ctx.account)
    await empty(home)
    await lifecycle.forget(home)
    repositories.delete(home.ctx, home.name)
    answer = shape(home.ctx, home.repository)
    # what DeleteRepository answers is shorter than what the others do
    return {"repository": {name: answer[name] for name in _DELETED}}


_DELETED = (
    "repositoryArn",
    "registryId",
    "repositoryName",
    "repositoryUri",
    "createdAt",
    "imageTagMutability",
    "imageTagMutabilityExclusionFilters",
)
