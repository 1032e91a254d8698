"""Object Lambda Access Points: what is read through them, a function makes of what there is.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/transforming-objects.html. What happens when something is read is S3's: see
`s3/object_lambda.py`.

    object-lambda   name    -> ObjectLambdaAccessPoint  (of `fogbank.identity.storage_access`)
    aliases         alias   -> whose it is
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.identity import storage_access
from fogbank.identity.storage_access import OBJECT_LAMBDA, Alias, ObjectLambdaAccessPoint, aliases, object_lambda
from fogbank.kernel import Context, pages
from fogbank.kernel.errors import not_implemented
from fogbank.services.s3control import accounts, blocks, errors, policies
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace

_ON: dict[str, Any] = accounts.on("arn:aws:s3-object-lambda:{region}:{account}:accesspoint/{Name}")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_RANDOM = 34
_NAME = 63 - len(OBJECT_LAMBDA) - _RANDOM - 1
# Nobody can change this block: a public policy is never taken.
_BLOCK = (True, True, True, True)


async def _find(ctx: Context, request: Request) -> tuple[Context, ObjectLambdaAccessPoint]:
    home = accounts.home(ctx, request)
    found = await object_lambda.get(home, request["Name"])
    if found is None:
        raise errors.no_such_access_point(request["Name"])
    return home, found


async def _check(home: Context, configuration: Request) -> None:
    """Refuse a configuration that could not work."""
    function_service = home.app.services.get("lambda")
    if function_service is None or "invoke" not in function_service.operations:
        raise not_implemented("lambda", "Invoke")
    if await storage_access.find(home, configuration["SupportingAccessPoint"]) is None:
        raise errors.no_such_access_point(configuration["SupportingAccessPoint"])
    actions = [action for each in configuration["TransformationConfigurations"] for action in each["Actions"]]
    if not actions or len(actions) != len(set(actions)):
        raise errors.invalid_request("Each action must be configured once.")
    for each in configuration["TransformationConfigurations"]:
        if not (each["ContentTransformation"].get("AwsLambda") or {}).get("FunctionArn"):
            raise errors.invalid_request("A transformation needs the ARN of a function.")


@service.operation(**_ON)
async def create_access_point_for_object_lambda(ctx: Context, request: Request) -> Answer:
    """Errors: AccessPointAlreadyOwnedByYou, NoSuchAccessPoint for a supporting one that is not there."""
    home, name = accounts.home(ctx, request), request["Name"]
    if await object_lambda.get(home, name) is not None:
        raise errors.access_point_already_owned(name)
    await _check(home, request["Configuration"])
    random = "".join(home.ids.choice(_ALPHABET) for _ in range(_RANDOM))
    alias = f"{name[:_NAME].rstrip('-')}-{random}{OBJECT_LAMBDA}"
    made = ObjectLambdaAccessPoint(name, home.account, home.region, alias, home.now(), request["Configuration"])
    object_lambda.put(home, made, name)
    aliases.put(home, Alias("object-lambda", home.account, home.region, name), alias)
    return {"ObjectLambdaAccessPointArn": made.arn, "Alias": {"Value": alias, "Status": "READY"}}


@service.operation(**_ON)
async def delete_access_point_for_object_lambda(ctx: Context, request: Request) -> Answer:
    home, found = await _find(ctx, request)
    object_lambda.delete(home, found.name)
    aliases.delete(home, found.alias)
    return {}


@service.operation(**_ON)
async def get_access_point_for_object_lambda(ctx: Context, request: Request) -> Answer:
    _, found = await _find(ctx, request)
    return {
        "Name": found.name,
        "PublicAccessBlockConfiguration": blocks.document_of(_BLOCK),
        "CreationDate": found.created,
        "Alias": {"Value": found.alias, "Status": "READY"},
    }


@service.operation(**accounts.ON_ACCOUNT)
async def list_access_points_for_object_lambda(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    limit = accounts.limit_of(request)
    found = await object_lambda.scan(home, after=accounts.after_of(request), limit=limit + 1)
    shown, token = pages.page(found, limit, lambda each: each.name)
    entries = [
        {
            "Name": each.name,
            "ObjectLambdaAccessPointArn": each.arn,
            "Alias": {"Value": each.alias, "Status": "READY"},
        }
        for each in shown
    ]
    return {"ObjectLambdaAccessPointList": entries, "NextToken": token}


# -- configuration and policy


@service.operation(**_ON)
async def put_access_point_configuration_for_object_lambda(ctx: Context, request: Request) -> Answer:
    home, found = await _find(ctx, request)
    await _check(home, request["Configuration"])
    object_lambda.put(home, replace(found, configuration=request["Configuration"]), found.name)
    return {}


@service.operation(**_ON)
async def get_access_point_configuration_for_object_lambda(ctx: Context, request: Request) -> Answer:
    _, found = await _find(ctx, request)
    return {"Configuration": found.configuration}


@service.operation(**_ON)
async def put_access_point_policy_for_object_lambda(ctx: Context, request: Request) -> Answer:
    """Errors: MalformedPolicy; AccessDenied for a public policy."""
    home, found = await _find(ctx, request)
    text = request["Policy"]
    policies.checked(text, found.arn, ("s3-object-lambda:",))
    if policies.is_public(text):
        raise errors.access_denied()
    object_lambda.put(home, replace(found, policy=text), found.name)
    return {}


@service.operation(**_ON)
async def get_access_point_policy_for_object_lambda(ctx: Context, request: Request) -> Answer:
    return {"Policy": await _policy(ctx, request)}


async def _policy(ctx: Context, request: Request) -> str:
    _, found = await _find(ctx, request)
    if not found.policy:
        raise errors.no_such_access_point_policy(found.name)
    return found.policy


@service.operation(**_ON)
async def delete_access_point_policy_for_object_lambda(ctx: Context, request: Request) -> Answer:
    home, found = await _find(ctx, request)
    object_lambda.put(home, replace(found, policy=""), found.name)
    return {}


@service.operation(**_ON)
async def get_access_point_policy_status_for_object_lambda(ctx: Context, request: Request) -> Answer:
    return {"PolicyStatus": {"IsPublic": policies.is_public(await _policy(ctx, request))}}
