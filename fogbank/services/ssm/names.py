"""Names of parameters, and references to them. Pure.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html (naming),
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html (name:version, name:label)
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fogbank.services.ssm import errors, limits

PUBLIC = "/aws/service/"
SECRETS = "/aws/reference/secretsmanager/"

_PATH = re.compile(r"[a-zA-Z0-9_./-]+")
_ARN = re.compile(r"arn:[\w-]+:ssm:([a-z0-9-]*):(\d*):parameter(/?[^:]+)((?::.*)?)", re.DOTALL)


class Reference(NamedTuple):
    """What a request says of a parameter. `region` and `account` are empty unless it is by ARN; `selector` is a version or label."""

    name: str
    selector: str = ""
    region: str = ""
    account: str = ""
    by_arn: bool = False


def parse(text: str) -> Reference:
    """A name or ARN, perhaps with a version or label behind a colon. Raises ValidationException."""
    text = text.strip()
    arn = _ARN.fullmatch(text)
    if arn is not None:
        selector = arn[4].removeprefix(":")
        reference = Reference(arn[3], selector, arn[1], arn[2], True)
    else:
        name, _, selector = text.partition(":")
        reference = Reference(name, selector)
    if ":" in reference.selector or text.endswith(":"):
        raise errors.invalid_reference()
    if not reference.name.startswith(SECRETS) and _PATH.fullmatch(reference.name) is None:
        raise errors.reserved_path()
    return reference


def check_new(name: str, arn_length: int) -> str:
    """The name under which a parameter may be created, without spaces around it; `arn_length` is that of its whole ARN.

    Raises ValidationException, AccessDeniedException, HierarchyLevelLimitExceededException.
    """
    name = name.strip()
    first = name.lstrip("/").partition("/")[0].lower()
    is_path = name.count("/") > 1
    if is_path and first.startswith("aws"):
        raise errors.no_access_to_name(name)
    if first.startswith(("aws", "ssm")):
        raise errors.reserved_path() if is_path else errors.reserved_name()
    if _PATH.fullmatch(name) is None or "//" in name or name.endswith("/"):
        raise errors.reserved_path()
    if "/" in name and not name.startswith("/"):
        raise errors.not_fully_qualified()
    if name.count("/") > limits.LEVELS:
        raise errors.too_many_levels()
    if arn_length > limits.NAME_WITH_ARN:
        raise errors.name_too_long()
    return name


def check_path(path: str) -> str:
    """A path as the beginning that all names under it have (`/a/`). Raises ValidationException."""
    path = path.strip()
    if not path.startswith("/") or _PATH.fullmatch(path) is None or "//" in path:
        raise errors.invalid_path()
    return path.rstrip("/") + "/"


def is_below(name: str, prefix: str, recursive: bool) -> bool:
    """Is the name under the path `prefix` (`/a/`), at any depth or right below it? A name without a slash is under `/`."""
    full = name if name.startswith("/") else f"/{name}"
    return full.startswith(prefix) and (recursive or "/" not in full[len(prefix) :])
