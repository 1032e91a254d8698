"""Drift: whether resources are still what the template of their stack asked for.

    detections (uuid)   Detection: a look at a stack, or at some of its resources

A resource that has changed with its stack since then counts as not checked. Custom resources and CloudFormation's own types cannot be.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.identity.principals import Principal
from fogbank.kernel import AWSError, Context, Record, pages, service_events
from fogbank.kernel.resource_types import Properties, ResourceType
from fogbank.services.cloudformation import errors, types
from fogbank.services.cloudformation.differences import Difference, differences
from fogbank.services.cloudformation.records import (
    Answer,
    Drift,
    Request,
    Resource,
    Stack,
    drifts,
    find,
    put,
    resources,
)
from fogbank.services.cloudformation.records import stacks as kept
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.stacks import ON_STACK, UPDATABLE

change = msgspec.structs.replace

IN_SYNC, MODIFIED, DELETED, NOT_CHECKED = "IN_SYNC", "MODIFIED", "DELETED", "NOT_CHECKED"
DRIFTED = "DRIFTED"

_PAGE = 100
_KEPT = 90 * 86400
_OWN = ("AWS::CloudFormation::", "AWS::CDK::", "Custom::")
_CHECKABLE = UPDATABLE | {"UPDATE_ROLLBACK_FAILED", "ROLLBACK_COMPLETE"}


class Detection(Record, frozen=True):
    """`logical` are the resources that are looked at, all when there are none; `began` and `count`: when, and how many had drifted."""

    uuid: str
    stack: str
    principal: Principal
    began: float
    logical: list[str] = []
    status: str = "DETECTION_IN_PROGRESS"
    drift: str = ""
    count: int = 0
    reason: str = ""


detections = service.collection("detections", Detection)


# -- looking


@service.operation(**ON_STACK)
async def detect_stack_drift(ctx: Context, request: Request) -> Answer:
    """API_DetectStackDrift."""
    stack = await checkable(ctx, request["StackName"])
    logical = request.get("LogicalResourceIds") or []
    for each in logical:
        await _resource(ctx, stack, each)
    made = await begin(ctx, stack, logical)
    return {"StackDriftDetectionId": made.uuid}


async def begin(ctx: Context, stack: Stack, logical: list[str]) -> Detection:
    """Begin to look at the stack's resources, with the permissions of the caller."""
    made = Detection(ctx.ids.uuid(), stack.uuid, ctx.principal, ctx.now(), logical)
    detections.put(ctx, made, made.uuid)
    await ctx.schedule("detect", {"detection": made.uuid})
    await ctx.schedule("forget_detection", {"detection": made.uuid}, delay=_KEPT)
    return made


@service.task
async def forget_detection(ctx: Context, payload: dict[str, Any]) -> None:
    detections.delete(ctx, payload["detection"])


async def checkable(ctx: Context, name: str) -> Stack:
    """A stack that can be looked at. Raises ValidationError."""
    stack = await find(ctx, name, errors.no_such_stack)
    if stack.status not in _CHECKABLE:
        told = f"Drift detection cannot be performed on stack [{stack.id}] while it is in {stack.status} state."
        raise errors.invalid(told)
    return stack


async def _resource(ctx: Context, stack: Stack, logical: str) -> Resource:
    found = await resources.get(ctx, stack.uuid, logical)
    if found is None:
        raise errors.no_resource(logical, stack.name)
    return found


@service.operation(**ON_STACK)
async def detect_stack_resource_drift(ctx: Context, request: Request) -> Answer:
    """API_DetectStackResourceDrift: looks at once."""
    stack = await checkable(ctx, request["StackName"])
    resource = await _resource(ctx, stack, request["LogicalResourceId"])
    if not _can_be_checked(resource):
        raise errors.invalid(f"Drift detection is not supported for resource type {resource.type}.")
    return {"StackResourceDrift": told(stack, await _look(ctx, stack, resource))}


def _can_be_checked(resource: Resource) -> bool:
    return bool(resource.identifier) and not resource.type.startswith(_OWN)


@service.task(transaction=False)
async def detect(ctx: Context, payload: dict[str, Any]) -> None:
    """Look at one resource after the other."""
    detection, stack, logical = await ctx.transact(_begun, ctx, payload["detection"])
    if detection is None or stack is None:
        return
    ctx.principal = detection.principal
    failed = ""
    for each in logical:
        try:
            await ctx.transact(_look_at, ctx, stack, each)
        except AWSError as error:
            failed += f"{each}: {error.message} "
    await ctx.transact(_end, ctx, detection, failed.strip())


async def _begun(ctx: Context, uuid: str) -> tuple[Detection | None, Stack | None, list[str]]:
    detection = await detections.get(ctx, uuid)
    if detection is None:
        return None, None, []
    found = await resources.scan(ctx, detection.stack)
    wanted = [
        each.logical
        for each in found
        if _can_be_checked(each) and each.logical in (detection.logical or [each.logical])
    ]
    return detection, await kept.get(ctx, detection.stack), wanted


async def _look_at(ctx: Context, stack: Stack, logical: str) -> None:
    resource = await resources.get(ctx, stack.uuid, logical)
    if resource is not None and _can_be_checked(resource):
        await _look(ctx, stack, resource)


