"""Tags of tables: rows at (table name), a map of tag keys to values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.kernel import Record
from fogbank.services.dynamodb import errors, limits, table_errors
from fogbank.services.dynamodb.schema import tables
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]
TagList = list[dict[str, str]]


class Tags(Record, frozen=True):
    tags: dict[str, str]


collection = service.collection("tags", Tags)


async def named_tags(ctx: Context, request: Document) -> dict[str, str]:
    """The tags of the table that a request names, by whichever name or ARN: for the decision about it."""
    named: str = request.get("TableName") or request.get("ResourceArn") or ""
    return await tags_of(ctx, named.rpartition("/")[2])


def resource_arn(ctx: Context, request: Document) -> str:
    return request["ResourceArn"]


@service.operation(resource=resource_arn, tags=named_tags)
async def tag_resource(ctx: Context, request: Document) -> None:
    name = await _tagged(ctx, request)
    given = request["Tags"]
    check(given)
    merged = {**await tags_of(ctx, name), **{tag["Key"]: tag["Value"] for tag in given}}
    if len(merged) > limits.TAGS:
        raise _too_many()
    _put(ctx, name, merged)


@service.operation(resource=resource_arn, tags=named_tags)
async def untag_resource(ctx: Context, request: Document) -> None:
    name = await _tagged(ctx, request)
    tags = await tags_of(ctx, name)
    _put(ctx, name, {key: value for key, value in tags.items() if key not in request["TagKeys"]})


@service.operation(resource=resource_arn, tags=named_tags)
async def list_tags_of_resource(ctx: Context, request: Document) -> Document:
    """All of a table's tags in one page, since there are not many."""
    if request.get("NextToken"):
        raise errors.validation("Invalid pagination token provided")
    tags = await tags_of(ctx, await _tagged(ctx, request))
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


async def _tagged(ctx: Context, request: Document) -> str:
    """The name of the table that a request names by its ARN."""
    arn: str = request["ResourceArn"]
    prefix, _, name = arn.partition(":table/")
    if not arn.startswith("arn:") or ":dynamodb:" not in prefix or not name:
        raise errors.validation(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    table = await tables.get(ctx, name)
    if table is None or table.arn != arn:
        raise table_errors.no_such_arn(arn)
    return name


async def tags_of(ctx: Context, name: str) -> dict[str, str]:
    record = await collection.get(ctx, name)
    return {} if record is None else record.tags


def replace(ctx: Context, name: str, tags: TagList) -> None:
    """Give a table these tags and no other."""
    _put(ctx, name, {tag["Key"]: tag["Value"] for tag in tags})


def _put(ctx: Context, name: str, tags: dict[str, str]) -> None:
    if tags:
        collection.put(ctx, Tags(tags), name)
    else:
        collection.delete(ctx, name)


def check(tags: TagList) -> None:
    """Refuse reserved and repeated keys, and too many tags."""
    keys = [tag["Key"] for tag in tags]
    if any(key.lower().startswith("aws:") for key in keys):
        raise errors.invalid_parameters("Tag keys that begin with aws: are reserved")
    if len(set(keys)) < len(keys):
        raise errors.invalid_parameters("Duplicate tag keys")
    if len(keys) > limits.TAGS:
        raise _too_many()


def _too_many() -> errors.AWSError:
    return errors.invalid_parameters(f"Too many tags: the limit is {limits.TAGS} tags per resource")
