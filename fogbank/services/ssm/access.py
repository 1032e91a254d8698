"""What the decision about a request needs to know of Parameter Store: ARNs, owner, tags, condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.ssm import names
from fogbank.services.ssm.parameter import arn, arn_in, look_up, public_arn

Request = dict[str, Any]


def _arn_of(ctx: Context, text: str) -> str:
    reference = names.parse(text)
    if reference.name.startswith(names.PUBLIC):
        return public_arn(ctx, reference.name)
    return arn_in(ctx, reference.account or ctx.account, reference.name)


def named_arn(ctx: Context, request: Request) -> str:
    return _arn_of(ctx, request["Name"])


def named_arns(ctx: Context, request: Request) -> list[str]:
    return [_arn_of(ctx, name) for name in request["Names"]]


def new_arn(ctx: Context, request: Request) -> str:
    return arn(ctx, request["Name"].strip())


def path_arn(ctx: Context, request: Request) -> str:
    return arn(ctx, request["Path"].strip())


def tagged_arn(ctx: Context, request: Request) -> str:
    """Of a parameter; other resources are named by their type (`arn:...:document/x`)."""
    kind = request["ResourceType"].lower()
    return f"arn:{ctx.partition}:ssm:{ctx.region}:{ctx.account}:{kind}/{request['ResourceId'].removeprefix('/')}"


def setting_arn(ctx: Context, request: Request) -> str:
    setting = request["SettingId"].rpartition("servicesetting")[2]
    return f"arn:{ctx.partition}:ssm:{ctx.region}:{ctx.account}:servicesetting/{setting.removeprefix('/')}"


async def owner(ctx: Context, request: Request) -> str:
    """Whose the named parameter is: another account's can be named by ARN."""
    return names.parse(request["Name"]).account or ctx.account


async def owner_of_all(ctx: Context, request: Request) -> str:
    accounts = {names.parse(name).account or ctx.account for name in request["Names"]}
    return next(iter(accounts - {ctx.account}), ctx.account)


async def tags(ctx: Context, request: Request) -> dict[str, str]:
    parameter = await look_up(ctx, names.parse(request.get("Name") or request["ResourceId"]))
    return {} if parameter is None else parameter.tags


def condition_keys(ctx: Context, request: Request) -> dict[str, str]:
    found = {
        f"ssm:{member}": str(request[member]).lower() for member in ("Overwrite", "Recursive") if member in request
    }
    if "Policies" in request:
        found["ssm:Policies"] = request["Policies"]
    return found


# -- options of operations

ON_PARAMETER: dict[str, Any] = {"resource": named_arn, "owner": owner, "tags": tags, "keys": condition_keys}
ON_NEW: dict[str, Any] = {"resource": new_arn, "tags": tags, "keys": condition_keys}
ON_PARAMETERS: dict[str, Any] = {"resource": named_arns, "owner": owner_of_all}
ON_PATH: dict[str, Any] = {"resource": path_arn, "keys": condition_keys}
ON_TAGGED: dict[str, Any] = {"resource": tagged_arn, "tags": tags}
ON_SETTING: dict[str, Any] = {"resource": setting_arn}
