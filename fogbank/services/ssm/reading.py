"""GetParameter, GetParameters, GetParametersByPath, GetParameterHistory."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context, pages
from fogbank.services.ssm import (
    encryption,
    errors,
    filters,
    limits,
    names,
    policies,
    public,
    secret_references,
    walking,
)
from fogbank.services.ssm.access import ON_PARAMETER, ON_PARAMETERS, ON_PATH
from fogbank.services.ssm.names import Reference
from fogbank.services.ssm.parameter import (
    Parameter,
    Version,
    arn,
    find_by_name,
    history,
    look_up,
    public_arn,
    version_of,
)
from fogbank.services.ssm.service import service

Request = dict[str, Any]


# -- by name


@service.operation(**ON_PARAMETER)
async def get_parameter(ctx: Context, request: Request) -> Request:
    """A parameter, in its latest version or the one that is named behind a colon. API_GetParameter."""
    return {"Parameter": await _read(ctx, request["Name"], request.get("WithDecryption", False))}


@service.operation(**ON_PARAMETERS)
async def get_parameters(ctx: Context, request: Request) -> Request:
    """Those parameters that are there, by name, and which are not. API_GetParameters."""
    found: list[Request] = []
    invalid: list[str] = []
    for name in request["Names"]:
        try:
            found.append(await _read(ctx, name, request.get("WithDecryption", False)))
        except AWSError as error:
            if error.code not in ("ParameterNotFound", "ParameterVersionNotFound"):
                raise
            invalid.append(name)
    return {"Parameters": sorted(found, key=lambda parameter: parameter["Name"]), "InvalidParameters": invalid}


async def _read(ctx: Context, text: str, decrypt: bool) -> Request:
    reference = names.parse(text)
    if reference.name.startswith(names.PUBLIC):
        return _public(ctx, reference)
    if reference.name.startswith(names.SECRETS):
        return await secret_references.read(ctx, reference, decrypt)
    parameter = await look_up(ctx, reference)
    if parameter is None:
        raise errors.parameter_not_found()
    version = await version_of(ctx, parameter, reference.selector)
    return await _shown(ctx, parameter, version, reference.selector, decrypt)


async def _shown(ctx: Context, parameter: Parameter, version: Version, selector: str, decrypt: bool) -> Request:
    return {
        "Name": parameter.name,
        "Type": version.type,
        "Value": await _value(ctx, parameter, version, decrypt),
        "Version": version.number,
        "Selector": f":{selector}" if selector else None,
        "LastModifiedDate": version.modified,
        "ARN": arn(ctx, parameter.name),
        "DataType": version.data_type,
    }


async def _value(ctx: Context, parameter: Parameter, version: Version, decrypt: bool) -> str:
    if version.key is None or not decrypt:
        return version.value
    return await encryption.unseal(ctx, parameter.name, version)


def _public(ctx: Context, reference: Reference) -> Request:
    value = public.value_of(ctx.region, reference.name)
    if value is None or reference.selector not in ("", str(public.VERSION)):
        raise errors.parameter_not_found()
    return _public_shown(ctx, reference.name, value)


def _public_shown(ctx: Context, name: str, value: str) -> Request:
    return {
        "Name": name,
        "Type": "String",
        "Value": value,
        "Version": public.VERSION,
        "LastModifiedDate": public.PUBLISHED,
        "ARN": public_arn(ctx, name),
        "DataType": public.data_type(value),
    }


# -- by path


@service.operation(**ON_PATH)
async def get_parameters_by_path(ctx: Context, request: Request) -> Request:
    """The parameters under a path, in the order of their names. API_GetParametersByPath."""
    prefix = names.check_path(request["Path"])
    recursive = request.get("Recursive", False)
    tests = filters.by_path(request.get("ParameterFilters") or [])
    after = pages.position(request["NextToken"], errors.invalid_next_token()) if request.get("NextToken") else ""
    limit = request.get("MaxResults", limits.PATH_PAGE)
    if prefix.startswith(names.PUBLIC):
        return _public_page(ctx, prefix, recursive, after, limit)
    decrypt = request.get("WithDecryption", False)
    found: list[Request] = []
    async for parameter in walking.below(ctx, prefix, recursive, after):
        chosen = tests.choose(parameter)
        if chosen is None:
            continue
        if chosen.label is not None:
            version = await version_of(ctx, parameter, chosen.label)
            found.append(await _shown(ctx, parameter, version, chosen.label, decrypt))
        else:
            found.append(await _shown(ctx, parameter, parameter.latest, "", decrypt))
        if len(found) > limit:
            break
    return _page(found, limit)


def _public_page(ctx: Context, prefix: str, recursive: bool, after: str, limit: int) -> Request:
    rows = public.below(ctx.region, prefix, recursive, after, limit + 1)
    return _page([_public_shown(ctx, name, value) for name, value in rows], limit)


def _page(found: list[Request], limit: int) -> Request:
    shown, token = pages.page(found, limit, lambda parameter: parameter["Name"])
    return {"Parameters": shown, "NextToken": token}


# -- history


@service.operation(**ON_PARAMETER)
async def get_parameter_history(ctx: Context, request: Request) -> Request:
    """All versions of a parameter that are still kept, oldest first. API_GetParameterHistory."""
    parameter = await find_by_name(ctx, request)
    token = request.get("NextToken")
    after = int(pages.position(token, errors.invalid_next_token())) if token else 0
    limit = request.get("MaxResults", limits.PAGE)
    rows = [*await history.scan(ctx, parameter.name, after=(after,)), parameter.latest]
    rows = [version for version in rows if version.number > after]
    shown, following = pages.page(rows, limit, lambda version: str(version.number))
    decrypt = request.get("WithDecryption", False)
    entries = [await _entry(ctx, parameter, version, decrypt) for version in shown]
    return {"Parameters": entries, "NextToken": following}


async def _entry(ctx: Context, parameter: Parameter, version: Version, decrypt: bool) -> Request:
    return {
        "Name": parameter.name,
        "Type": version.type,
        "KeyId": version.key,
        "LastModifiedDate": version.modified,
        "LastModifiedUser": version.user,
        "Description": version.description,
        "Value": await _value(ctx, parameter, version, decrypt),
        "AllowedPattern": version.pattern,
        "Version": version.number,
        "Labels": parameter.labels_of(version.number),
        "Tier": version.tier,
        "Policies": policies.shown(version.policies),
        "DataType": version.data_type,
    }
