"""Tags, as all that has some keeps them. Pure; the operations are in `tagging`."""

from __future__ import annotations

from fogbank.services.logs import errors, limits
from fogbank.services.logs.records import Request

Tags = dict[str, str]


def checked(arn: str, before: Tags, given: Tags) -> Tags:
    """The tags with those that are given. Raises InvalidParameterException, TooManyTagsException."""
    for key in given:
        if key.lower().startswith("aws:"):
            raise errors.invalid_parameter("Tag keys starting with aws: are reserved for AWS use.")
    merged = {**before, **given}
    if len(merged) > limits.TAGS:
        raise errors.too_many_tags(arn)
    return merged


def fit(tags: Tags, wanted: list[Request]) -> bool:
    """Has the resource all of the tags? A value may begin with `!` (not) and have `*` at its ends."""
    return all(_fits(tags, each["key"], each.get("values") or []) for each in wanted)


def _fits(tags: Tags, key: str, values: list[str]) -> bool:
    if key not in tags:
        return False
    refused = [value[1:] for value in values if value.startswith("!")]
    accepted = [value for value in values if not value.startswith("!")]
    is_accepted = not accepted or any(_is_like(tags[key], value) for value in accepted)
    return is_accepted and not any(_is_like(tags[key], value) for value in refused)


def _is_like(text: str, wanted: str) -> bool:
    core = wanted.strip("*")
    if wanted.startswith("*") and wanted.endswith("*"):
        return core in text
    if wanted.startswith("*"):
        return text.endswith(core)
    return text.startswith(core) if wanted.endswith("*") else text == core


def without(tags: Tags, keys: list[str]) -> Tags:
    return {key: value for key, value in tags.items() if key not in keys}
