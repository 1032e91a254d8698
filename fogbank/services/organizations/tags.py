"""Tags of accounts, roots, units, policies, the resource policy and transfers: TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogbank.kernel import Context
from fogbank.services.organizations import errors, limits, listing, tree
from fogbank.services.organizations.calling import DELEGATES, READERS, operation
from fogbank.services.organizations.organization import Organization, arn, arn_of
from fogbank.services.organizations.policy import arn_of_policy, policies
from fogbank.services.organizations.records import resource_policies
from fogbank.services.organizations.records import tags as collection
from fogbank.services.organizations.transfer import arn_of_transfer, transfers

Request = dict[str, Any]
Tags = dict[str, str]


def checked(present: Mapping[str, str], request: Request) -> Tags:
    """The tags of a resource with those of a request added. Raises InvalidInputException, ConstraintViolationException."""
    added = request.get("Tags") or []
    keys = [tag["Key"] for tag in added]
    if len(set(keys)) < len(keys):
        raise errors.duplicate_tag_key()
    if any(key.lower().startswith("aws:") for key in keys):
        raise errors.system_tag()
    tags = {**present, **{tag["Key"]: tag["Value"] for tag in added}}
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags()
    return tags


def keep(ctx: Context, tags: Tags, id: str) -> None:
    """Keep the tags of a resource, if it has any."""
    if tags:
        collection.put(ctx, tags, id)
    else:
        collection.delete(ctx, id)


async def _resource(ctx: Context, organization: Organization, request: Request) -> str:
    id = request["ResourceId"]
    if id.startswith("p-"):
        return await arn_of_policy(ctx, organization, id)
    if id.startswith("rp-"):
        return arn(ctx, organization, "resourcepolicy", id)
    if id.startswith("rt-"):
        return await arn_of_transfer(ctx, organization, id)
    return arn_of(ctx, organization, id)


async def _check_exists(ctx: Context, id: str) -> None:
    """Raises TargetNotFoundException."""
    if id.startswith("rp-"):
        policy = await resource_policies.get(ctx)
        found = policy is not None and policy.id == id
    elif id.startswith("rt-"):
        found = await transfers.get(ctx, id) is not None
    else:
        found = await (policies if id.startswith("p-") else tree.nodes).get(ctx, id) is not None
    if not found:
        raise errors.target_not_found()


@operation(DELEGATES, _resource)
async def tag_resource(ctx: Context, organization: Organization, request: Request) -> None:
    """API_TagResource."""
    id = request["ResourceId"]
    await _check_exists(ctx, id)
    keep(ctx, checked(await collection.get(ctx, id) or {}, request), id)


@operation(DELEGATES, _resource)
async def untag_resource(ctx: Context, organization: Organization, request: Request) -> None:
    """API_UntagResource."""
    id = request["ResourceId"]
    await _check_exists(ctx, id)
    present = await collection.get(ctx, id) or {}
    keep(ctx, {key: value for key, value in present.items() if key not in request["TagKeys"]}, id)


@operation(READERS, _resource)
async def list_tags_for_resource(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_ListTagsForResource."""
    id = request["ResourceId"]
    await _check_exists(ctx, id)
    present = sorted((await collection.get(ctx, id) or {}).items())
    # all tags of a resource are one page
    shown, more = listing.page_of_all({**request, "MaxResults": limits.TAGS}, present, lambda tag: tag[0])
    return {"Tags": [{"Key": key, "Value": value} for key, value in shown], **more}
