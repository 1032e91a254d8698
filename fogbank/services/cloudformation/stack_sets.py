"""Stack sets: one template for stacks in many accounts and Regions. This module has the sets themselves.

    stack_sets      (uuid)                              StackSet
    stack_set_names (name)                              the uuid of the set that has the name now
    instances       (uuid of the set, account, Region)  Instance: a stack of it, or one that is to be
    set_operations  (uuid of the set, number)           SetOperation
    set_results     (uuid of the set, number, account, Region)  Result: what an operation does about an instance

The instances are in `stack_instances`, what is done to them in `stack_set_operations`, where they are to be in `stack_set_targets`.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/what-is-cfnstacksets.html
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import orjson

from fogbank.identity.principals import Principal
from fogbank.kernel import Context, Record, pages
from fogbank.services.cloudformation import errors, stack_set_events, stack_set_targets, types, wanting
from fogbank.services.cloudformation.records import Answer, Request
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.templates.template import Template

change = msgspec.structs.replace

SELF_MANAGED, SERVICE_MANAGED = "SELF_MANAGED", "SERVICE_MANAGED"
ADMINISTRATION, EXECUTION = "AWSCloudFormationStackSetAdministrationRole", "AWSCloudFormationStackSetExecutionRole"
ACTIVE, DELETED = "ACTIVE", "DELETED"

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_PAGE = 100


class StackSet(Record, frozen=True):
    """`parameters` are those of a request; `auto` is its AutoDeployment, `drift` what the last look at its stacks told (JSON)."""

    uuid: str
    name: str
    account: str
    region: str
    template: str
    created: float
    description: str = ""
    status: str = ACTIVE
    parameters: dict[str, str] = {}
    capabilities: list[str] = []
    tags: dict[str, str] = {}
    administration: str = ""
    execution: str = EXECUTION
    model: str = SELF_MANAGED
    auto: str = "{}"
    managed: bool = False
    drift: str = "{}"

    @property
    def id(self) -> str:
        return f"{self.name}:{self.uuid}"

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudformation:{self.region}:{self.account}:stackset/{self.id}"


class Instance(Record, frozen=True):
    """`overrides` are values of parameters that differ from the set's; `unit` is the organizational unit that it is there for."""

    account: str
    region: str
    stack: str = ""
    overrides: dict[str, str] = {}
    status: str = "OUTDATED"
    detailed: str = "PENDING"
    reason: str = ""
    unit: str = ""
    drift: str = "NOT_CHECKED"
    drift_checked: float | None = None
    operation: str = ""


class SetOperation(Record, frozen=True):
    """`preferences` and `targets` are those of the request (JSON). `imported` are the ids of stacks by account and Region."""

    number: int
    id: str
    action: str
    principal: Principal
    created: float
    status: str = "RUNNING"
    preferences: str = "{}"
    targets: str = "{}"
    retain: bool = False
    ended: float | None = None
    reason: str = ""
    failed: int = 0
    administration: str = ""
    execution: str = ""
    imported: dict[str, str] = {}


class Result(Record, frozen=True):
    """`about` is the drift detection that is waited for, `since` when the work on the stack began (epoch seconds)."""

    account: str
    region: str
    status: str = "PENDING"
    reason: str = ""
    unit: str = ""
    about: str = ""
    since: float = 0.0


sets = service.collection("stack_sets", StackSet)
set_names = service.collection("stack_set_names", bytes)
instances = service.collection("instances", Instance)
set_operations = service.collection("set_operations", SetOperation)
set_results = service.collection("set_results", Result)


def _resource(ctx: Context, request: Request) -> str:
    name = request.get("StackSetName") or "*"
    if name.startswith("arn:"):
        return str(name)
    return f"arn:{ctx.partition}:cloudformation:{ctx.region}:{ctx.account}:stackset/{name.partition(':')[0]}:*"


ON_SET: dict[str, Any] = {"resource": _resource}


