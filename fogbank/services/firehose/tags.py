"""Tags of delivery streams."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.firehose import errors, limits
from fogbank.services.firehose.records import ON_STREAM, Answer, Request, change, find
from fogbank.services.firehose.service import service

Tags = dict[str, str]


def checked(before: Tags, given: list[dict[str, str]]) -> Tags:
    """The tags with those that are given. Raises LimitExceededException, InvalidArgumentException."""
    keys = [tag["Key"] for tag in given]
    if len(set(keys)) < len(keys):
        raise errors.invalid("Some tags have the same key.")
    merged = {**before, **{tag["Key"]: tag.get("Value") or "" for tag in given}}
    if len(merged) > limits.TAGS:
        raise errors.too_many_tags(limits.TAGS)
    return merged


@service.operation(**ON_STREAM)
async def tag_delivery_stream(ctx: Context, request: Request) -> None:
    stream = await find(ctx, request["DeliveryStreamName"])
    change(ctx, stream, tags=checked(stream.tags, request["Tags"]))


@service.operation(**ON_STREAM)
async def untag_delivery_stream(ctx: Context, request: Request) -> None:
    stream = await find(ctx, request["DeliveryStreamName"])
    change(ctx, stream, tags={key: value for key, value in stream.tags.items() if key not in request["TagKeys"]})


@service.operation(**ON_STREAM)
async def list_tags_for_delivery_stream(ctx: Context, request: Request) -> Answer:
    stream = await find(ctx, request["DeliveryStreamName"])
    start = request.get("ExclusiveStartTagKey") or ""
    found = [key for key in sorted(stream.tags) if key > start]
    shown = found[: request.get("Limit") or limits.LISTED_TAGS]
    return {
        "Tags": [{"Key": key, "Value": stream.tags[key]} for key in shown],
        "HasMoreTags": len(found) > len(shown),
    }
