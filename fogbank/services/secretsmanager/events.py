"""What Secrets Manager tells EventBridge of secrets, and CloudTrail of what it does by itself.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/secret-event-notifications.html
https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
"""

from __future__ import annotations

from collections.abc import Mapping

from fogbank.kernel import Context, service_events
from fogbank.services.secretsmanager import stages
from fogbank.services.secretsmanager.secret import Secret, arn

_UNTOLD = (stages.PENDING, stages.PREVIOUS)


async def labelled(ctx: Context, secret: Secret, before: Mapping[str, str]) -> None:
    """Tell of labels that moved to another version than they had `before`."""
    for label, version in secret.stages.items():
        if label not in _UNTOLD and before.get(label) != version:
            detail = {"name": secret.name, "labelUpdated": label, "versionId": version}
            await service_events.tell(ctx, "Secret Label Updated", detail, [arn(ctx, secret)])


async def happened(ctx: Context, secret: Secret, name: str) -> None:
    """Tell of a step of a rotation or a deletion: `RotationStarted`, `EndSecretVersionDelete`."""
    await service_events.record(ctx, name, additionalEventData={"SecretId": arn(ctx, secret)})
