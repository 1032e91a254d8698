"""Tags as EventBridge takes and shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fogbank.services.events import errors, limits


def added(present: Mapping[str, str], tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The tags of a resource with others added. Raises ValidationException, LimitExceededException."""
    merged = {**present, **{tag["Key"]: tag["Value"] for tag in tags}}
    if any(tag["Key"].lower().startswith("aws:") for tag in tags):
        raise errors.invalid_parameter("Tags", "Tag keys must not start with aws:")
    if len(merged) > limits.TAGS:
        raise errors.limit_exceeded()
    return merged


def shown(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
