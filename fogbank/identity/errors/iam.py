"""How IAM's refusals name what they are about: mostly by kind and name, where other services have the ARN.

Source: the answers of the service as quoted in public issue trackers ("iam:GetRole on resource: role app").
"""

from __future__ import annotations

from typing import Final

_BY_NAME: Final = frozenset({"user", "group", "role", "instance-profile"})
_BY_ARN: Final = frozenset(
    {"CreateGroup", "CreateInstanceProfile", "CreateRole", "CreateServiceLinkedRole", "CreateUser", "PassRole"}
)


def resource(action: str, arn: str) -> str:
    """What a refusal of an action of IAM calls the resource of that ARN."""
    name = action.partition(":")[2]
    if name in _BY_ARN or name.startswith(("Tag", "Untag")) or arn.endswith("/"):
        return arn
    kind, _, path = arn.rpartition(":")[2].partition("/")
    last = path.rpartition("/")[2]
    if kind == "policy":
        return f"policy {last if name == 'CreatePolicy' else arn}"
    return f"{kind.replace('-', ' ')} {last}" if kind in _BY_NAME else arn
