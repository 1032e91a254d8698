"""Who calls. A principal is what policies speak of and what CloudTrail records; it holds no secret."""

from __future__ import annotations

from typing import Literal

import msgspec

DEFAULT_ACCOUNT = "000000000000"

Kind = Literal["root", "user", "role", "federated", "service", "anonymous"]


class Principal(msgspec.Struct, frozen=True):
    """One caller.

    `arn` is the caller's own ARN (a session's ARN for roles), `issuer` the ARN of what stands behind a session (the role).
    `user_id` is AWS's unique id (`AIDA...`, `AROA...:session`, the account number for root). `name` is the user name.
    A service principal has its host name (`sns.amazonaws.com`) as `arn`, and the account it works for as `account`.
    """

    account: str
    arn: str
    kind: Kind
    user_id: str
    access_key: str = ""
    name: str = ""
    issuer: str = ""
    tags: dict[str, str] = {}

    @property
    def policy_arn(self) -> str:
        """The ARN that `aws:PrincipalArn` and identity policies go by: the role of a session, else the caller."""
        return self.issuer or self.arn


# The account is empty: an anonymous caller belongs to nobody and owns nothing.
ANONYMOUS = Principal(account="", arn="", kind="anonymous", user_id="anonymous")


def root(account: str, access_key: str = "", partition: str = "aws") -> Principal:
    """The root of an account."""
    return Principal(account, f"arn:{partition}:iam::{account}:root", "root", account, access_key)


def service_principal(name: str, account: str) -> Principal:
    """An AWS service by its name (`sns`), at work for an account."""
    host = f"{name}.amazonaws.com"
    return Principal(account, host, "service", host)
