"""The records of managed policies, the account's own and AWS's."""

from __future__ import annotations

from fogbank.kernel import Record


class Policy(Record, frozen=True):
    """owner: the account's number, or `aws`; created, updated: epoch seconds; default, latest: numbers of versions."""

    name: str
    path: str
    id: str
    owner: str
    created: int
    updated: int
    description: str | None = None
    default: int = 1
    latest: int = 1
    tags: dict[str, str] = {}


class Version(Record, frozen=True):
    """number: the 3 of `v3`; document: the policy as it was given; created: epoch seconds."""

    number: int
    document: str
    created: int
