"""Tags of trails: AddTags, RemoveTags, ListTags."""

from __future__ import annotations

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.services.cloudtrail import errors, limits
from fogbank.services.cloudtrail.service import service
from fogbank.services.cloudtrail.trail import Request, Trail, find, save

Tags = dict[str, str]


def checked(present: Tags, given: list[dict[str, str]]) -> Tags:
    """The tags with those of a request added. Raises InvalidTagParameterException, TagsLimitExceededException."""
    keys = [tag["Key"] for tag in given]
    if len(set(keys)) < len(keys):
        raise errors.invalid_tag("Tag keys must be unique.")
    if any(key.lower().startswith("aws:") for key in keys):
        raise errors.invalid_tag("Tag keys beginning with aws: are reserved for system use.")
    tags = {**present, **{tag["Key"]: tag.get("Value") or "" for tag in given}}
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags()
    return tags


def _resource(ctx: Context, request: Request) -> str:
    return str(request["ResourceId"])


async def _tags(ctx: Context, request: Request) -> Tags:
    return (await _find(ctx, request["ResourceId"])).tags


async def _find(ctx: Context, arn: str) -> Trail:
    """Raises CloudTrailARNInvalidException, ResourceNotFoundException."""
    if not arn.startswith("arn:"):
        raise errors.invalid_arn(arn)
    try:
        return await find(ctx, arn)
    except AWSError as error:
        if error.code == "TrailNotFoundException":
            raise errors.resource_not_found(arn) from error
        raise


@service.operation(resource=_resource, tags=_tags)
async def add_tags(ctx: Context, request: Request) -> None:
    """API_AddTags."""
    trail = await _find(ctx, request["ResourceId"])
    save(ctx, msgspec.structs.replace(trail, tags=checked(trail.tags, request["TagsList"])))


@service.operation(resource=_resource, tags=_tags)
async def remove_tags(ctx: Context, request: Request) -> None:
    """A tag goes by its key, whatever its value. API_RemoveTags."""
    trail = await _find(ctx, request["ResourceId"])
    gone = {tag["Key"] for tag in request["TagsList"]}
    save(ctx, msgspec.structs.replace(trail, tags={key: value for key, value in trail.tags.items() if key not in gone}))


@service.operation(resource=lambda ctx, request: request["ResourceIdList"])
async def list_tags(ctx: Context, request: Request) -> Request:
    """API_ListTags."""
    found = [await _find(ctx, arn) for arn in request["ResourceIdList"]]
    return {
        "ResourceTagList": [
            {
                "ResourceId": trail.arn(ctx),
                "TagsList": [{"Key": key, "Value": value} for key, value in trail.tags.items()],
            }
            for trail in found
        ]
    }
