"""Where a queue is: queue URLs and queue ARNs.

A queue's URL is `<endpoint>/<account>/<name>`. Coming back, only the last two parts of its path count, so that a URL works through
whatever host and port it was made for, or on whatever network its reader sits.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from fogbank.services.sqs import errors

_URL = re.compile(r"https?://[^/]+(?:/.*)?$")
_ARN = re.compile(r"arn:([^:]+):sqs:([^:]*):(\d{12}):([^:/]+)$")
_ANY_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$")


class Arn(NamedTuple):
    partition: str
    region: str
    account: str
    name: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:sqs:{self.region}:{self.account}:{self.name}"


@lru_cache(maxsize=4096)
def parse_url(url: str) -> tuple[str, str]:
    """(account, name) of a queue URL. A URL that cannot be a queue's gives names that no queue has.

    Raises InvalidAddress for what is no URL at all: a bare name, an ARN.
    """
    if not _URL.match(url):
        raise errors.invalid_address(url)
    parts = url.split("/", 3)[3:]
    account, _, name = parts[0].rstrip("/").rpartition("/") if parts else ("", "", "")
    return account.rpartition("/")[2], name


@lru_cache(maxsize=4096)
def parse_arn(text: str) -> Arn | None:
    """The parts of a queue's ARN, None when the text is none."""
    found = _ARN.match(text)
    return Arn(*found.groups()) if found else None


def looks_like_an_arn(text: str) -> bool:
    return _ANY_ARN.match(text) is not None