async def find_set(ctx: Context, name: str) -> StackSet:
    """By its name, its id or its ARN. Raises StackSetNotFoundException."""
    plain, _, uuid = name.rpartition("stackset/")[2].partition(":")
    known = await set_names.get(ctx, plain)
    found = await sets.get(ctx, known.decode()) if known is not None else None
    if found is None or (uuid and found.uuid != uuid):
        raise errors.no_set(name)
    return found


async def running(ctx: Context, found: StackSet) -> SetOperation | None:
    """The operation on the set that is under way."""
    for each in await set_operations.scan(ctx, found.uuid, reverse=True):
        if each.status in ("RUNNING", "STOPPING"):
            return each
    return None


# -- operations


@service.operation(transaction=False, **ON_SET)
async def create_stack_set(ctx: Context, request: Request) -> Answer:
    """API_CreateStackSet."""
    name = request["StackSetName"]
    if _NAME.fullmatch(name) is None:
        told = f"Member must satisfy regular expression pattern: {_NAME.pattern}"
        raise errors.invalid(
            f"1 validation error detected: Value '{name}' at 'stackSetName' failed to satisfy constraint: {told}"
        )
    home = await stack_set_targets.home(ctx, request)
    bare = StackSet(ctx.ids.uuid(), name, home.account, ctx.region, "", ctx.now())
    wanted = await with_request(ctx, bare, request)

    async def kept() -> None:
        if await set_names.get(home, name) is not None:
            raise errors.set_exists(name)
        set_names.put(home, wanted.uuid.encode(), name)
        sets.put(home, wanted, wanted.uuid)
        await stack_set_events.set_is(home, wanted, ACTIVE)

    await home.transact(kept)
    return {"StackSetId": wanted.id}


async def with_request(ctx: Context, found: StackSet, request: Request) -> StackSet:
    """The set as a request wants it; what that does not say stays. Not in a transaction. Raises ValidationError."""
    text = await _text(ctx, found, request)
    template = Template.untransformed(text)
    if not template.transforms:
        wanting.check(ctx, template)
    needed, _ = types.capabilities(template.resources.values(), template.transforms)
    lacking = types.lacking(needed, request.get("Capabilities") or [])
    if lacking:
        raise errors.insufficient_capabilities(lacking)
    model = request.get("PermissionModel") or found.model
    role = request.get("AdministrationRoleARN")
    if role and model == SELF_MANAGED:
        await ctx.pass_role(role)
    if model == SERVICE_MANAGED:
        await stack_set_targets.require_access(ctx)
    default = f"arn:{ctx.partition}:iam::{found.account}:role/{ADMINISTRATION}" if model == SELF_MANAGED else ""
    return change(
        found,
        template=text,
        description=request.get("Description") or found.description,
        parameters=_parameters(template, request.get("Parameters"), found),
        capabilities=request.get("Capabilities") or [],
        tags={each["Key"]: each["Value"] for each in request["Tags"]} if "Tags" in request else found.tags,
        administration=role or found.administration or default,
        execution=request.get("ExecutionRoleName") or found.execution,
        model=model,
        auto=orjson.dumps(request["AutoDeployment"]).decode() if request.get("AutoDeployment") else found.auto,
        managed=request["ManagedExecution"].get("Active", False) if request.get("ManagedExecution") else found.managed,
    )


async def _text(ctx: Context, found: StackSet, request: Request) -> str:
    text = await wanting.text_of(ctx, request)
    if text is None and request.get("UsePreviousTemplate"):
        text = found.template
    if text is None:
        raise errors.invalid("Either Template URL or Template Body must be specified.")
    return text


def _parameters(template: Template, given: list[dict[str, Any]] | None, found: StackSet) -> dict[str, str]:
    if given is None:
        return {name: value for name, value in found.parameters.items() if name in template.parameters}
    unknown = [each["ParameterKey"] for each in given if each["ParameterKey"] not in template.parameters]
    if unknown:
        raise errors.invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    return overrides(given, found.parameters)


