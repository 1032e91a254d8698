"""Filters of ListSecrets and BatchGetSecretValue. Pure: which secrets do they let through?

https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_search-secret.html. A secret has to pass every filter, and of one
filter's values any; a value that begins with "!" is one that it must not match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fogbank.services.secretsmanager.secret import Secret

Filter = dict[str, Any]


def passes(secret: Secret, filters: Iterable[Filter]) -> bool:
    return all(_passes(secret, entry.get("Key", "all"), entry.get("Values", ())) for entry in filters)


def _passes(secret: Secret, key: str, values: Iterable[str]) -> bool:
    matches = _MATCHERS[key]
    wanted = [value for value in values if not value.startswith("!")]
    unwanted = [value[1:] for value in values if value.startswith("!")]
    if any(matches(secret, value) for value in unwanted):
        return False
    return not wanted or any(matches(secret, value) for value in wanted)


def _description(secret: Secret, value: str) -> bool:
    return (secret.description or "").lower().startswith(value.lower())


def _name(secret: Secret, value: str) -> bool:
    return secret.name.startswith(value)


def _tag_key(secret: Secret, value: str) -> bool:
    return any(key.startswith(value) for key in secret.tags)


def _tag_value(secret: Secret, value: str) -> bool:
    return any(text.startswith(value) for text in secret.tags.values())


def _primary_region(secret: Secret, value: str) -> bool:
    return bool(secret.primary_region) and secret.primary_region.startswith(value)


def _owning_service(secret: Secret, value: str) -> bool:
    return bool(secret.owning_service) and secret.owning_service.startswith(value)


def _anything(secret: Secret, value: str) -> bool:
    """Is each word of the value somewhere in the secret's attributes?"""
    attributes = (secret.name, secret.description or "", *secret.tags, *secret.tags.values(), secret.primary_region)
    text = "\n".join((*attributes, secret.owning_service)).lower()
    return all(word in text for word in value.lower().split())


_MATCHERS: dict[str, Callable[[Secret, str], bool]] = {
    "description": _description,
    "name": _name,
    "tag-key": _tag_key,
    "tag-value": _tag_value,
    "primary-region": _primary_region,
    "owning-service": _owning_service,
    "all": _anything,
}
