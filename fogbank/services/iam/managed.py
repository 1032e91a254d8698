"""AWS's own managed policies: the same in every account, never changed by anybody here.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/. They are data of this package, read when they are first asked for.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

from fogbank.services.iam.policy import Policy, Version

OWNER: Final = "aws"
_PREFIX = "arn:aws:iam::aws:policy"


def policy(arn: str) -> Policy | None:
    """AWS's policy of that ARN."""
    return _policies().get(arn)


def policies() -> list[Policy]:
    """All of AWS's policies that there are here."""
    return list(_policies().values())


def version(arn: str) -> Version:
    """The default version of the policy of that ARN, the only one that is kept."""
    found, document = _policies()[arn], _data()[arn]["document"]
    return Version(found.default, msgspec.json.format(msgspec.json.encode(document), indent=4).decode(), found.updated)


@cache
def _policies() -> dict[str, Policy]:
    return {arn: _policy(arn, facts) for arn, facts in _data().items()}


def _policy(arn: str, facts: dict[str, Any]) -> Policy:
    path, _, name = arn.removeprefix(_PREFIX).rpartition("/")
    return Policy(
        name=name,
        path=f"{path}/",
        id=facts["id"],
        owner=OWNER,
        created=facts["created"],
        updated=facts["updated"],
        description=facts["description"],
        default=facts["version"],
        latest=facts["version"],
    )


@cache
def _data() -> dict[str, dict[str, Any]]:
    """ARN -> id, version, created and updated (epoch seconds), description, document."""
    packed = resources.files(__package__).joinpath("managed_policies.json.gz").read_bytes()
    return msgspec.json.decode(gzip.decompress(packed))
