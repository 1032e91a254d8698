"""Those who hold policies: users, groups and roles. What can be done with their policies is the same for all three."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from fogbank.kernel import Context
from fogbank.services.iam import limits
from fogbank.services.iam.entities import Entity, Kind
from fogbank.services.iam.groups import groups
from fogbank.services.iam.role import find_modifiable, roles
from fogbank.services.iam.users import users

Request = dict[str, Any]


class Holder(msgspec.Struct, frozen=True):
    """One kind of holders.

    find_to_change  the holder of a name, for changes, which service-linked roles do not take; raises NoSuchEntity
    quota           how many managed policies it may have, under AWS's name of that quota
    inline_size     how large all of its inline policies may be together
    """

    kind: Kind[Any]
    find_to_change: Callable[[Context, str], Awaitable[Entity]]
    quota: tuple[str, int]
    inline_size: int

    @property
    def noun(self) -> str:
        return self.kind.noun

    def name(self, request: Request) -> str:
        return request[self.kind.member]


USER: Final = Holder(
    users,
    users.find,
    ("PoliciesPerUser", limits.POLICIES_PER_USER),
    limits.USER_POLICY_SIZE,
)
GROUP: Final = Holder(
    groups,
    groups.find,
    ("PoliciesPerGroup", limits.POLICIES_PER_GROUP),
    limits.GROUP_POLICY_SIZE,
)
ROLE: Final = Holder(
    roles,
    find_modifiable,
    ("PoliciesPerRole", limits.POLICIES_PER_ROLE),
    limits.ROLE_POLICY_SIZE,
)
HOLDERS: Final = (USER, GROUP, ROLE)
