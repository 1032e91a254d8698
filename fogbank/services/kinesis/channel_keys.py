"""Under which keys a channel writes its objects. Pure.

https://docs.aws.amazon.com/streams/latest/dev/data-delivery-s3-key-template.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fogbank.services.kinesis import errors

DEFAULT = (
    "kinesis-channel/!{channel-name}/!{channel-id}/!{yyyy}/!{MM}/!{dd}/!{HH}/"
    "!{channel-name}-!{channel-id}-!{yyyy}-!{MM}-!{dd}-!{HH}-!{mm}!{extension}"
)
EXTENSIONS = {"NONE": "", "GZIP": ".gz", "ZSTD": ".zst"}

_VARIABLE = re.compile(r"!\{([^{}]*)\}")
_TIMES = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_NAMES = frozenset({"channel-name", "channel-id", "extension"})


def check(template: str) -> None:
    """Raises ValidationException for what gives no keys."""
    unknown = [name for name in _VARIABLE.findall(template) if name not in _NAMES and name not in _TIMES]
    if unknown:
        raise errors.validation(f"OutputKeyTemplate has an unknown variable: !{{{unknown[0]}}}")
    if "{" in _VARIABLE.sub("", template) or "}" in _VARIABLE.sub("", template):
        raise errors.validation("OutputKeyTemplate has braces that belong to no variable.")
    if template.startswith("/") or template.endswith("/"):
        raise errors.validation("OutputKeyTemplate must neither begin nor end with a slash.")


def resolved(template: str, channel_name: str, channel_id: str, compression: str, moment: float) -> str:
    """`moment` is epoch seconds."""
    time = datetime.fromtimestamp(moment, UTC)
    values = {name: time.strftime(form) for name, form in _TIMES.items()}
    values |= {"channel-name": channel_name, "channel-id": channel_id, "extension": EXTENSIONS[compression]}
    return _VARIABLE.sub(lambda found: values[found[1]], template)


def errors_prefix(channel_name: str, channel_id: str) -> str:
    """Where records go that cannot be delivered, unless a channel says otherwise."""
    return f"kinesis-channel/errors/{channel_name}/{channel_id}/"
