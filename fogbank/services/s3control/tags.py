"""Tags of what S3 Control has, and of buckets: https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging.html

tags   arn   -> a resource's tags; a bucket keeps its own
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from fogbank.identity import storage_access
from fogbank.kernel import Collection, Context, Record
from fogbank.services.s3control import accounts, errors
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]
Entries = list[dict[str, str]]
Exists = Callable[[Context, str], Awaitable[bool]]

_MOST = 50
_ARN = re.compile(r"arn:(aws[\w-]*):(s3|s3express):([a-z0-9-]*):(\d{12})?:?(.+)")


class Tags(Record, frozen=True):
    values: dict[str, str]


_tags: Collection[Tags] = service.collection("tags", Tags)

_ON: dict[str, Any] = accounts.on("{ResourceArn}")


# What can be tagged: by how the last part of its ARN begins, whether there is one of a name.
_kinds: dict[str, Exists] = {}


# -- for the resources themselves


def kind(prefix: str, exists: Exists) -> None:
    """Declare that what has ARNs that end in `prefix` and a name can be tagged."""
    _kinds[prefix] = exists


def checked(entries: Entries, most: int = _MOST) -> dict[str, str]:
    """Tags as a map. Raises InvalidTag for a key that is there twice or AWS's own, TooManyTags."""
    values = {entry["Key"]: entry["Value"] for entry in entries}
    if len(values) < len(entries):
        raise errors.invalid_tag(
            "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again."
        )
    if any(key.lower().startswith("aws:") for key in values):
        raise errors.invalid_tag(
            'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags.'
        )
    if len(values) > most:
        raise errors.too_many_tags(most)
    return values


def put_new(home: Context, arn: str, entries: Entries | None) -> None:
    """The tags that a resource is created with."""
    put(home, arn, checked(entries or []))


def put(home: Context, arn: str, values: dict[str, str]) -> None:
    if values:
        _tags.put(home, Tags(values), arn)
    else:
        _tags.delete(home, arn)


def forget(home: Context, arn: str) -> None:
    _tags.delete(home, arn)


async def of(home: Context, arn: str) -> dict[str, str]:
    found = await _tags.get(home, arn)
    return {} if found is None else dict(found.values)


def as_entries(values: dict[str, str]) -> Entries:
    return [{"Key": key, "Value": value} for key, value in values.items()]


# -- operations


@service.operation(**_ON)
async def tag_resource(ctx: Context, request: Request) -> Answer:
    """Errors: InvalidRequest, NoSuchResource, InvalidTag, TooManyTags."""
    new = checked(request["Tags"])
    home, arn = await _existing(ctx, request)
    merged = {**await _current(home, arn), **new}
    if len(merged) > _MOST:
        raise errors.too_many_tags(_MOST)
    await _write(home, arn, merged)
    return {}


@service.operation(**_ON)
async def untag_resource(ctx: Context, request: Request) -> Answer:
    home, arn = await _existing(ctx, request)
    gone = set(request["TagKeys"])
    await _write(home, arn, {key: value for key, value in (await _current(home, arn)).items() if key not in gone})
    return {}


@service.operation(**_ON)
async def list_tags_for_resource(ctx: Context, request: Request) -> Answer:
    home, arn = await _existing(ctx, request)
    return {"Tags": as_entries(await _current(home, arn))}


async def _existing(ctx: Context, request: Request) -> tuple[Context, str]:
    """The resource that a request names, and its account's context. Raises InvalidRequest and NoSuchResource."""
    home, arn = accounts.home(ctx, request), request["ResourceArn"]
    found = _ARN.fullmatch(arn)
    if found is None:
        raise errors.invalid_request("The specified resource ARN is not valid.")
    partition, _, region, account, resource = found.groups()
    if partition != ctx.partition:
        raise errors.invalid_request("The AWS partition in the resourceArn is invalid.")
    if account is not None and account != home.account:
        raise errors.invalid_request(
            "The AWS account in the resource ARN doesn't match the account ID that's specified in this request."
        )
    if region and region != ctx.region:
        raise errors.invalid_request(
            "The AWS Region in the resource ARN doesn't match the Region that's specified in this request."
        )
    bucket = _bucket_of(arn)
    if not await (_exists(home, resource) if bucket is None else _bucket_exists(home, bucket)):
        raise errors.no_such_resource()
    return home, arn


async def _exists(home: Context, resource: str) -> bool:
    fitting = [prefix for prefix in _kinds if resource.startswith(prefix)]
    if not fitting:
        return False
    prefix = max(fitting, key=len)
    return await _kinds[prefix](home, resource.removeprefix(prefix))


async def _bucket_exists(home: Context, name: str) -> bool:
    place = await storage_access.buckets(home.app).place(home, name)
    return place is not None and place.account == home.account


def _bucket_of(arn: str) -> str | None:
    """The bucket that an ARN is of. Resources other than buckets have an account in theirs, and so have directory buckets."""
    _, _, service_name, _, account, resource = arn.split(":", 5)
    if service_name == "s3express" and resource.startswith("bucket/"):
        return resource.removeprefix("bucket/")
    return None if account else resource


async def _current(home: Context, arn: str) -> dict[str, str]:
    bucket = _bucket_of(arn)
    return await of(home, arn) if bucket is None else await storage_access.buckets(home.app).tags(home, bucket)


async def _write(home: Context, arn: str, values: dict[str, str]) -> None:
    bucket = _bucket_of(arn)
    if bucket is None:
        put(home, arn, values)
    else:
        await storage_access.buckets(home.app).set_tags(home, bucket, values)
