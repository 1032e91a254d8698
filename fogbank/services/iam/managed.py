"""AWS's own managed policies: the same in every account, never changed by anybody here.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/. They are data of this package (see `tools/aws_managed_policies.py`),
read when one is first asked for; documents stay JSON until they are compiled.
"""

from __future__ import annotations

import hashlib
import lzma
from base64 import b32encode
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from fogbank.services.iam.ids import POLICY
from fogbank.services.iam.policy import Policy, Version

OWNER: Final = "aws"
_PREFIX = "arn:aws:iam::aws:policy"


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """version: the number of the default version; created, updated: epoch seconds."""

    arn: str
    version: int
    created: int
    updated: int
    document: msgspec.Raw


def policy(arn: str) -> Policy | None:
    """AWS's policy of that ARN."""
    row = _rows().get(arn)
    return None if row is None else _policy(row)


@cache
def policies() -> tuple[Policy, ...]:
    """All of AWS's policies."""
    return tuple(map(_policy, _rows().values()))


def version(arn: str) -> Version:
    """The default version of the policy of that ARN, the only one that is kept."""
    row = _rows()[arn]
    return Version(row.version, bytes(row.document).decode(), row.updated)


def _policy(row: _Row) -> Policy:
    path, _, name = row.arn.removeprefix(_PREFIX).rpartition("/")
    return Policy(
        name=name,
        path=f"{path}/",
        id=_id(row.arn),
        owner=OWNER,
        created=row.created,
        updated=row.updated,
        default=row.version,
        latest=row.version,
    )


def _id(arn: str) -> str:
    """An id that is always the same. AWS does not publish its own."""
    return POLICY + b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:17]


@cache
def _rows() -> dict[str, _Row]:
    packed = resources.files(__package__).joinpath("managed_policies.json.xz").read_bytes()
    return {row.arn: row for row in msgspec.json.decode(lzma.decompress(packed), type=list[_Row])}
