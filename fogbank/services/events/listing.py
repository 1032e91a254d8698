"""Pages of EventBridge's listings: by name, with a prefix, a limit and a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fogbank.kernel import Collection, Context, pages
from fogbank.services.events import errors, limits

R = TypeVar("R")


async def page(
    ctx: Context,
    collection: Collection[R],
    request: dict[str, Any],
    *prefix: str,
    limit: str = "Limit",
    starts_with: str = "NamePrefix",
    passes: Callable[[R], bool] = lambda record: True,
) -> tuple[list[R], str | None]:
    """The records under the key prefix on the page that a request asks for, and the token of the next one.

    The last part of their keys is their name. Raises ValidationException for a token that is none.
    """
    most = request.get(limit) or limits.PAGE
    token = request.get("NextToken")
    after = None if token is None else (pages.position(token, errors.invalid_next_token()),)
    rows = await collection.items(ctx, (str,), *prefix, starts_with=request.get(starts_with) or None, after=after)
    fitting = [(str(key[0]), record) for key, record in rows if passes(record)]
    shown, following = pages.page(fitting, most, lambda row: row[0])
    return [record for _, record in shown], following
