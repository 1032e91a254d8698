"""Grants: who may use a key by one, and for what.

grants     (key id, grant id)                                   Grant
grantees   (key id, principal, grant id)                        which grants a principal has
retirable  (principal, account, key id, grant id)               which grants a principal may retire, in the principal's account

There is no delay until a grant counts, so a grant token adds nothing; it names its grant all the same, and a wrong one is refused.
https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fogbank.identity.principals import Principal
from fogbank.kernel import Context, Record, pages
from fogbank.services.kms import errors
from fogbank.services.kms.key import modify
from fogbank.services.kms.references import Target, scope_of
from fogbank.services.kms.service import service

Request = dict[str, Any]

# Operations of a grant that take no encryption context, to which constraints on it do not apply.
_WITHOUT_CONTEXT = frozenset({"DescribeKey", "RetireGrant"})


class Grant(Record, frozen=True):
    """`equals` and `subset` constrain the encryption context, `source_arn` the resource on whose behalf a service calls."""

    id: str
    grantee: str
    operations: tuple[str, ...]
    issuer: str
    created: float
    name: str = ""
    retirer: str = ""
    equals: dict[str, str] | None = None
    subset: dict[str, str] | None = None
    source_arn: str = ""

    def permits(self, operation: str, context: Mapping[str, str], source_arn: str) -> bool:
        """Does the grant cover an operation with this encryption context, on behalf of this resource?"""
        if operation not in self.operations:
            return False
        if self.source_arn and self.source_arn != source_arn and operation != "RetireGrant":
            return False
        return operation in _WITHOUT_CONTEXT or self._suits(context)

    def _suits(self, context: Mapping[str, str]) -> bool:
        if self.equals is not None:
            return context == self.equals
        return self.subset is None or self.subset.items() <= context.items()

    def covers(self, other: Grant) -> bool:
        """Is the other one equally or more restrictive?"""
        if not set(other.operations) <= set(self.operations):
            return False
        if self.source_arn and self.source_arn != other.source_arn:
            return False
        if self.equals is not None:
            return other.equals == self.equals
        return self.subset is None or self.subset.items() <= (other.equals or other.subset or {}).items()


class Place(NamedTuple):
    """Where a grant is."""

    account: str
    region: str
    key_id: str
    grant_id: str


grants = service.collection("grants", Grant)
grantees = service.collection("grantees", bytes)
retirable = service.collection("retirable", bytes)


# -- writing


def put(target: Target, grant: Grant) -> None:
    scope, key = target.scope, target.key
    grants.put(scope, grant, key.id, grant.id)
    grantees.put(scope, b"", key.id, grant.grantee, grant.id)
    if grant.retirer:
        home = scope_of(scope, account_of(grant.retirer) or scope.account)
        retirable.put(home, b"", grant.retirer, scope.account, key.id, grant.id)
    modify(scope, key, grants=key.grants + 1)


def delete(target: Target, grant: Grant) -> None:
    remove(target.scope, target.key.id, grant)
    modify(target.scope, target.key, grants=target.key.grants - 1)


def remove(scope: Context, key_id: str, grant: Grant) -> None:
    """Delete the rows of a grant; the key's count is left to the caller."""
    grants.delete(scope, key_id, grant.id)
    grantees.delete(scope, key_id, grant.grantee, grant.id)
    if grant.retirer:
        home = scope_of(scope, account_of(grant.retirer) or scope.account)
        retirable.delete(home, grant.retirer, scope.account, key_id, grant.id)


def account_of(principal: str) -> str:
    """The account of a principal's ARN; empty for services."""
    parts = principal.split(":")
    return parts[4] if len(parts) > 4 else ""


# -- deciding


async def granting(ctx: Context, target: Target, operation: str, context: Mapping[str, str]) -> Grant | None:
    """A grant by which the caller may do this with the key; None when there is none."""
    source_arn = ctx.origin.get("aws:SourceArn", "")
    for name in names_of(ctx.principal):
        async for grant in _held(target, name):
            if grant.permits(operation, context, str(source_arn)):
                return grant
    return None


async def _held(target: Target, name: str) -> Any:
    scope, key_id = target.scope, target.key.id
    for (grant_id,), _ in await grantees.items(scope, (str,), key_id, name):
        grant = await grants.get(scope, key_id, str(grant_id))
        if grant is not None:
            yield grant


def names_of(principal: Principal) -> Iterator[str]:
    """The names by which a grant can be given to a principal, the most direct first."""
    yield principal.arn
    if principal.issuer:
        yield principal.issuer
    if principal.kind in ("user", "role", "federated"):
        yield f"arn:{principal.arn.split(':')[1]}:iam::{principal.account}:root"


# -- tokens


def token(ctx: Context, place: Place) -> str:
    """A new token for a grant; all of a grant's tokens are alike."""
    return pages.token("/".join((*place, ctx.ids.hex(16))))


def place_of(text: str) -> Place:
    """Which grant a token is for. Raises InvalidGrantTokenException."""
    parts = pages.position(text, errors.invalid_grant_token()).split("/")
    if len(parts) != 5:
        raise errors.invalid_grant_token()
    return Place(*parts[:4])
