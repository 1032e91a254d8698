"""Virtual-host addressing: which bucket does a Host header name?

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

from __future__ import annotations

import re
from functools import lru_cache

_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d+"
# `.+` is greedy: it is the last `.s3` label that ends the bucket's name, which may have dots and such labels of its own.
_S3_HOST = re.compile(
    rf"(.+)\.s3(?:-{_REGION}|-fips(?:\.dualstack)?(?:\.{_REGION})?|-accelerate(?:\.dualstack)?|(?:\.dualstack)?(?:\.{_REGION})?)\.[a-z0-9]"
)
_LOCAL_HOST = re.compile(r"(.+)\.localhost(?:\.localstack\.cloud)?")
_OURSELVES = re.compile(r"s3(?:[.-].*)?")


_REGION_NAME = re.compile(_REGION)


def is_region(name: str) -> bool:
    """Does this look like the name of a region?"""
    return _REGION_NAME.fullmatch(name) is not None


@lru_cache(maxsize=2048)
def bucket_of_host(host: str) -> str | None:
    """The bucket in a Host header (with or without port), or None when the path has to name it."""
    name = host.rpartition(":")[0] if host[-1:].isdigit() and ":" in host else host
    lower = name.lower().rstrip(".")
    found = _S3_HOST.match(lower)
    if found is None:
        found = _LOCAL_HOST.fullmatch(lower)
        if found is None or _OURSELVES.fullmatch(found[1]):
            return None
    return found[1]
