"""GetResources, GetTagKeys, GetTagValues, TagResources, UntagResources.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/overview.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fogbank.kernel import AWSError, Context, pages
from fogbank.services.resourcegroupstaggingapi import compliance, errors
from fogbank.services.resourcegroupstaggingapi.resources import Resource, Tags, named, retag, tagged
from fogbank.services.resourcegroupstaggingapi.service import service

Request = dict[str, Any]

_MOST_RESOURCES = 100
_FEWEST_TAGS, _MOST_TAGS = 100, 500
_PAGE = 50
_VALUES = 20
_RESERVED = "aws:"


# -- finding


@service.operation(transaction=False)
async def get_resources(ctx: Context, request: Request) -> Request:
    """Resources with tags, by ARN. API_GetResources."""
    _check(request)
    arns = request.get("ResourceARNList")
    found = await tagged(ctx) if arns is None else [each for each in (await named(ctx, arns)).values() if each.tags]
    fitting = [each for each in found if _is_wanted(each, request)]
    policy = await compliance.policy_of(ctx) if request.get("IncludeComplianceDetails") else None
    if request.get("ExcludeCompliantResources"):
        fitting = [each for each in fitting if not compliance.details(policy, each.tags)["ComplianceStatus"]]
    shown, token = _page(fitting, request, _limit(fitting, request), lambda resource: resource.arn)
    return {"PaginationToken": token, "ResourceTagMappingList": [_told(each, request, policy) for each in shown]}


def _check(request: Request) -> None:
    """Raises InvalidParameterException."""
    filters, arns = request.get("TagFilters") or [], request.get("ResourceARNList")
    if arns is not None and any(
        request.get(name) for name in ("TagFilters", "ResourceTypeFilters", "ResourcesPerPage")
    ):
        raise errors.invalid("ResourceARNList can not be specified with any other filter or page parameters.")
    for each in filters:
        if not each.get("Key") and each.get("Values"):
            raise errors.invalid("TagFilters must have a key when they have values.")
        if len(each.get("Values") or []) > _VALUES:
            raise errors.invalid(f"A tag filter can have at most {_VALUES} values.")
    per_page, tags = request.get("ResourcesPerPage"), request.get("TagsPerPage")
    if per_page is not None and not 1 <= per_page <= _MOST_RESOURCES:
        raise errors.invalid(f"ResourcesPerPage must be between 1 and {_MOST_RESOURCES}.")
    if tags is not None and (not _FEWEST_TAGS <= tags <= _MOST_TAGS or tags % _FEWEST_TAGS):
        raise errors.invalid(
            f"TagsPerPage must be a multiple of {_FEWEST_TAGS} between {_FEWEST_TAGS} and {_MOST_TAGS}."
        )
    if tags is not None and per_page is not None:
        raise errors.invalid("ResourcesPerPage and TagsPerPage can not be specified together.")
    if request.get("ExcludeCompliantResources") and not request.get("IncludeComplianceDetails"):
        raise errors.invalid("ExcludeCompliantResources needs IncludeComplianceDetails.")


def _is_wanted(resource: Resource, request: Request) -> bool:
    kinds = request.get("ResourceTypeFilters") or []
    if kinds and resource.type not in kinds and resource.type.partition(":")[0] not in kinds:
        return False
    return all(_has(resource.tags, each) for each in request.get("TagFilters") or [] if each.get("Key"))


def _has(tags: Tags, wanted: Request) -> bool:
    values = wanted.get("Values") or []
    return wanted["Key"] in tags and (not values or tags[wanted["Key"]] in values)


def _limit(found: list[Resource], request: Request) -> int:
    """How many resources a page has: by their number, or by that of their tags."""
    most = request.get("TagsPerPage")
    if most is None:
        return int(request.get("ResourcesPerPage") or _PAGE)
    after = _after(request)
    count = 0
    for index, resource in enumerate(each for each in found if each.arn > after):
        count += len(resource.tags)
        if count > most:
            return max(index, 1)
    return len(found) or 1


def _told(resource: Resource, request: Request, policy: compliance.Policy | None) -> Request:
    told: Request = {
        "ResourceARN": resource.arn,
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(resource.tags.items())],
    }
    if request.get("IncludeComplianceDetails"):
        told["ComplianceDetails"] = compliance.details(policy, resource.tags)
    return told


@service.operation(transaction=False)
async def get_tag_keys(ctx: Context, request: Request) -> Request:
    """API_GetTagKeys."""
    keys = {key for resource in await tagged(ctx) for key in resource.tags}
    shown, token = _page(sorted(keys), request, _PAGE, str)
    return {"PaginationToken": token, "TagKeys": shown}


@service.operation(transaction=False)
async def get_tag_values(ctx: Context, request: Request) -> Request:
    """API_GetTagValues."""
    key = request["Key"]
    values = {resource.tags[key] for resource in await tagged(ctx) if key in resource.tags}
    shown, token = _page(sorted(values), request, _PAGE, str)
    return {"PaginationToken": token, "TagValues": shown}


def _after(request: Request) -> str:
    token = request.get("PaginationToken")
    return pages.position(token, errors.invalid_token()) if token else ""


def _page(found: list[Any], request: Request, limit: int, key: Callable[[Any], str]) -> tuple[list[Any], str]:
    """A page, and the token of the next one; AWS has an empty token on the last page."""
    after = _after(request)
    shown, token = pages.page([each for each in found if key(each) > after], limit, key)
    return list(shown), token or ""


# -- tagging


@service.operation(transaction=False)
async def tag_resources(ctx: Context, request: Request) -> Request:
    """Each with the permission to tag that its service asks for. API_TagResources."""
    given: Tags = request["Tags"]
    _check_keys(given)
    return await _change(ctx, request["ResourceARNList"], lambda tags: {**tags, **given})


@service.operation(transaction=False)
async def untag_resources(ctx: Context, request: Request) -> Request:
    """API_UntagResources."""
    gone = request["TagKeys"]
    _check_keys(gone)
    return await _change(
        ctx, request["ResourceARNList"], lambda tags: {key: tags[key] for key in tags if key not in gone}
    )


def _check_keys(given: Any) -> None:
    if any(key.lower().startswith(_RESERVED) for key in given):
        raise errors.invalid("Tag keys must not begin with aws:, which is reserved.")


async def _change(ctx: Context, arns: list[str], changed: Callable[[Tags], Tags]) -> Request:
    """Change the tags of each; what could not be done is told resource by resource."""
    if len(set(arns)) < len(arns):
        raise errors.invalid("ResourceARNList must not name a resource twice.")
    found = await named(ctx, arns)
    failed: dict[str, Request] = {}
    for arn in arns:
        resource = found.get(arn)
        try:
            if resource is None:
                raise errors.invalid(f"The resource {arn} was not found, or its type can not be tagged here.")
            await retag(ctx.at(), resource, changed(resource.tags))
        except AWSError as error:
            failed[arn] = _failure(error)
    return {"FailedResourcesMap": failed}


def _failure(error: AWSError) -> Request:
    """The codes are two, whatever the service said: its own is a part of the message."""
    if error.code == "InvalidParameterException":
        return {"StatusCode": 400, "ErrorCode": error.code, "ErrorMessage": error.message}
    status = error.status or 400
    code = "InternalServiceException" if status >= 500 else "InvalidParameterException"
    return {"StatusCode": status, "ErrorCode": code, "ErrorMessage": f"{error.code}: {error.message}"}
