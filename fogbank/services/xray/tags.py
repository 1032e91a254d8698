"""What tags of groups and sampling rules may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fogbank.services.xray import errors, limits


def added(present: Mapping[str, str], given: Iterable[Mapping[str, str]], arn: str) -> dict[str, str]:
    """The tags of a resource with others added. Raises InvalidRequestException, TooManyTagsException."""
    tags = {tag["Key"]: tag["Value"] for tag in given}
    if any(key.lower().startswith("aws:") for key in tags):
        raise errors.reserved_tag()
    merged = {**present, **tags}
    if len(merged) > limits.TAGS:
        raise errors.too_many_tags(arn)
    return merged
