"""Virtual-host addressing: what does a Host header put in a bucket's place: a bucket's name, or an access point's ARN or alias?

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, quote_plus

_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d+"
# `.+` is greedy: it is the last `.s3` label that ends the bucket's name, which may have dots and such labels of its own.
_S3_HOST = re.compile(
    rf"(.+)\.s3(?:-{_REGION}|-fips(?:\.dualstack)?(?:\.{_REGION})?|-accelerate(?:\.dualstack)?|(?:\.dualstack)?(?:\.{_REGION})?)\.[a-z0-9]"
)
_ACCESS_POINT_HOST = re.compile(
    rf"([a-z0-9-]+)-(\d{{12}})\.(s3-accesspoint(?:-fips)?(?:\.dualstack)?|s3-object-lambda(?:-fips)?)\.({_REGION})\.[a-z0-9]"
)
# An access point's alias stands before a name of the access points' own, too.
_ALIAS_HOST = re.compile(rf"(.+)\.(?:s3-accesspoint|s3-object-lambda)(?:-fips)?(?:\.dualstack)?\.{_REGION}\.[a-z0-9]")
_OUTPOST_HOST = re.compile(rf"([a-z0-9-]+)-(\d{{12}})\.(op-[a-z0-9]+)\.s3-outposts\.({_REGION})\.[a-z0-9]")
_MULTI_REGION_HOST = re.compile(r"([a-z0-9]+\.mrap)\.accesspoint\.s3-global\.[a-z0-9]")
_DIRECTORY_HOST = re.compile(rf"(.+--x-s3)\.s3express-[a-z0-9-]+\.{_REGION}\.[a-z0-9]")
# A website's; its region may be left out here.
WEBSITE_LABEL = ".s3-website"
_WEBSITE_HOST = re.compile(rf"(.+)\.s3-website(?:[.-]({_REGION}))?\.[a-z0-9]")
_LOCAL_HOST = re.compile(r"(.+)\.localhost(?:\.localstack\.cloud)?")
_OURSELVES = re.compile(r"s3(?:[.-].*)?")


_REGION_NAME = re.compile(_REGION)

# The operation of S3 whose host begins with the way back to a waiting reader, and with no bucket.
_WAY_BACK = "/WriteGetObjectResponse"


def is_region(name: str) -> bool:
    """Does this look like the name of a region?"""
    return _REGION_NAME.fullmatch(name) is not None


@lru_cache(maxsize=2048)
def bucket_of_host(host: str) -> str | None:
    """What a Host header (with or without port) has in a bucket's place, or None when the path has to name it."""
    name = host.rpartition(":")[0] if host[-1:].isdigit() and ":" in host else host
    lower = name.lower().rstrip(".")
    found = _WEBSITE_HOST.match(lower) or _S3_HOST.match(lower)
    if found is not None:
        return found[1]
    found = _LOCAL_HOST.fullmatch(lower)
    if found is not None:
        return None if _OURSELVES.fullmatch(found[1]) else found[1]
    return _access_point(lower)


@lru_cache(maxsize=2048)
def website_of_host(host: str) -> str | None:
    """The region that a website's host name says, empty when it says none; None for other hosts."""
    found = _WEBSITE_HOST.match(host.lower())
    return None if found is None else found[2] or ""


def _access_point(host: str) -> str | None:
    found = _ACCESS_POINT_HOST.match(host)
    if found is not None:
        name, account, label, region = found.groups()
        service = "s3-object-lambda" if label.startswith("s3-object") else "s3"
        return f"arn:aws:{service}:{region}:{account}:accesspoint/{name}"
    found = _OUTPOST_HOST.match(host)
    if found is not None:
        name, account, outpost, region = found.groups()
        return f"arn:aws:s3-outposts:{region}:{account}:outpost/{outpost}/accesspoint/{name}"
    found = _MULTI_REGION_HOST.match(host) or _ALIAS_HOST.match(host) or _DIRECTORY_HOST.match(host)
    return None if found is None else found[1]


def path_of(host: str, path: str) -> str:
    """The path of a request in path style, whatever style it came in. For S3 a plus sign in a path is a blank."""
    if "+" in path:
        path = path.replace("+", "%20")
    bucket = bucket_of_host(host)
    if bucket is None or path == _WAY_BACK:
        return path
    named = quote(bucket, safe="")
    return f"/{named}" if path == "/" else f"/{named}{path}"


def url_of(endpoint: str, host: str, bucket: str, key: str) -> str:
    """The URL of an object as S3 tells it: in the style of the request, slashes and all escaped."""
    return f"{endpoint}{'' if bucket_of_host(host) else '/' + bucket}/{quote_plus(key)}"
