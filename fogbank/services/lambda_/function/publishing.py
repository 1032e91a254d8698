"""Published versions: what the unpublished one is at that moment, under a number, for good."""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.capacity import scaling_configs
from fogbank.services.lambda_.function import configurations
from fogbank.services.lambda_.package import code
from fogbank.services.lambda_.records import (
    ON_FUNCTION,
    PENDING,
    Answer,
    Function,
    Request,
    check_revision,
    counters,
    functions,
    key_of,
    named,
    updatable,
)
from fogbank.services.lambda_.service import service


@service.operation(transaction=False, **ON_FUNCTION)
async def publish_version(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html"""
    of = named(ctx, request)
    check_target(request)

    async def work() -> Answer:
        function = await updatable(of)
        check_revision(function, request)
        if request.get("CodeSha256") not in (None, "", code.sha256(function.code)):
            raise errors.invalid_parameter(
                f"CodeSHA256 ({request['CodeSha256']}) is different from current CodeSHA256 in $LATEST "
                f"({code.sha256(function.code)}). Please try again with the CodeSHA256 in $LATEST."
            )
        published = await publish(of.scope, function, request.get("Description") or function.config["Description"])
        return await configurations.described(of.scope, published, published.version)

    return await of.scope.transact(work)


def check_target(request: Request) -> None:
    if request.get("PublishTo"):
        raise errors.invalid_parameter("PublishTo is not supported by Fogbank: versions are published by number.")


def _is_same(one: Function, other: Function) -> bool:
    """Have the versions the same code and configuration? What they are called does not count."""
    if one.build == other.build:
        return True
    described = {"Description": ""}
    return (
        (one.code.sha256, one.code.image, one.code.key) == (other.code.sha256, other.code.image, other.code.key)
        and not other.code.directory
        and {**one.config, **described} == {**other.config, **described}
        and [each.arn for each in one.layers] == [each.arn for each in other.layers]
        and one.sealed == other.sealed
    )


async def publish(scope: Context, function: Function, description: str) -> Function:
    """The unpublished version under the next number; the last published one, when nothing has changed since."""
    number = await counters.get(scope, function.name) or 0
    last = await functions.get(scope, function.name, key_of(str(number))) if number else None
    if last is not None and _is_same(last, function):
        return last
    number += 1
    counters.put(scope, number, function.name)
    copied = code.linked(scope, function.code)
    used = [msgspec.structs.replace(each, code=code.linked(scope, each.code)) for each in function.layers]
    config = {**function.config, "Description": description}
    published = msgspec.structs.replace(
        function, version=str(number), config=config, code=copied, layers=used, revision=scope.ids.uuid()
    )
    if published.snap_starts:
        published = msgspec.structs.replace(
            published, state=PENDING, state_reason="The function is being created.", state_code="Creating"
        )
    functions.put(scope, published, published.name, key_of(published.version))
    await scope.schedule("settle", {"name": published.name, "version": published.version})
    await scaling_configs.published(scope, published)
    return published
