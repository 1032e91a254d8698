"""What the decision about a request needs to know of Identity Store: the store and what of it the request is about.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentitystore.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fogbank.kernel import Context
from fogbank.services.identitystore.store import arn_in, arn_of

Request = dict[str, Any]


def about(*kinds: str) -> dict[str, Any]:
    """Options of an operation that is about things of these kinds (`user`), as far as the request names them."""

    def resource(ctx: Context, request: Request) -> list[str]:
        store = arn_of(ctx, request["IdentityStoreId"])
        return [store, *(arn for kind in kinds for arn in _NAMED[kind](ctx, request))]

    return {"resource": resource}


def _user(ctx: Context, request: Request) -> list[str]:
    return [arn_in(ctx, "user", request.get("UserId") or request.get("MemberId", {}).get("UserId", "*"))]


def _groups(ctx: Context, request: Request) -> list[str]:
    return [arn_in(ctx, "group", group) for group in request.get("GroupIds") or [request.get("GroupId", "*")]]


def _membership(ctx: Context, request: Request) -> list[str]:
    return [arn_in(ctx, "membership", request.get("MembershipId", "*"))]


_NAMED: dict[str, Callable[[Context, Request], list[str]]] = {
    "user": _user,
    "group": _groups,
    "membership": _membership,
}
