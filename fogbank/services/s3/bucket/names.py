"""Names of buckets and keys.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

from __future__ import annotations

import re

from fogbank.services.s3 import errors, limits

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
# What names could be in us-east-1 until 2018: such a bucket cannot be created any more, but is looked for.
_ONCE_VALID = re.compile(r"[A-Za-z0-9._-]{3,255}")


def is_bucket_name(name: str) -> bool:
    """May a general purpose bucket be created under this name?"""
    return (
        _NAME.fullmatch(name) is not None
        and ".." not in name
        and _IP_ADDRESS.fullmatch(name) is None
        and not name.startswith(_RESERVED_PREFIXES)
        and not name.endswith(_RESERVED_SUFFIXES)
    )


def is_account_regional(name: str, account: str, region: str) -> bool:
    """Is this a name of the account's own namespace: `prefix-<account>-<region>-an`?"""
    suffix = f"-{account}-{region}-an"
    return name.endswith(suffix) and len(name) > len(suffix)


def could_be_bucket(name: str) -> bool:
    """May a bucket of this name exist? If not, a request for it is InvalidBucketName rather than NoSuchBucket."""
    return _ONCE_VALID.fullmatch(name) is not None


def check_key(key: str) -> None:
    """Raise KeyTooLongError for a key of more than 1,024 bytes (UTF-8)."""
    if len(key) * 4 > limits.KEY_BYTES:
        size = len(key.encode("utf-8", "surrogatepass"))
        if size > limits.KEY_BYTES:
            raise errors.key_too_long(size, limits.KEY_BYTES)
