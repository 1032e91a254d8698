"""What the four Describe operations have in common: filters by place, sizes of pages, tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from fogbank.kernel import pages
from fogbank.services.application_autoscaling import errors, kinds
from fogbank.services.application_autoscaling.records import Place, Request

T = TypeVar("T")


def wants(request: Request, place: Place) -> bool:
    """Is that a place that the request asks about?"""
    _, resource, dimension = place
    resources = request.get("ResourceIds") or [request.get("ResourceId") or resource]
    return resource in resources and request.get("ScalableDimension") in (None, dimension)


def check(request: Request) -> None:
    """Raises ValidationException."""
    dimension = request.get("ScalableDimension")
    if dimension is None:
        return
    if not request.get("ResourceIds") and not request.get("ResourceId"):
        raise errors.resource_required()
    if not kinds.belongs(request["ServiceNamespace"], dimension):
        raise errors.unsupported()


def page(request: Request, rows: Sequence[T], most: int, key: Any) -> tuple[Sequence[T], str | None]:
    """The page that a request asks for, in the order of `key` (a text), and the token of the next one."""
    size = request.get("MaxResults")
    if size is not None and not 1 <= size <= most:
        raise errors.page_size(size, most)
    rows = sorted(rows, key=key)  # where names begin with one another, the store has another order
    token = request.get("NextToken")
    if token:
        after = pages.position(token, errors.invalid_next_token())
        rows = [row for row in rows if key(row) > after]
    shown: tuple[Sequence[T], str | None] = pages.page(rows, size or most, key)
    return shown
