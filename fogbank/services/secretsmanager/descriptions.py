"""What DescribeSecret and ListSecrets tell of a secret: only what has a value."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.secretsmanager import stages
from fogbank.services.secretsmanager.secret import Partner, Replica, Secret, arn
from fogbank.services.secretsmanager.tags import shown as shown_tags

Answer = dict[str, Any]


def entry(ctx: Context, secret: Secret) -> Answer:
    """An entry of ListSecrets. API_SecretListEntry."""
    return {**_common(ctx, secret), "SecretVersionsToStages": stages.by_version(secret.stages) or None}


def whole(ctx: Context, secret: Secret) -> Answer:
    """The answer of DescribeSecret."""
    return {
        **_common(ctx, secret),
        "VersionIdsToStages": stages.by_version(secret.stages) or None,
        "ReplicationStatus": replicas(secret) or None,
        "CrossAccountPrimary": _primary(secret.primary),
        "CrossAccountReplicas": [_partner(partner) for partner in secret.partners] or None,
    }


def _common(ctx: Context, secret: Secret) -> Answer:
    return {
        "ARN": arn(ctx, secret),
        "Name": secret.name,
        "Type": secret.type,
        "Description": secret.description or None,
        "KmsKeyId": secret.key or None,
        **_rotation(secret),
        "LastChangedDate": secret.changed,
        "LastAccessedDate": secret.accessed,
        "DeletedDate": secret.purged_at,
        "Tags": shown_tags(secret.tags) or None,
        "OwningService": secret.owning_service or None,
        "CreatedDate": secret.created,
        "PrimaryRegion": secret.primary_region or None,
    }


def _rotation(secret: Secret) -> Answer:
    rotation = secret.rotation
    if rotation is None:
        return {}
    return {
        "RotationEnabled": rotation.enabled,
        "RotationLambdaARN": rotation.function,
        "RotationRules": rotation.rules,
        "LastRotatedDate": rotation.last,
        "NextRotationDate": rotation.due if rotation.enabled else None,
    }


def replicas(secret: Secret) -> list[Answer]:
    """The replicas in other regions. API_ReplicationStatusType."""
    return [_replica(replica) for replica in secret.replicas]


def _replica(replica: Replica) -> Answer:
    return {
        "Region": replica.region,
        "KmsKeyId": replica.key or "alias/aws/secretsmanager",
        "Status": replica.status,
        "StatusMessage": replica.message if replica.status == "Failed" else None,
    }


def _primary(partner: Partner | None) -> Answer | None:
    if partner is None:
        return None
    return {
        "PrimarySecretARN": partner.arn,
        "ReplicationStatus": partner.status,
        "StatusMessage": partner.message if partner.status == "Failed" else None,
    }


def _partner(partner: Partner) -> Answer:
    return {
        "ReplicaSecretARN": partner.arn,
        "ReplicationRoleARN": partner.role or None,
        "ReplicationStatus": partner.status,
        "StatusMessage": partner.message if partner.status == "Failed" else None,
    }
