"""Names of directory buckets (S3 Express One Zone): `base--zone--x-s3`, and what follows from a name.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-bucket-naming-rules.html
"""

from __future__ import annotations

import re

SUFFIX = "--x-s3"
STORAGE_CLASS = "EXPRESS_ONEZONE"
CREATE_SESSION = "s3express:CreateSession"

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?--([a-z0-9]+(?:-[a-z0-9]+)*-az\d+)--x-s3")
_LONGEST = 63
_COMPASS = {"north": "n", "south": "s", "east": "e", "west": "w", "central": "c"}


def is_directory(bucket: str) -> bool:
    return bucket.endswith(SUFFIX)


def zone_of(bucket: str) -> str | None:
    """The zone in the name of a directory bucket (`use1-az4`); None for what cannot be one's name."""
    found = _NAME.fullmatch(bucket)
    return found[1] if found is not None and len(bucket) <= _LONGEST else None


def is_zone_of(zone: str, region: str) -> bool:
    """Is the zone one of the region's: `use1-az4` of us-east-1, or a local zone, `usw2-lax1-az1` of us-west-2?"""
    area, *directions, number = region.split("-")
    short = "".join(re.sub("|".join(_COMPASS), lambda found: _COMPASS[found[0]], each) for each in directions)
    return zone.split("-")[0] == f"{area}{short}{number}"


def is_local(zone: str) -> bool:
    """Is it a local zone? These have a place between region and number."""
    return zone.count("-") > 1


def arn(account: str, region: str, bucket: str) -> str:
    return f"arn:aws:s3express:{region}:{account}:bucket/{bucket}"
