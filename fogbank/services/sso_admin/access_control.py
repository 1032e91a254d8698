"""Attributes for access control: which attributes of a user become tags of its sessions.

access_control    (instance)    Configuration

https://docs.aws.amazon.com/singlesignon/latest/userguide/abac.html
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.identity.workforce import workforce
from fogbank.kernel import Context, Record
from fogbank.services.sso_admin import errors, limits
from fogbank.services.sso_admin.instance import ON_INSTANCE, Instance, find
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]

_CONFIGURATION = "InstanceAccessControlAttributeConfiguration"
# `${path:name.familyName}`, `${path:emails[primary eq true].value}`
_SOURCE = re.compile(r"\$\{path:([\w.]+?)(?:\[primary eq true\])?(?:\.(\w+))?\}")
_ENTERPRISE = "aws:identitystore:enterprise"
_LONGEST_TAG = 256


class Configuration(Record, frozen=True):
    """Sources by the keys of the tags that they become."""

    sources: dict[str, str]


configurations = service.collection("access_control", Configuration, scope="account")


def _given(request: Request) -> Configuration:
    """Raises ValidationException, ServiceQuotaExceededException."""
    listed = request[_CONFIGURATION]["AccessControlAttributes"]
    sources = {attribute["Key"]: attribute["Value"]["Source"][0] for attribute in listed}
    if len(sources) < len(listed):
        raise errors.invalid("The keys of attributes for access control must be unique.")
    if len(sources) > limits.ACCESS_CONTROL_ATTRIBUTES:
        raise errors.too_many("attributes for access control", limits.ACCESS_CONTROL_ATTRIBUTES)
    return Configuration(sources)


async def _find(ctx: Context, request: Request) -> tuple[Instance, Configuration]:
    instance = await find(ctx, request)
    present = await configurations.get(ctx, instance.id)
    if present is None:
        raise errors.not_found("Attributes for access control are not enabled for this instance.")
    return instance, present


@service.operation(**ON_INSTANCE)
async def create_instance_access_control_attribute_configuration(ctx: Context, request: Request) -> Request:
    """Raises ConflictException when there is a configuration. API_CreateInstanceAccessControlAttributeConfiguration."""
    instance = await find(ctx, request)
    if await configurations.get(ctx, instance.id) is not None:
        raise errors.conflict("Attributes for access control are already enabled for this instance.")
    configurations.put(ctx, _given(request), instance.id)
    return {}


@service.operation(**ON_INSTANCE)
async def describe_instance_access_control_attribute_configuration(ctx: Context, request: Request) -> Request:
    """API_DescribeInstanceAccessControlAttributeConfiguration."""
    _, present = await _find(ctx, request)
    listed = [{"Key": key, "Value": {"Source": [source]}} for key, source in present.sources.items()]
    return {"Status": "ENABLED", _CONFIGURATION: {"AccessControlAttributes": listed}}


@service.operation(**ON_INSTANCE)
async def update_instance_access_control_attribute_configuration(ctx: Context, request: Request) -> Request:
    """API_UpdateInstanceAccessControlAttributeConfiguration."""
    instance, _ = await _find(ctx, request)
    configurations.put(ctx, _given(request), instance.id)
    return {}


@service.operation(**ON_INSTANCE)
async def delete_instance_access_control_attribute_configuration(ctx: Context, request: Request) -> Request:
    """API_DeleteInstanceAccessControlAttributeConfiguration."""
    instance, _ = await _find(ctx, request)
    configurations.delete(ctx, instance.id)
    return {}


# -- the tags of sessions


async def session_tags(ctx: Context, instance: str, store: str, user: str) -> dict[str, str]:
    """The tags of a user's sessions: of attributes that it has. `ctx` is at home at the instance (its id)."""
    present = await configurations.get(ctx, instance)
    if present is None:
        return {}
    attributes = await workforce(ctx).attributes(ctx, store, user)
    found = {key: _value(attributes, source) for key, source in present.sources.items()}
    return {key: value[:_LONGEST_TAG] for key, value in found.items() if value}


def _value(attributes: dict[str, Any], source: str) -> str:
    """What a source says of a user; empty when it says nothing."""
    found = _SOURCE.fullmatch(source)
    if found is None:
        return ""
    path, last = found.groups()
    at: Any = attributes
    for name in (*path.split("."), *([last] if last else [])):
        at = at[0] if isinstance(at, list) and at else at
        at = _inside(at, name)
    return at if isinstance(at, str) else ""


def _inside(node: Any, name: str) -> Any:
    if not isinstance(node, dict):
        return None
    if name == "enterprise":
        return node.get("Extensions", {}).get(_ENTERPRISE)
    return node.get(name, node.get(name[:1].upper() + name[1:]))
