"""Permissions boundaries of users and roles: a managed policy that says what they can be allowed at most.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.services.iam import errors, policies
from fogbank.services.iam.entities import Kind

Request = dict[str, Any]
E = TypeVar("E", bound=Any)


def shown(boundary: str) -> Request:
    """The member of a user or role that shows its boundary, if there is one."""
    if not boundary:
        return {}
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}}


def condition_keys(ctx: Context, request: Request) -> dict[str, str]:
    """iam:PermissionsBoundary of a request that sets one."""
    boundary = request.get("PermissionsBoundary")
    return {} if boundary is None else {"iam:PermissionsBoundary": boundary}


async def keys_of_present(kind: Kind[E], ctx: Context, request: Request) -> dict[str, str]:
    """iam:PermissionsBoundary of a request about somebody who has one: whoever may change only those with a boundary asks for it."""
    found = await kind.named(ctx, request[kind.member])
    boundary = getattr(found, "boundary", "")
    return {"iam:PermissionsBoundary": boundary} if boundary else {}


async def of_new(ctx: Context, request: Request, id: str) -> str:
    """The boundary that an entity with this id is created with, or empty. Raises NoSuchEntity."""
    boundary = request.get("PermissionsBoundary")
    if boundary is None:
        return ""
    await _use(ctx, boundary, id)
    return boundary


async def _use(ctx: Context, boundary: str, id: str) -> None:
    if await policies.look_up(ctx, boundary) is None:
        raise errors.no_such_boundary(boundary)
    policies.uses.put(ctx, b"", boundary, policies.BOUNDARY, id)


def forget(ctx: Context, boundary: str, id: str) -> None:
    """The entity with this id has that boundary no more."""
    if boundary:
        policies.uses.delete(ctx, boundary, policies.BOUNDARY, id)


async def put(ctx: Context, kind: Kind[E], entity: E, boundary: str) -> None:
    """Give an entity another boundary. Raises NoSuchEntity when there is no such policy."""
    forget(ctx, entity.boundary, entity.id)
    await _use(ctx, boundary, entity.id)
    kind.save(ctx, replace(entity, boundary=boundary))


def drop(ctx: Context, kind: Kind[E], entity: E) -> None:
    """Take an entity's boundary. Raises NoSuchEntity when it has none."""
    if not entity.boundary:
        raise errors.no_boundary(kind.noun, entity.name)
    forget(ctx, entity.boundary, entity.id)
    kind.save(ctx, replace(entity, boundary=""))
