"""ListSecrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.secretsmanager import errors, limits
from fogbank.services.secretsmanager.descriptions import entry
from fogbank.services.secretsmanager.filters import passes
from fogbank.services.secretsmanager.secret import Secret, secrets
from fogbank.services.secretsmanager.service import service

Request = dict[str, Any]

_ORDERS: dict[str, Callable[[Secret], str]] = {
    "created-date": lambda secret: f"{secret.created:020.6f} {secret.name}",
    "last-accessed-date": lambda secret: f"{secret.accessed or 0:020.6f} {secret.name}",
    "last-changed-date": lambda secret: f"{secret.changed:020.6f} {secret.name}",
    "name": lambda secret: secret.name,
}


@service.operation(resource=lambda ctx, request: "*")
async def list_secrets(ctx: Context, request: Request) -> Request:
    """The secrets of the account in this region that pass the filters. API_ListSecrets."""
    found, token = await page(ctx, request, limits.PAGE)
    return {"SecretList": [entry(ctx, secret) for secret in found], "NextToken": token}


async def page(ctx: Context, request: Request, limit: int) -> tuple[Sequence[Secret], str | None]:
    """A page of the secrets that a request with filters asks for, and the token of the next one."""
    order = _ORDERS[request.get("SortBy", "created-date")]
    descending = request.get("SortOrder", "asc") == "desc"
    filters = request.get("Filters") or []
    deleted_too = request.get("IncludePlannedDeletion", False)
    rows = [
        secret
        for secret in await secrets.scan(ctx)
        if (deleted_too or secret.purged_at is None) and passes(secret, filters)
    ]
    rows.sort(key=order, reverse=descending)
    if "NextToken" in request:
        last = pages.position(request["NextToken"], errors.invalid_next_token())
        rows = [secret for secret in rows if (order(secret) < last if descending else order(secret) > last)]
    return pages.page(rows, request.get("MaxResults", limit), order)
