"""The record of a role."""

from __future__ import annotations

from fogbank.kernel import Context, Record
from fogbank.services.iam import errors, ids, limits
from fogbank.services.iam.entities import Kind

SERVICE_LINKED_PATH = "/aws-service-role/"


class Role(Record, frozen=True):
    """trust: JSON, in the form that `trust.canonical` gives; max_duration: seconds of a session at most."""

    name: str
    path: str
    id: str
    created: int
    trust: str
    description: str | None = None
    max_duration: int = limits.SESSION_SECONDS
    boundary: str = ""
    tags: dict[str, str] = {}

    @property
    def service_linked(self) -> bool:
        return self.path.startswith(SERVICE_LINKED_PATH)


roles = Kind("role", "RoleName", ids.ROLE, Role, ("RolesPerAccount", limits.ROLES_PER_ACCOUNT))


async def find_modifiable(ctx: Context, name: str) -> Role:
    """The role of that name, to be changed by a user. Raises NoSuchEntity, and UnmodifiableEntity for service-linked ones."""
    role = await roles.find(ctx, name)
    if role.service_linked:
        raise errors.protected_role(role.name)
    return role
