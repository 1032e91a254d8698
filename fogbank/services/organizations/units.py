"""The root and its units: ListRoots, operations on units, ListChildren, ListParents."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.organizations import attaching, errors, limits, listing, tags, tree
from fogbank.services.organizations.calling import MANAGEMENT, READERS, operation
from fogbank.services.organizations.organization import Organization, arn_of
from fogbank.services.organizations.tree import ACCOUNT, ROOT, UNIT, Node

Request = dict[str, Any]


async def _parent(ctx: Context, organization: Organization, request: Request) -> str:
    return arn_of(ctx, organization, request["ParentId"])


async def _unit(ctx: Context, organization: Organization, request: Request) -> str:
    return arn_of(ctx, organization, request["OrganizationalUnitId"])


async def _child(ctx: Context, organization: Organization, request: Request) -> str:
    return arn_of(ctx, organization, request["ChildId"])


# -- the root


def described_root(ctx: Context, organization: Organization) -> Request:
    """A Root of the API."""
    return {
        "Id": organization.root,
        "Arn": arn_of(ctx, organization, organization.root),
        "Name": "Root",
        "PolicyTypes": [{"Type": name, "Status": "ENABLED"} for name in organization.enabled],
    }


@operation(READERS)
async def list_roots(ctx: Context, organization: Organization, request: Request) -> Request:
    """The one root. API_ListRoots."""
    roots = [described_root(ctx, organization)]
    shown, more = listing.page_of_all(request, roots, lambda root: root["Id"])
    return {"Roots": list(shown), **more}


# -- units


async def _described(ctx: Context, organization: Organization, unit: Node) -> Request:
    """An OrganizationalUnit of the API."""
    path = await tree.path(ctx, organization, unit.id)
    return {"Id": unit.id, "Arn": arn_of(ctx, organization, unit.id), "Name": unit.name, "Path": path}


@operation(MANAGEMENT, _parent)
async def create_organizational_unit(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_CreateOrganizationalUnit. Raises ParentNotFoundException, ConstraintViolationException (depth, number), and
    DuplicateOrganizationalUnitException."""
    parent = await tree.find_parent(ctx, request["ParentId"])
    labels = tags.checked({}, request)
    # the root is the first of the lineage
    if len(await tree.lineage(ctx, parent.id)) > limits.UNIT_DEPTH:
        raise errors.units_too_deep()
    await _check_number(ctx)
    await _check_name(ctx, parent.id, request["Name"])
    unit = Node(f"ou-{organization.root[2:]}-{ctx.ids.hex(8)}", UNIT, parent.id, request["Name"])
    tree.add(ctx, unit)
    attaching.begin(ctx, organization, unit.id)
    tags.keep(ctx, labels, unit.id)
    return {"OrganizationalUnit": await _described(ctx, organization, unit)}


async def _check_number(ctx: Context) -> None:
    if await tree.nodes.count(ctx, starts_with="ou-", limit=limits.UNITS) >= limits.UNITS:
        raise errors.too_many_units()


async def _check_name(ctx: Context, parent: str, name: str) -> None:
    """Raises DuplicateOrganizationalUnitException when another unit below the parent has that name."""
    for id in await tree.below(ctx, parent, UNIT):
        sibling = await tree.nodes.get(ctx, id)
        if sibling is not None and sibling.name == name:
            raise errors.duplicate_unit()


@operation(READERS, _unit)
async def describe_organizational_unit(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_DescribeOrganizationalUnit."""
    unit = await tree.find(ctx, request["OrganizationalUnitId"], errors.unit_not_found, UNIT)
    return {"OrganizationalUnit": await _described(ctx, organization, unit)}


@operation(MANAGEMENT, _unit)
async def update_organizational_unit(ctx: Context, organization: Organization, request: Request) -> Request:
    """Rename a unit. API_UpdateOrganizationalUnit."""
    unit = await tree.find(ctx, request["OrganizationalUnitId"], errors.unit_not_found, UNIT)
    name = request.get("Name", unit.name)
    if name != unit.name:
        await _check_name(ctx, unit.parent, name)
        unit = Node(unit.id, unit.kind, unit.parent, name)
        tree.add(ctx, unit)
    return {"OrganizationalUnit": await _described(ctx, organization, unit)}


@operation(MANAGEMENT, _unit)
async def delete_organizational_unit(ctx: Context, organization: Organization, request: Request) -> None:
    """API_DeleteOrganizationalUnit. Raises OrganizationalUnitNotEmptyException."""
    unit = await tree.find(ctx, request["OrganizationalUnitId"], errors.unit_not_found, UNIT)
    if not await tree.is_empty(ctx, unit.id):
        raise errors.unit_not_empty()
    tree.remove(ctx, unit)
    await attaching.end(ctx, unit.id)
    tags.keep(ctx, {}, unit.id)


@operation(READERS, _parent)
async def list_organizational_units_for_parent(ctx: Context, organization: Organization, request: Request) -> Request:
    """The units directly below a parent, by id. API_ListOrganizationalUnitsForParent."""
    parent = await tree.find_parent(ctx, request["ParentId"])
    ids = await tree.below(ctx, parent.id, UNIT, listing.after(request), listing.size(request) + 1)
    shown, more = listing.page(request, ids, str)
    units = [await tree.find(ctx, id, errors.unit_not_found) for id in shown]
    return {"OrganizationalUnits": [await _described(ctx, organization, unit) for unit in units], **more}


# -- parents and children


@operation(READERS, _parent)
async def list_children(ctx: Context, organization: Organization, request: Request) -> Request:
    """The units or accounts directly below a parent, by id. API_ListChildren."""
    parent = await tree.find_parent(ctx, request["ParentId"])
    kind = UNIT if request["ChildType"] == UNIT else ACCOUNT
    ids = await tree.below(ctx, parent.id, kind, listing.after(request), listing.size(request) + 1)
    shown, more = listing.page(request, ids, str)
    return {"Children": [{"Id": id, "Type": kind} for id in shown], **more}


@operation(READERS, _child)
async def list_parents(ctx: Context, organization: Organization, request: Request) -> Request:
    """The one parent of a unit or account. API_ListParents."""
    child = await tree.find(ctx, request["ChildId"], errors.child_not_found, UNIT, ACCOUNT)
    kind = ROOT if child.parent == organization.root else UNIT
    shown, more = listing.page_of_all(request, [{"Id": child.parent, "Type": kind}], lambda parent: parent["Id"])
    return {"Parents": list(shown), **more}
