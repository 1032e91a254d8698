"""The properties of resources between a template and their handlers: as the schema wants them, and with the stack's tags.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import resource_schemas
from fogbank.kernel.resource_types import Properties
from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.records import Stack
from fogbank.services.cloudformation.templates.functions import KNOWN_AFTER_APPLY


def completed(stack: Stack, type_name: str, given: Properties) -> Properties:
    """What a template gives, read as the type's schema wants it. Tags of the stack are under those of the resource itself."""
    found = resource_schemas.fitted(type_name, given, KNOWN_AFTER_APPLY)
    member = resource_schemas.tags_member(type_name)
    if member is None or not stack.tags:
        return found
    name, is_map = member
    own = found.get(name)
    return found | {name: _as_map(stack.tags, own) if is_map else _as_list(stack.tags, own)}


def _as_map(tags: dict[str, str], own: Any) -> Any:
    return {**tags, **own} if isinstance(own, dict) else own or tags


def _as_list(tags: dict[str, str], own: Any) -> Any:
    if own is not None and not isinstance(own, list):
        return own
    listed = own or []
    taken = {each.get("Key") for each in listed if isinstance(each, dict)}
    return [*listed, *({"Key": key, "Value": value} for key, value in tags.items() if key not in taken)]


def check(logical: str, type_name: str, properties: Properties) -> None:
    """Raises ValidationError for what the schema of the type does not allow."""
    found = resource_schemas.violations(type_name, properties)
    if found:
        told = f"Properties validation failed for resource {logical} with message:"
        raise errors.invalid(f"{told} [{', '.join(found)}]")
