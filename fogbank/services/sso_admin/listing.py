"""MaxResults and NextToken: every list of the administration is given out in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fogbank.kernel import pages
from fogbank.services.sso_admin import errors, limits

T = TypeVar("T")
Request = dict[str, Any]


def listed(
    request: Request, member: str, items: Sequence[T], key: Callable[[T], str], show: Callable[[T], Any]
) -> Request:
    """The page that a request asks for of items ordered by `key`, under `member`. Raises ValidationException for a bad token."""
    limit = request.get("MaxResults", limits.PAGE)
    token = request.get("NextToken")
    after = pages.position(token, errors.invalid_token()) if token else None
    rest = items if after is None else [item for item in items if key(item) > after]
    shown, more = pages.page(rest[: limit + 1], limit, key)
    return {member: [show(item) for item in shown], "NextToken": more}
