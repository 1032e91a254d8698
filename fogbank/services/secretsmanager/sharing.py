"""Replicas in other accounts: AssociateCrossAccountReplica, DisassociateCrossAccountReplica.

The owner of the replica creates it empty, with the ARN of its primary, which attaches a policy that lets the primary's account accept the
replication; the owner of the primary then associates the two. The link can be cut from either side.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.services.secretsmanager import access, encryption, errors, limits
from fogbank.services.secretsmanager.access import ON_SECRET
from fogbank.services.secretsmanager.saving import save
from fogbank.services.secretsmanager.secret import (
    Partner,
    Secret,
    arn,
    find_own,
    keep,
    look_up,
    parse,
)
from fogbank.services.secretsmanager.service import service

Request = dict[str, Any]

replace = msgspec.structs.replace

POLICY = "CrossAccountReplication"
"""The name of the policy that a replica gets on creation."""

_NOT_ON_A_REPLICA = ("SecretString", "SecretBinary", "Description", "AddReplicaRegions", "Type")


# -- creating a replica


def check_replica(ctx: Context, request: Request) -> None:
    """Refuse what a replica of another account's secret cannot have. Raises InvalidParameterException."""
    for member in _NOT_ON_A_REPLICA:
        if member in request:
            raise errors.cross_account_replica_holds_nothing(member)
    if request.get("KmsKeyId", "") in ("", encryption.MANAGED_ALIAS):
        raise errors.cross_account_replica_needs_key()
    primary = parse(ctx, request["CrossAccountPrimaryARN"])
    if not primary.by_arn or primary.account == ctx.account or primary.region != ctx.region:
        raise errors.invalid_primary(request["CrossAccountPrimaryARN"])


def primary_of(request: Request) -> Partner | None:
    found = request.get("CrossAccountPrimaryARN")
    return None if found is None else Partner(found, status="Pending")


def policies_for(ctx: Context, primary: Partner | None) -> dict[str, str]:
    """The policies that a new secret has: a replica's lets the primary's account replicate to it."""
    if primary is None:
        return {}
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{ctx.partition}:iam::{parse(ctx, primary.arn).account}:root"},
        "Action": "secretsmanager:AcceptCrossAccountReplication",
        "Resource": "*",
    }
    return {POLICY: json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


# -- linking and unlinking


@service.operation(**ON_SECRET)
async def associate_cross_account_replica(ctx: Context, request: Request) -> Request:
    """Link a secret to its replica in another account, and copy it there. API_AssociateCrossAccountReplica."""
    scope, secret = await find_own(ctx, request)
    replica_arn = request["CrossAccountReplicaARN"]
    await access.check(ctx, "AcceptCrossAccountReplication", {"SecretId": replica_arn})
    there, replica = await look_up(ctx, replica_arn)
    if replica is None:
        raise errors.secret_not_found()
    if replica.primary is None or replica.primary.arn != arn(scope, secret):
        raise errors.not_a_replica_of(replica_arn, arn(scope, secret))
    if request.get("ReplicaRestriction", "SameOrg") == "SameOrg" and not await _same_organization(scope, there):
        raise errors.another_organization()
    others = [partner for partner in secret.partners if partner.arn != arn(there, replica)]
    if len(others) >= limits.CROSS_ACCOUNT_REPLICAS:
        raise errors.too_many_cross_account_replicas()
    partner = Partner(arn(there, replica), request.get("ReplicationRoleARN", ""))
    if partner.role:
        await ctx.pass_role(partner.role)
    await save(scope, secret, partners=[*others, partner])
    return {"ARN": arn(scope, secret), "CrossAccountReplicaARN": partner.arn, "ReplicationStatus": partner.status}


async def _same_organization(one: Context, other: Context) -> bool:
    return (found := await _organization(one)) is not None and found == await _organization(other)


async def _organization(ctx: Context) -> str | None:
    """The id of the organization that the account is in, or None."""
    try:
        answer = await ctx.call("organizations", "DescribeOrganization", {})
    except AWSError:
        return None
    return answer["Organization"]["Id"]


@service.operation(**ON_SECRET)
async def disassociate_cross_account_replica(ctx: Context, request: Request) -> Request:
    """Cut the link from the primary's side; the replica stays, detached. API_DisassociateCrossAccountReplica."""
    scope, secret = await find_own(ctx, request)
    replica_arn = request["CrossAccountReplicaARN"]
    if all(partner.arn != replica_arn for partner in secret.partners):
        raise errors.not_associated(replica_arn)
    await save(scope, secret, partners=[partner for partner in secret.partners if partner.arn != replica_arn])
    there, replica = await look_up(ctx, replica_arn)
    if replica is not None and replica.primary is not None:
        keep(there, replica, primary=replace(replica.primary, status="Detached"))
    return {"ARN": arn(scope, secret), "CrossAccountReplicaARN": replica_arn}


async def stop(ctx: Context, replica: Secret) -> None:
    """Cut the link from the replica's side, and make it a secret of its own."""
    assert replica.primary is not None
    home, primary = await look_up(ctx, replica.primary.arn)
    if primary is not None:
        own = arn(ctx, replica)
        partners = [replace(one, status="Detached") if one.arn == own else one for one in primary.partners]
        keep(home, primary, partners=partners)
    policies = {name: text for name, text in replica.policies.items() if name != POLICY}
    keep(ctx, replica, primary=None, policies=policies, changed=ctx.now())
