"""What the tags of a resource may be."""

from __future__ import annotations

from fogbank.services.sso_admin import errors, limits

Tags = dict[str, str]


def added(present: Tags, given: list[dict[str, str]]) -> Tags:
    """The tags with those of a request added. Raises ValidationException, ServiceQuotaExceededException."""
    for tag in given:
        if tag["Key"].lower().startswith("aws:"):
            raise errors.reserved_tag(tag["Key"])
    tags = {**present, **{tag["Key"]: tag["Value"] for tag in given}}
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags(limits.TAGS)
    return tags
