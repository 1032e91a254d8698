"""What CloudFormation tells EventBridge of stack sets, in the account and Region of their administrator.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stackset-operation-status-change.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.kernel import Context, service_events

if TYPE_CHECKING:
    from fogbank.services.cloudformation.stack_sets import Instance, SetOperation, StackSet


async def set_is(ctx: Context, found: StackSet, status: str) -> None:
    """`status`: ACTIVE, DELETED."""
    await _tell(ctx, found, "StackSet Status Change", {"status-details": {"status": status}})


async def operation_is(ctx: Context, found: StackSet, operation: SetOperation) -> None:
    detail = {
        "stack-set-operation-id": operation.id,
        "action": operation.action,
        "status-details": {"status": operation.status},
    }
    await _tell(ctx, found, "StackSet Operation Status Change", detail)


async def instance_is(ctx: Context, found: StackSet, instance: Instance, action: str) -> None:
    detail = {
        "stack-id": instance.stack,
        "action": action,
        "status-details": {
            "status": instance.status,
            "status-reason": instance.reason,
            "detailed-status": instance.detailed,
        },
    }
    await _tell(ctx, found, "StackSet StackInstance Status Change", detail)


async def _tell(ctx: Context, found: StackSet, kind: str, detail: dict[str, Any]) -> None:
    await service_events.tell(ctx, f"CloudFormation {kind}", {"stack-set-arn": found.arn, **detail}, [found.arn])