async def _end(ctx: Context, detection: Detection, failed: str) -> None:
    stack = await kept.get(ctx, detection.stack)
    if stack is None:
        return
    found = await resources.scan(ctx, detection.stack)
    count = sum(1 for each in found if each.drift in (MODIFIED, DELETED))
    checked = any(each.drift != NOT_CHECKED for each in found)
    status = DRIFTED if count else IN_SYNC if checked else NOT_CHECKED
    put(ctx, change(stack, drift=status, drift_checked=ctx.now()))
    outcome = "DETECTION_FAILED" if failed else "DETECTION_COMPLETE"
    reason = f"Failed to detect drift on resources: {failed}" if failed else ""
    ended = change(detection, status=outcome, drift=status, count=count, reason=reason)
    detections.put(ctx, ended, detection.uuid)
    await _tell_bus(ctx, stack, ended)


async def _tell_bus(ctx: Context, stack: Stack, detection: Detection) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-drift-detection-status-change.html"""
    detail = {
        "stack-id": stack.id,
        "stack-drift-detection-id": detection.uuid,
        "status-details": {"stack-drift-status": detection.drift, "detection-status": detection.status},
        "drift-detection-details": {"drifted-stack-resource-count": detection.count},
    }
    await service_events.tell(ctx, "CloudFormation Drift Detection Status Change", detail, [stack.id])


async def _look(ctx: Context, stack: Stack, resource: Resource) -> Drift:
    kind = types.find(ctx, resource.type)
    expected = {name: value for name, value in resource.wanted().items() if name not in kind.write_only}
    actual = await _actual(ctx, kind, resource.identifier)
    found = Drift(resource.logical, resource.type, resource.physical, DELETED, ctx.now(), _json(expected))
    if actual is not None:
        compared = _comparable(actual, expected, stack)
        differing = list(differences(expected, compared))
        status = MODIFIED if differing else IN_SYNC
        found = change(found, status=status, actual=_json(compared), differences=differing)
    drifts.put(ctx, found, stack.uuid, resource.logical)
    told = change(resource, drift=found.status, drift_checked=found.time)
    resources.put(ctx, told, stack.uuid, resource.logical)
    return found


async def _actual(ctx: Context, kind: ResourceType, identifier: str) -> Properties | None:
    """None when the resource is gone."""
    try:
        return await ctx.undoing(kind.read, ctx, identifier)
    except AWSError as error:
        if kind.is_missing(error):
            return None
        raise


def _comparable(actual: Properties, expected: Properties, stack: Stack) -> Properties:
    """What there is of the properties that were asked for, without the tags that CloudFormation adds."""
    found = {name: value for name, value in actual.items() if name in expected}
    if isinstance(found.get("Tags"), list):
        asked = [each.get("Key") for each in expected["Tags"] if isinstance(each, dict)]
        found["Tags"] = [each for each in found["Tags"] if each.get("Key") in asked or not _is_of_stack(each, stack)]
    return found


def _is_of_stack(tag: Properties, stack: Stack) -> bool:
    key = str(tag.get("Key"))
    return key.startswith("aws:") or stack.tags.get(key) == tag.get("Value")


def _json(properties: Properties) -> str:
    return orjson.dumps(properties, option=orjson.OPT_SORT_KEYS).decode()


# -- what was found


@service.operation(resource=lambda ctx, request: "*")
async def describe_stack_drift_detection_status(ctx: Context, request: Request) -> Answer:
    """API_DescribeStackDriftDetectionStatus."""
    found = await detections.get(ctx, request["StackDriftDetectionId"])
    stack = await kept.get(ctx, found.stack) if found is not None else None
    if found is None or stack is None:
        raise errors.invalid(f"Drift detection id {request['StackDriftDetectionId']} does not exist")
    done = found.status != "DETECTION_IN_PROGRESS"
    return {
        "StackId": stack.id,
        "StackDriftDetectionId": found.uuid,
        "StackDriftStatus": found.drift or None,
        "DetectionStatus": found.status,
        "DetectionStatusReason": found.reason or None,
        "DriftedStackResourceCount": found.count if done else None,
        "Timestamp": found.began,
    }


@service.operation(**ON_STACK)
async def describe_stack_resource_drifts(ctx: Context, request: Request) -> Answer:
    """Of those resources that were checked. API_DescribeStackResourceDrifts."""
    stack = await find(ctx, request["StackName"], errors.no_such_stack)
    wanted = request.get("StackResourceDriftStatusFilters") or []
    found = [each for each in await of_stack(ctx, stack) if not wanted or each.status in wanted]
    if request.get("NextToken"):
        after = pages.position(request["NextToken"], errors.invalid("Invalid NextToken"))
        found = [each for each in found if each.logical > after]
    page, token = pages.page(found, request.get("MaxResults") or _PAGE, lambda each: each.logical)
    return {"StackResourceDrifts": [told(stack, each) for each in page], "NextToken": token}


async def of_stack(ctx: Context, stack: Stack) -> list[Drift]:
    """What is known of the stack's resources as they are now."""
    checked = {each.logical for each in await resources.scan(ctx, stack.uuid) if each.drift != NOT_CHECKED}
    return [each for each in await drifts.scan(ctx, stack.uuid) if each.logical in checked]


def told(stack: Stack, found: Drift) -> Answer:
    answer = {
        "StackId": stack.id,
        "LogicalResourceId": found.logical,
        "PhysicalResourceId": found.physical,
        "ResourceType": found.type,
        "StackResourceDriftStatus": found.status,
        "ExpectedProperties": found.expected,
        "Timestamp": found.time,
    }
    if found.status != DELETED:
        answer["ActualProperties"] = found.actual
        answer["PropertyDifferences"] = [_difference(each) for each in found.differences]
    return answer


def _difference(found: Difference) -> Answer:
    return {
        "PropertyPath": found.path,
        "ExpectedValue": found.expected,
        "ActualValue": found.actual,
        "DifferenceType": found.type,
    }
