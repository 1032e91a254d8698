"""Operations that look at stacks: what they are, what they have, what happened to them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html and its neighbours.
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context, pages
from fogbank.services.cloudformation import errors, types, wanting
from fogbank.services.cloudformation.records import (
    CURRENT,
    GOAL,
    Answer,
    Body,
    Output,
    Request,
    Resource,
    Stack,
    bodies,
    events,
    find,
    resources,
    stacks,
)
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.stacks import ON_STACK
from fogbank.services.cloudformation.templates import parameters
from fogbank.services.cloudformation.templates.parsing import parse
from fogbank.services.cloudformation.templates.template import Template

_PAGE = 100
_HIDDEN = "****"


def _present(answer: Answer) -> Answer:
    return {name: value for name, value in answer.items() if value not in (None, "")}


# -- stacks


@service.operation(**ON_STACK)
async def describe_stacks(ctx: Context, request: Request) -> Answer:
    """API_DescribeStacks: one by its name or id, or all that are."""
    if request.get("StackName"):
        return {"Stacks": [described(await find(ctx, request["StackName"], errors.no_stack))]}
    found = await _by_age(ctx)
    page, token = _page([each for each in found if each.deleted is None], request)
    return {"Stacks": [described(each) for each in page], "NextToken": token}


@service.operation
async def list_stacks(ctx: Context, request: Request) -> Answer:
    """API_ListStacks: also those that were deleted in the last 90 days."""
    wanted = request.get("StackStatusFilter") or []
    found = [each for each in await _by_age(ctx) if not wanted or each.status in wanted]
    page, token = _page(found, request)
    return {"StackSummaries": [_summary(each) for each in page], "NextToken": token}


async def _by_age(ctx: Context) -> list[Stack]:
    return sorted(await stacks.scan(ctx), key=lambda each: (-each.created, each.uuid))


def _page(found: list[Stack], request: Request) -> tuple[Any, str | None]:
    if request.get("NextToken"):
        last = pages.position(request["NextToken"], errors.invalid("Invalid NextToken"))
        after = [number for number, each in enumerate(found) if each.uuid == last]
        found = found[after[0] + 1 :] if after else []
    return pages.page(found, _PAGE, lambda each: each.uuid)


def described(stack: Stack) -> Answer:
    options = orjson.loads(stack.options)
    answer = {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set,
        "Description": stack.description,
        "CreationTime": stack.created,
        "DeletionTime": stack.deleted,
        "LastUpdatedTime": stack.updated,
        "RollbackConfiguration": options.get("RollbackConfiguration") or {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason if not stack.status.endswith("_COMPLETE") else None,
        "DisableRollback": options.get("DisableRollback", False),
        "NotificationARNs": stack.topics,
        "TimeoutInMinutes": options.get("TimeoutInMinutes"),
        "RetainExceptOnCreate": options.get("RetainExceptOnCreate"),
        "RoleARN": stack.role,
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        "EnableTerminationProtection": stack.protected,
        "ParentId": stack.parent,
        "RootId": stack.root,
        "DriftInformation": _drift(stack.drift, stack.drift_checked, "StackDriftStatus"),
    }
    if stack.parameters:
        answer["Parameters"] = [_parameter(stack, name) for name in stack.parameters]
    if stack.capabilities:
        answer["Capabilities"] = stack.capabilities
    if stack.outputs:
        answer["Outputs"] = [_output(each) for each in stack.outputs]
    return _present(answer)


def _parameter(stack: Stack, name: str) -> Answer:
    hidden = name in stack.hidden
    value = {"ParameterKey": name, "ParameterValue": _HIDDEN if hidden else stack.parameters[name]}
    return value | ({"ResolvedValue": stack.resolved[name]} if name in stack.resolved and not hidden else {})


def _output(output: Output) -> Answer:
    return _present(
        {
            "OutputKey": output.key,
            "OutputValue": output.value,
            "Description": output.description,
            "ExportName": output.export,
        }
    ) | {"OutputValue": output.value}


def _drift(status: str, checked: float | None, member: str) -> Answer:
    return _present({member: status, "LastCheckTimestamp": checked})


def _summary(stack: Stack) -> Answer:
    return _present(
        {
            "StackId": stack.id,
            "StackName": stack.name,
            "TemplateDescription": stack.description,
            "CreationTime": stack.created,
            "LastUpdatedTime": stack.updated,
            "DeletionTime": stack.deleted,
            "StackStatus": stack.status,
            "StackStatusReason": stack.reason if not stack.status.endswith("_COMPLETE") else None,
            "ParentId": stack.parent,
            "RootId": stack.root,
            "DriftInformation": _drift(stack.drift, stack.drift_checked, "StackDriftStatus"),
        }
    )


# -- events


@service.operation(**ON_STACK)
async def describe_stack_events(ctx: Context, request: Request) -> Answer:
    """The latest first. API_DescribeStackEvents."""
    stack = await find(ctx, request["StackName"], errors.no_such_stack)
    until = None
    if request.get("NextToken"):
        until = (int(pages.position(request["NextToken"], errors.invalid("Invalid NextToken"))),)
    found = await events.items(ctx, (int,), stack.uuid, reverse=True, limit=_PAGE + 1, until=until)
    page, token = pages.page(found, _PAGE, lambda each: str(each[0][0]))
    shown = [
        _present(
            {
                "StackId": stack.id,
                "StackName": stack.name,
                "EventId": each.id,
                "LogicalResourceId": each.logical,
                "PhysicalResourceId": each.physical,
                "ResourceType": each.type,
                "Timestamp": each.time,
                "ResourceStatus": each.status,
                "ResourceStatusReason": each.reason,
                "ResourceProperties": each.properties,
                "ClientRequestToken": each.token,
            }
        )
        for _, each in page
    ]
    return {"StackEvents": shown, "NextToken": token}


# -- resources


@service.operation(**ON_STACK)
async def describe_stack_resource(ctx: Context, request: Request) -> Answer:
    """API_DescribeStackResource."""
    stack = await find(ctx, request["StackName"], errors.no_stack)
    found = await resources.get(ctx, stack.uuid, request["LogicalResourceId"])
    if found is None:
        raise errors.no_resource(request["LogicalResourceId"], stack.name)
    shown = _resource(found, "LastUpdatedTimestamp") | {"StackId": stack.id, "StackName": stack.name}
    return {"StackResourceDetail": _present({**shown, "Metadata": found.metadata})}


@service.operation(**ON_STACK)
async def describe_stack_resources(ctx: Context, request: Request) -> Answer:
    """By the stack, or by a physical id that one of the stacks has. API_DescribeStackResources."""
    if request.get("PhysicalResourceId"):
        stack = await _holder(ctx, request["PhysicalResourceId"])
    elif request.get("StackName"):
        stack = await find(ctx, request["StackName"], errors.no_stack)
    else:
        raise errors.invalid("PhysicalResourceId or StackName must be specified")
    logical = request.get("LogicalResourceId")
    found = [each for each in await resources.scan(ctx, stack.uuid) if logical in (None, each.logical)]
    if logical is not None and not found:
        raise errors.no_resource(logical, stack.name)
    both = {"StackId": stack.id, "StackName": stack.name}
    return {"StackResources": [_resource(each, "Timestamp") | both for each in found[:_PAGE]]}


async def _holder(ctx: Context, physical: str) -> Stack:
    for stack in await _by_age(ctx):
        if any(each.physical == physical for each in await resources.scan(ctx, stack.uuid)):
            return stack
    raise errors.invalid(f"Stack for {physical} does not exist")


@service.operation(**ON_STACK)
async def list_stack_resources(ctx: Context, request: Request) -> Answer:
    """API_ListStackResources."""
    stack = await find(ctx, request["StackName"], errors.no_stack)
    found = await resources.scan(ctx, stack.uuid)
    if request.get("NextToken"):
        after = pages.position(request["NextToken"], errors.invalid("Invalid NextToken"))
        found = [each for each in found if each.logical > after]
    page, token = pages.page(found, _PAGE, lambda each: each.logical)
    return {
        "StackResourceSummaries": [_resource(each, "LastUpdatedTimestamp") for each in page],
        "NextToken": token,
    }


def _resource(resource: Resource, time: str) -> Answer:
    return _present(
        {
            "LogicalResourceId": resource.logical,
            "PhysicalResourceId": resource.physical,
            "ResourceType": resource.type,
            time: resource.time,
            "ResourceStatus": resource.status,
            "ResourceStatusReason": resource.reason,
            "Description": resource.description,
            "DriftInformation": _drift(resource.drift, resource.drift_checked, "StackResourceDriftStatus"),
        }
    )


# -- templates


async def body_of(ctx: Context, stack: Stack) -> Body | None:
    """The template of a stack; while it is made or changed, the one that it is led to."""
    return await bodies.get(ctx, stack.uuid, GOAL) or await bodies.get(ctx, stack.uuid, CURRENT)


@service.operation(**ON_STACK)
async def get_template(ctx: Context, request: Request) -> Answer:
    """The template as it was given, or after its transforms. API_GetTemplate."""
    if not request.get("StackName"):
        raise errors.invalid("StackName is required if ChangeSetName is not specified.")
    stack = await find(ctx, request["StackName"], errors.no_stack)
    body = await body_of(ctx, stack)
    if body is None:  # under review
        return {"StagesAvailable": []}
    stages = ["Original", "Processed"]
    text = body.text
    if request.get("TemplateStage") == "Processed" and parse(body.text) != orjson.loads(body.document):
        text = body.document
    return {"TemplateBody": text, "StagesAvailable": stages}


@service.operation(transaction=False, resource=lambda ctx, request: "*")
async def validate_template(ctx: Context, request: Request) -> Answer:
    """API_ValidateTemplate."""
    text = await wanting.text_of(ctx, request)
    if text is None:
        raise errors.invalid("Either Template URL or Template Body must be specified.")
    template = Template.untransformed(text)
    if template.transforms:
        parameters.check(template)
    else:
        wanting.check(ctx, template)
    capabilities, reason = _capabilities(template)
    shown = [
        _present(
            {
                "ParameterKey": name,
                "DefaultValue": None if "Default" not in each else str(each["Default"]),
                "Description": each.get("Description"),
            }
        )
        | {"NoEcho": parameters.is_hidden(each)}
        for name, each in template.parameters.items()
    ]
    answer = {"Parameters": shown, "Description": template.description, "CapabilitiesReason": reason}
    return _present(answer) | ({"Capabilities": capabilities} if capabilities else {}) | _transforms(template)


def _capabilities(template: Template) -> tuple[list[str], str | None]:
    wanted, why = types.capabilities(template.resources.values(), template.transforms)
    if not wanted:
        return [], None
    told = f"The following resource(s) require capabilities: [{', '.join(why or template.transforms)}]"
    return wanted, told


def _transforms(template: Template) -> Answer:
    return {"DeclaredTransforms": template.transforms} if template.transforms else {}


@service.operation(transaction=False, **ON_STACK)
async def get_template_summary(ctx: Context, request: Request) -> Answer:
    """API_GetTemplateSummary."""
    text = await wanting.text_of(ctx, request)
    if text is None:
        if not request.get("StackName"):
            raise errors.invalid("Either StackName, TemplateBody or TemplateURL must be specified.")
        text = await ctx.transact(_text_of_stack, ctx, request["StackName"])
    template = Template.untransformed(text)
    parameters.check(template)
    capabilities, reason = _capabilities(template)
    answer = {
        "Parameters": [_declared(name, each) for name, each in template.parameters.items()],
        "Description": template.description,
        "CapabilitiesReason": reason,
        "ResourceTypes": template.types(),
        "Version": template.document.get("AWSTemplateFormatVersion"),
        "Metadata": orjson.dumps(template.document["Metadata"]).decode() if "Metadata" in template.document else None,
        "ResourceIdentifierSummaries": _identifiers(ctx, template),
    }
    return _present(answer) | ({"Capabilities": capabilities} if capabilities else {}) | _transforms(template)


async def _text_of_stack(ctx: Context, name: str) -> str:
    body = await body_of(ctx, await find(ctx, name, errors.no_stack))
    if body is None:
        raise errors.no_stack(name)
    return body.text


def _declared(name: str, declared: dict[str, Any]) -> Answer:
    constraints = {}
    if declared.get("AllowedValues"):
        constraints["AllowedValues"] = [str(each) for each in declared["AllowedValues"]]
    return _present(
        {
            "ParameterKey": name,
            "DefaultValue": None if "Default" not in declared else str(declared["Default"]),
            "ParameterType": declared["Type"],
            "Description": declared.get("Description"),
            "ParameterConstraints": constraints,
        }
    ) | {"NoEcho": parameters.is_hidden(declared)}


def _identifiers(ctx: Context, template: Template) -> list[Answer]:
    found = []
    for name in template.types():
        kind = types.lookup(ctx, name)
        logical = [each for each, declared in template.resources.items() if declared.type == name]
        if kind is not None and kind.identifier:
            identifiers = list(kind.identifier)
            found.append({"ResourceType": name, "LogicalResourceIds": logical, "ResourceIdentifiers": identifiers})
    return found


@service.operation
async def describe_account_limits(ctx: Context, request: Request) -> Answer:
    """API_DescribeAccountLimits."""
    limits = {"StackLimit": 2000, "StackOutputsLimit": 200, "ConcurrentResourcesLimit": 2500}
    return {"AccountLimits": [{"Name": name, "Value": value} for name, value in limits.items()]}
