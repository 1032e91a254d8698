"""Permission sets: templates of roles.

permission_sets    (instance, id)    PermissionSet
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.sso_admin import errors
from fogbank.services.sso_admin.instance import find, key_of
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]


class PermissionSet(Record, frozen=True):
    """`created` is epoch seconds, `duration` as ISO 8601 has it, `references` (path, name) of policies in the target accounts.

    `version` counts the changes that accounts only see when it is provisioned again.
    """

    arn: str
    name: str
    created: float
    duration: str = "PT1H"
    description: str | None = None
    relay_state: str | None = None
    inline: str | None = None
    managed: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    boundary: dict[str, Any] | None = None
    tags: dict[str, str] = {}
    version: int = 1


permission_sets = service.collection("permission_sets", PermissionSet, scope="account")


async def find_set(ctx: Context, request: Request) -> PermissionSet:
    """The permission set that a request names, in the instance that it names. Raises ResourceNotFoundException."""
    instance = await find(ctx, request)
    key = key_of(request["PermissionSetArn"])
    found = await permission_sets.get(ctx, *key)
    if found is None or key[0] != instance.id:
        raise errors.permission_set_not_found(request["PermissionSetArn"])
    return found


def save(ctx: Context, present: PermissionSet, **changes: Any) -> None:
    """Keep a change that provisioning has to bring to the accounts."""
    after = replace(present, **changes, version=present.version + 1)
    permission_sets.put(ctx, after, *key_of(present.arn))


def _resources(ctx: Context, request: Request) -> tuple[str, str]:
    return request["InstanceArn"], request["PermissionSetArn"]


ON_SET: dict[str, Any] = {"resource": _resources}
