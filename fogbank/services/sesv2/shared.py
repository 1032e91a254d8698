"""What the modules of this API have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fogbank.kernel import AWSError, Context, pages
from fogbank.mail import problems

Request = dict[str, Any]
Answer = dict[str, Any]
T = TypeVar("T")

_PAGE = 1000
_TAGS = 50


def tag_map(ctx: Context, given: list[dict[str, str]] | None, before: dict[str, str] | None = None) -> dict[str, str]:
    merged = {**(before or {}), **{tag["Key"]: tag["Value"] for tag in given or ()}}
    if len(merged) > _TAGS:
        raise problems.invalid(ctx, f"A resource can have no more than {_TAGS} tags.")
    return merged


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def invalid_token() -> AWSError:
    return AWSError("BadRequestException", "The provided next token is invalid.")


def start_of(request: Request) -> tuple[str] | None:
    """The key after which a page begins."""
    token = request.get("NextToken")
    return None if not token else (pages.position(token, invalid_token()),)


def page_size(request: Request) -> int:
    return min(max(int(request.get("PageSize") or _PAGE), 1), _PAGE)


def page(rows: Sequence[T], request: Request, key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    return pages.page(rows, page_size(request), key)


def given(request: Request, *names: str) -> Request:
    """Those members that were given."""
    return {name: request[name] for name in names if request.get(name) is not None}
