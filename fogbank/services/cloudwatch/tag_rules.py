"""What tags may be."""

from __future__ import annotations

from fogbank.services.cloudwatch import errors

Tags = dict[str, str]

_TAGS = 50


def checked(before: Tags, given: list[dict[str, str]]) -> Tags:
    """The tags with those that are given. Raises InvalidParameterValue."""
    for tag in given:
        if tag["Key"].lower().startswith("aws:"):
            raise errors.invalid_value("Tag keys starting with aws: are reserved.")
    merged = before | {tag["Key"]: tag["Value"] for tag in given}
    if len(merged) > _TAGS:
        raise errors.invalid_value(f"A resource can have no more than {_TAGS} tags.")
    return merged


def listed(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]
