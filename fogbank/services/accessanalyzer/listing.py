"""maxResults and nextToken: every list of the service is given out in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from fogbank.kernel import pages
from fogbank.services.accessanalyzer import errors

T = TypeVar("T")
Request = dict[str, Any]

PAGE: Final = 100


def page(request: Request, items: Sequence[T], key: Callable[[T], str]) -> tuple[Sequence[T], Request]:
    """The items of a list ordered by `key` that a request asks for, and the token of the next page. Raises ValidationException."""
    token, limit = request.get("nextToken"), request.get("maxResults", PAGE)
    if limit < 1:
        raise errors.validation("maxResults must be at least 1.")
    after = pages.position(token, errors.invalid_token()) if token else None
    rest = [item for item in items if key(item) > after] if after is not None else items
    found, more = pages.page(rest[: limit + 1], limit, key)
    return found, {"nextToken": more}
