"""What a group is of: resources with certain tags, or those of a stack.

https://docs.aws.amazon.com/ARG/latest/userguide/getting_started-query.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.resource_groups import errors

Request = dict[str, Any]

_ALL = "AWS::AllSupported"
_TAGS = "TAG_FILTERS_1_0"


def checked(query: Request) -> Request:
    """The parsed text of a query. Raises BadRequestException."""
    try:
        parsed = orjson.loads(query["Query"])
    except orjson.JSONDecodeError as error:
        raise errors.invalid_query("the query is not JSON.") from error
    if not isinstance(parsed, dict):
        raise errors.invalid_query("the query is not a JSON object.")
    kinds = parsed.get("ResourceTypeFilters")
    if not isinstance(kinds, list) or not kinds or not all(isinstance(kind, str) for kind in kinds):
        raise errors.invalid_query("ResourceTypeFilters is missing or not a list of resource types.")
    if query["Type"] == _TAGS:
        _check_filters(parsed.get("TagFilters"))
    elif not isinstance(parsed.get("StackIdentifier"), str):
        raise errors.invalid_query("StackIdentifier is missing.")
    return parsed


def _check_filters(filters: Any) -> None:
    if not isinstance(filters, list) or not filters:
        raise errors.invalid_query("TagFilters is missing or not a list.")
    for each in filters:
        if (
            not isinstance(each, dict)
            or not isinstance(each.get("Key"), str)
            or not isinstance(each.get("Values", []), list)
        ):
            raise errors.invalid_query("a tag filter needs a Key, and Values in a list.")


async def found(ctx: Context, query: Request) -> tuple[list[tuple[str, str]], list[Request]]:
    """(ARN and type of each resource, errors of the query), with the permissions of the caller. Outside of transactions."""
    parsed = checked(query)
    wanted = set(parsed["ResourceTypeFilters"])
    if query["Type"] == _TAGS:
        resources = [each for each in await _resources(ctx) if _has(each.tags, parsed["TagFilters"])]
        return [(each.arn, each.kind.name) for each in resources if _ALL in wanted or each.kind.name in wanted], []
    try:
        stack = await ctx.transact(_stack, ctx, parsed["StackIdentifier"])
    except AWSError as error:
        told = {"ErrorCode": "CLOUDFORMATION_STACK_NOT_EXISTING", "Message": error.message}
        return [], [told]
    members = [each for each in await _resources(ctx, "all") if (each.kind.name, _reference(each)) in stack]
    return [(each.arn, each.kind.name) for each in members if _ALL in wanted or each.kind.name in wanted], []


async def _resources(ctx: Context, what: str = "tagged") -> list[Any]:
    tagging = ctx.app.services["resourcegroupstaggingapi"]
    return await tagging.provided[what](ctx)  # type: ignore[no-any-return]


def _has(tags: dict[str, str], filters: list[Request]) -> bool:
    return all(
        each["Key"] in tags and (not each.get("Values") or tags[each["Key"]] in each["Values"]) for each in filters
    )


def _reference(resource: Any) -> str:
    return str(resource.kind.ref(resource.identifier, resource.properties))


async def _stack(ctx: Context, stack: str) -> set[tuple[str, str]]:
    """Type and physical id of each resource of a stack."""
    answer = await ctx.call("cloudformation", "DescribeStackResources", {"StackName": stack}, as_caller=True)
    return {(each["ResourceType"], each.get("PhysicalResourceId", "")) for each in answer["StackResources"]}
