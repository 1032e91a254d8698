"""Archive rules as records: under (analyzer, rule's name)."""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.accessanalyzer import errors, filters, limits
from fogbank.services.accessanalyzer.service import service

Request = dict[str, Any]


class ArchiveRule(Record, frozen=True):
    """criteria: the filter as JSON; created, updated: epoch seconds."""

    name: str
    criteria: str
    created: int
    updated: int

    @property
    def filter(self) -> dict[str, Any]:
        return json.loads(self.criteria)


rules = service.collection("archive_rules", ArchiveRule)


def checked(criteria: dict[str, Any]) -> str:
    """A filter as it is kept. Raises ValidationException."""
    check_filter(criteria)
    if not criteria:
        raise errors.validation("A filter must have at least one criterion.")
    return json.dumps(criteria)


def check_filter(criteria: dict[str, Any]) -> None:
    for key, criterion in criteria.items():
        if not filters.is_known(key):
            raise errors.validation(f"Invalid filter key: {key}")
        if not criterion:
            raise errors.validation(f"The criterion for {key} must have an operator.")


async def create(ctx: Context, analyzer: str, request: Request) -> None:
    """Keep a new rule. Raises ConflictException, ServiceQuotaExceededException and ValidationException."""
    name = request["ruleName"]
    if await rules.get(ctx, analyzer, name) is not None:
        raise errors.conflict("ArchiveRule", name)
    if await rules.count(ctx, analyzer) >= limits.ARCHIVE_RULES:
        raise errors.quota_exceeded(
            f"The quota of {limits.ARCHIVE_RULES} archive rules is reached.", "ArchiveRule", name
        )
    now = int(ctx.now())
    rules.put(ctx, ArchiveRule(name, checked(request["filter"]), now, now), analyzer, name)


async def archives(ctx: Context, analyzer: str, properties: filters.Properties) -> bool:
    """Whether some rule of the analyzer archives a finding with these properties."""
    return any(filters.fits(rule.filter, properties) for rule in await rules.scan(ctx, analyzer))
