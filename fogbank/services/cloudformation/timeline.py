"""What happened to a stack: its events, and the changes of its status, which topics and EventBridge hear of.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, service_events
from fogbank.services.cloudformation.records import STACK, Event, Resource, Stack, events, put, resources

change = msgspec.structs.replace


async def stack_is(ctx: Context, stack: Stack, status: str, reason: str = "", token: str = "") -> Stack:
    """Put the stack with a new status, and tell of it. Returns the stack."""
    changed = change(stack, status=status, reason=reason)
    put(ctx, changed)
    event = Event(ctx.ids.uuid(), stack.name, stack.id, STACK, status, ctx.now(), reason, properties="", token=token)
    await _tell(ctx, changed, event)
    await _tell_bus(ctx, changed, token)
    return changed


async def resource_is(
    ctx: Context, stack: Stack, resource: Resource, status: str, reason: str = "", token: str = ""
) -> Resource:
    """Put a resource with a new status, and tell of it. Returns the resource."""
    changed = change(resource, status=status, reason=reason, time=ctx.now())
    resources.put(ctx, changed, stack.uuid, resource.logical)
    await tell(ctx, stack, changed, token)
    return changed


async def tell(ctx: Context, stack: Stack, resource: Resource, token: str = "") -> None:
    """Tell of a resource as it is, whether it is one of the stack's still or not."""
    event = Event(
        f"{resource.logical}-{resource.status}-{int(ctx.now() * 1000)}",
        resource.logical,
        resource.physical,
        resource.type,
        resource.status,
        ctx.now(),
        resource.reason,
        resource.properties,
        token,
    )
    await _tell(ctx, stack, event)
    await _tell_bus_of_resource(ctx, stack, resource, token)


async def _tell(ctx: Context, stack: Stack, event: Event) -> None:
    last = await events.items(ctx, (int,), stack.uuid, reverse=True, limit=1)
    events.put(ctx, event, stack.uuid, int(last[0][0][0]) + 1 if last else 0)
    for topic in stack.topics:
        await _publish(ctx, stack, topic, event)


async def _publish(ctx: Context, stack: Stack, topic: str, event: Event) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rollback-triggers-and-notifications"""
    fields = {
        "StackId": stack.id,
        "Timestamp": event.time,
        "EventId": event.id,
        "LogicalResourceId": event.logical,
        "PhysicalResourceId": event.physical,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceType": event.type,
        "StackName": stack.name,
        "ClientRequestToken": event.token,
    }
    text = "".join(f"{name}='{value}'\n" for name, value in fields.items())
    request = {"TopicArn": topic, "Subject": "AWS CloudFormation Notification", "Message": text}
    try:
        await ctx.call("sns", "Publish", request, source_arn=stack.id)
    except AWSError:
        return  # a topic that takes nothing does not keep the stack from going on


async def _tell_bus(ctx: Context, stack: Stack, token: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-status-change.html"""
    detail: dict[str, Any] = {
        "stack-id": stack.id,
        "status-details": {"status": stack.status, "status-reason": stack.reason},
        "client-request-token": token,
    }
    await service_events.tell(ctx, "CloudFormation Stack Status Change", detail, [stack.id])


async def _tell_bus_of_resource(ctx: Context, stack: Stack, resource: Resource, token: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-resource-status-change.html"""
    detail: dict[str, Any] = {
        "stack-id": stack.id,
        "logical-resource-id": resource.logical,
        "physical-resource-id": resource.physical,
        "status-details": {"status": resource.status, "status-reason": resource.reason},
        "resource-type": resource.type,
        "client-request-token": token,
    }
    await service_events.tell(ctx, "CloudFormation Resource Status Change", detail, [stack.id])