def overrides(given: list[dict[str, Any]], before: dict[str, str]) -> dict[str, str]:
    """Values of parameters by name; those that are to stay are taken from before."""
    return {
        each["ParameterKey"]: before.get(each["ParameterKey"], "")
        if each.get("UsePreviousValue")
        else each.get("ParameterValue") or ""
        for each in given
    }


@service.operation(**ON_SET)
async def delete_stack_set(ctx: Context, request: Request) -> Answer:
    """One that is not there is deleted already. API_DeleteStackSet."""
    ctx = await stack_set_targets.home(ctx, request)
    known = await set_names.get(ctx, request["StackSetName"].partition(":")[0])
    found = await sets.get(ctx, known.decode()) if known is not None else None
    if found is None:
        return {}
    under_way = await running(ctx, found)
    if under_way is not None:
        raise errors.operation_in_progress(found.arn, under_way.id)
    if await instances.count(ctx, found.uuid):
        raise errors.set_not_empty()
    set_names.delete(ctx, found.name)
    sets.put(ctx, change(found, status=DELETED), found.uuid)
    await stack_set_events.set_is(ctx, found, DELETED)
    return {}


@service.operation(**ON_SET)
async def describe_stack_set(ctx: Context, request: Request) -> Answer:
    """API_DescribeStackSet."""
    ctx = await stack_set_targets.home(ctx, request)
    found = await find_set(ctx, request["StackSetName"])
    rows = await instances.scan(ctx, found.uuid)
    answer = {
        **_summary(found),
        "TemplateBody": found.template,
        "Parameters": parameter_list(found.parameters),
        "Capabilities": found.capabilities,
        "Tags": [{"Key": key, "Value": value} for key, value in found.tags.items()],
        "StackSetARN": found.arn,
        "StackSetDriftDetectionDetails": orjson.loads(found.drift) or None,
        "OrganizationalUnitIds": sorted({each.unit for each in rows if each.unit}),
        "Regions": sorted({each.region for each in rows}),
    }
    if found.model == SELF_MANAGED:
        answer |= {"AdministrationRoleARN": found.administration, "ExecutionRoleName": found.execution}
    for name in ("DriftStatus", "LastDriftCheckTimestamp"):
        answer.pop(name, None)
    return {"StackSet": answer}


def parameter_list(values: dict[str, str]) -> list[Answer]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


def _summary(found: StackSet) -> Answer:
    drift = orjson.loads(found.drift)
    return {
        "StackSetName": found.name,
        "StackSetId": found.id,
        "Description": found.description or None,
        "Status": found.status,
        "AutoDeployment": orjson.loads(found.auto) or None,
        "PermissionModel": found.model,
        "DriftStatus": drift.get("DriftStatus", "NOT_CHECKED"),
        "LastDriftCheckTimestamp": drift.get("LastDriftCheckTimestamp"),
        "ManagedExecution": {"Active": found.managed},
    }


@service.operation
async def list_stack_sets(ctx: Context, request: Request) -> Answer:
    """API_ListStackSets."""
    ctx = await stack_set_targets.home(ctx, request)
    wanted = request.get("Status") or ACTIVE
    found = sorted((each.name, each.uuid, each) for each in await sets.scan(ctx) if each.status == wanted)
    rows, token = page_of(request, [(f"{name}:{uuid}", each) for name, uuid, each in found])
    return {"Summaries": [_summary(each) for each in rows], "NextToken": token}


def page_of(request: Request, rows: list[tuple[str, Any]]) -> tuple[list[Any], str | None]:
    """The page of (place, row) that a request asks for: rows in the order of their places."""
    if request.get("NextToken"):
        after = pages.position(request["NextToken"], errors.invalid("Invalid NextToken"))
        rows = [row for row in rows if row[0] > after]
    shown, token = pages.page(rows, request.get("MaxResults") or _PAGE, lambda row: row[0])
    return [row[1] for row in shown], token
