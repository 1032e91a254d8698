"""What an organization has besides its tree and its policies, and where it lies in the organization's scope.

delegations     (account, service principal)   when the account was delegated the service
delegates       (service principal, account)   the same, the other way round
access          (service principal)            when the service was given access
resource        ()                             ResourcePolicy
tags            (id)                           the tags of an account, root, unit, policy, resource policy or transfer
"""

from __future__ import annotations

from fogbank.kernel import Record
from fogbank.services.organizations.service import service


class ResourcePolicy(Record, frozen=True):
    """The organization's resource policy. `content` is JSON."""

    id: str
    content: str


delegations = service.collection("delegations", float, scope="account")
delegates = service.collection("delegates", float, scope="account")
access = service.collection("access", float, scope="account")
resource_policies = service.collection("resource-policy", ResourcePolicy, scope="account")
tags = service.collection("tags", dict[str, str], scope="account")
