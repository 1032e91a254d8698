"""ARNs of ACME resources, for the decision, and pages of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fogbank.kernel import Context, pages
from fogbank.services.acm import errors
from fogbank.services.acm.acme.records import endpoint_arn

Request = dict[str, Any]
T = TypeVar("T")

_PAGE = 100
_MEMBERS = (
    "AcmeDomainValidationArn",
    "AcmeExternalAccountBindingArn",
    "AcmeEndpointArn",
    "ResourceArn",
)


def named_arn(ctx: Context, request: Request) -> str:
    return next((request[member] for member in _MEMBERS if member in request), endpoint_arn(ctx, "*"))


ON_ACME: dict[str, Any] = {"resource": named_arn}


def page(rows: Sequence[T], request: Request, key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """A page of rows that come in the order of their keys, and the token of the next one."""
    if "NextToken" in request:
        last = pages.position(request["NextToken"], errors.invalid_next_token())
        rows = [row for row in rows if key(row) > last]
    return pages.page(rows, request.get("MaxResults", _PAGE), key)
