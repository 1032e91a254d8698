"""What Parameter Store tells EventBridge: changes, and what parameter policies do.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-cwe.html
"""

from __future__ import annotations

from fogbank.kernel import Context, service_events
from fogbank.services.ssm.parameter import Parameter, Policy, Version, arn


async def changed(ctx: Context, operation: str, parameter: Parameter, **more: str) -> None:
    """Tell of a change: `Create`, `Update`, `Delete`, `LabelParameterVersion`, `UnlabelParameterVersion`."""
    await failed(ctx, operation, parameter.name, parameter.latest, **more)


async def failed(ctx: Context, operation: str, name: str, version: Version, **more: str) -> None:
    """Tell of a change, or of one that was accepted and came to nothing."""
    detail = {"operation": operation, "name": name, "type": version.type, **more}
    if version.description is not None:
        detail["description"] = version.description
    await service_events.tell(ctx, "Parameter Store Change", detail, [arn(ctx, name)])


async def policy_acted(ctx: Context, parameter: Parameter, policy: Policy) -> None:
    detail = {
        "parameter-name": parameter.name,
        "parameter-type": parameter.latest.type,
        "policy-type": policy.type,
        "policy-content": policy.text,
        "action-status": "Success",
        "action-reason": "The policy was applied.",
    }
    await service_events.tell(ctx, "Parameter Store Policy Action", detail, [arn(ctx, parameter.name)])
