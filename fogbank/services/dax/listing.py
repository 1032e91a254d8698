"""Pages of a listing: all of them, or those that were asked for by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from fogbank.kernel import pages
from fogbank.services.dax import errors, limits

T = TypeVar("T")
Request = dict[str, Any]


def page(request: Request, rows: Sequence[T], key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """A page of rows that are sorted by `key`. Raises InvalidParameterValueException for a bad size or token."""
    size = request.get("MaxResults", limits.PAGE_MOST)
    if not limits.PAGE_LEAST <= size <= limits.PAGE_MOST:
        raise errors.invalid_value(
            f"MaxResults must be between {limits.PAGE_LEAST} and {limits.PAGE_MOST}. Provided value was {size}."
        )
    token = request.get("NextToken")
    if token is not None:
        after = pages.position(token, errors.invalid_token())
        rows = [row for row in rows if key(row) > after]
    return pages.page(rows, size, key)


async def named(names: Sequence[str], find: Callable[[str], Awaitable[T]]) -> list[T]:
    """Those of these names, each once. Raises what `find` raises for one that is not there."""
    return [await find(name) for name in sorted({name.lower() for name in names})]
