"""The tree of an organization: its root, units and accounts, each below one parent.

nodes      (id)                  Node
children   (parent, kind, id)    nothing: what is directly below
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from fogbank.identity.directory import organizations_changed
from fogbank.kernel import AWSError, Context, Record
from fogbank.services.organizations import errors
from fogbank.services.organizations.organization import Organization
from fogbank.services.organizations.service import service

Kind = Literal["ROOT", "ORGANIZATIONAL_UNIT", "ACCOUNT"]
UNIT: Kind = "ORGANIZATIONAL_UNIT"
ACCOUNT: Kind = "ACCOUNT"
ROOT: Kind = "ROOT"


class Node(Record, frozen=True):
    """`parent` is empty for the root. Accounts have their names in their profiles, see `people`."""

    id: str
    kind: Kind
    parent: str = ""
    name: str = ""


nodes = service.collection("nodes", Node, scope="account", cached=True)
children = service.collection("children", bytes, scope="account")


def add(ctx: Context, node: Node) -> None:
    nodes.put(ctx, node, node.id)
    if node.parent:
        children.put(ctx, b"", node.parent, node.kind, node.id)
    organizations_changed(ctx)


def remove(ctx: Context, node: Node) -> None:
    nodes.delete(ctx, node.id)
    children.delete(ctx, node.parent, node.kind, node.id)
    organizations_changed(ctx)


def move(ctx: Context, node: Node, parent: str) -> None:
    remove(ctx, node)
    add(ctx, Node(node.id, node.kind, parent, node.name))


async def find(ctx: Context, id: str, missing: Callable[[], AWSError], *kinds: Kind) -> Node:
    """The node of that id, if it is of one of the kinds (or of any). Raises `missing()`."""
    node = await nodes.get(ctx, id)
    if node is None or (kinds and node.kind not in kinds):
        raise missing()
    return node


async def find_parent(ctx: Context, id: str) -> Node:
    """A root or unit. Raises ParentNotFoundException."""
    return await find(ctx, id, errors.parent_not_found, ROOT, UNIT)


async def below(ctx: Context, parent: str, kind: Kind, after: str = "", limit: int | None = None) -> list[str]:
    """The ids of what is directly below a parent, in their order."""
    rows = await children.items(ctx, (str,), parent, kind, after=(after,) if after else None, limit=limit)
    return [str(key[0]) for key, _ in rows]


async def is_empty(ctx: Context, parent: str) -> bool:
    return await children.count(ctx, parent, limit=1) == 0


async def lineage(ctx: Context, id: str) -> list[Node]:
    """The nodes from the root down to that of the id."""
    found: list[Node] = []
    node = await nodes.get(ctx, id)
    while node is not None:
        found.append(node)
        node = await nodes.get(ctx, node.parent) if node.parent else None
    return found[::-1]


async def path(ctx: Context, organization: Organization, id: str) -> str:
    """`o-exampleorgid/r-ab12/ou-ab12-11111111/111111111111/`"""
    return "/".join((organization.id, *(node.id for node in await lineage(ctx, id)), ""))
