"""Assignments: who may be what where, and the roles that this has led to.

assignments    (permission set, account, type, principal)    Assignment
provisioned    (permission set, account)                     Provisioned
"""

from __future__ import annotations

from fogbank.kernel import Record
from fogbank.services.sso_admin.service import service


class Assignment(Record, frozen=True):
    """A user or group (`type`, its id) that may take on a permission set (its ARN) in an account."""

    permission_set: str
    account: str
    type: str
    principal: str


class Provisioned(Record, frozen=True):
    """The role that a permission set became in an account, and the version of it that is there."""

    permission_set: str
    account: str
    role: str
    version: int


assignments = service.collection("assignments", Assignment, scope="account")
provisioned = service.collection("provisioned", Provisioned, scope="account")
