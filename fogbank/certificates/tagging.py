"""Tags as ACM and Private CA have them: one rule about keys, and removal by key or by key and value.

https://docs.aws.amazon.com/acm/latest/APIReference/API_RemoveTagsFromCertificate.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogbank.kernel.errors import AWSError

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

Tags = dict[str, str]


def added(ctx: Context, present: Tags, given: list[dict[str, str]], limit: int, too_many: AWSError) -> Tags:
    """The tags with those of a request added. Raises `too_many`, InvalidTagException."""
    for tag in given:
        if tag["Key"].lower().startswith("aws:") and ctx.principal.kind != "service":
            raise AWSError("InvalidTagException", "Tag keys beginning with aws: are reserved for system use.")
    tags = {**present, **{tag["Key"]: tag.get("Value", "") for tag in given}}
    if len(tags) > limit:
        raise too_many
    return tags


def removed(present: Tags, given: list[dict[str, str]]) -> Tags:
    """The tags without those of a request; one that is given with a value goes only if it has that value."""
    tags = dict(present)
    for tag in given:
        if "Value" not in tag or tags.get(tag["Key"]) == tag["Value"]:
            tags.pop(tag["Key"], None)
    return tags
