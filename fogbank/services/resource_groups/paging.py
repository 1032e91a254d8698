"""Pages of listings. The model wants tokens in the usual alphabet of Base64, which is not the one that the kernel's have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fogbank.kernel import pages
from fogbank.services.resource_groups import errors

T = TypeVar("T")

_PAGE = 50
_TO_USUAL, _FROM_USUAL = str.maketrans("-_", "+/"), str.maketrans("+/", "-_")


def page(found: Sequence[T], request: dict[str, Any], key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """A page of what was found, by key, and the token of the next one. Raises BadRequestException for a token that is none."""
    token = request.get("NextToken")
    after = pages.position(token.translate(_FROM_USUAL), errors.invalid_token()) if token else ""
    left = [each for each in sorted(found, key=key) if key(each) > after]
    shown, following = pages.page(left, request.get("MaxResults") or _PAGE, key)
    return shown, following and following.translate(_TO_USUAL)
