"""Change sets: what an update, or a new stack, would do; told first, done when it is executed.

    change_sets    (uuid of the stack, name)   ChangeSet
    change_set_ids (uuid)                      Address: where it lies, by the uuid in its id

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.services.cloudformation import deploying, errors, importing, planning, stacks, timeline, tokens, wanting
from fogbank.services.cloudformation.records import (
    CURRENT,
    Answer,
    Body,
    Request,
    Stack,
    bodies,
    find,
    names,
    put,
)
from fogbank.services.cloudformation.records import stacks as kept
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.stacks import ON_STACK
from fogbank.services.cloudformation.wanting import Wanted

change = msgspec.structs.replace

_PAGE = 100
_NOTHING = "The submitted information didn't contain changes. Submit different information to create a change set."
_ANSWERED = ("NotificationARNs", "RollbackConfiguration", "Capabilities", "Tags")


class ChangeSet(Record, frozen=True):
    """`before` is the stack as it was when it was made, `after` as it is to be; `changes` and `request` are JSON."""

    uuid: str
    name: str
    stack: str
    kind: str
    created: float
    before: Stack
    after: Stack
    body: Body
    changes: str
    request: str
    status: str = "CREATE_COMPLETE"
    execution: str = "AVAILABLE"
    reason: str = ""
    description: str = ""
    imported: dict[str, str] = {}

    @property
    def id(self) -> str:
        return f"arn:aws:cloudformation:{self.after.region}:{self.after.account}:changeSet/{self.name}/{self.uuid}"


class Address(Record, frozen=True):
    stack: str
    name: str


change_sets = service.collection("change_sets", ChangeSet)
addresses = service.collection("change_set_ids", Address)


async def _find(ctx: Context, request: Request) -> ChangeSet:
    """By its id, or by its name and its stack. Raises ChangeSetNotFound."""
    name = request["ChangeSetName"]
    if name.startswith("arn:"):
        address = await addresses.get(ctx, name.rpartition("/")[2])
        found = await change_sets.get(ctx, address.stack, address.name) if address is not None else None
        if found is not None and found.uuid != name.rpartition("/")[2]:
            found = None
    else:
        if not request.get("StackName"):
            raise errors.invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
        stack = await find(ctx, request["StackName"])
        found = await change_sets.get(ctx, stack.uuid, name)
    if found is None:
        raise errors.no_change_set(name)
    return found


# -- making one


@service.operation(transaction=False, **ON_STACK)
async def create_change_set(ctx: Context, request: Request) -> Answer:
    """API_CreateChangeSet."""
    kind = request.get("ChangeSetType") or "UPDATE"
    before, current = await ctx.transact(_stack_for, ctx, kind, request)
    text = await wanting.text_of(ctx, request)
    if text is None and request.get("UsePreviousTemplate") and current is not None:
        text = current.text
    if text is None:
        raise errors.invalid("Either Template URL or Template Body must be specified.")
    previous = before if current is not None else None
    asked = stacks.with_options(before, request)
    try:
        wanted = await wanting.wanted(ctx, asked, text, request.get("Parameters") or [], previous)
    except errors.TransformFailed as error:
        made = await ctx.transact(_make_failed, ctx, kind, before, asked, text, error.message, request)
    else:
        stacks.check_capabilities(wanted, request, is_shown_first=True)
        made = await ctx.transact(_make, ctx, kind, before, asked, wanted, request)
    return {"Id": made.id, "StackId": made.after.id}


async def _stack_for(ctx: Context, kind: str, request: Request) -> tuple[Stack, Body | None]:
    """The stack as it is, or (for one that is to be made) as it will begin, and its template."""
    name = request["StackName"]
    known = await names.get(ctx, name) if not name.startswith("arn:") else name.rpartition("/")[2].encode()
    stack = await kept.get(ctx, known.decode()) if known is not None else None
    if kind == "CREATE" or (kind == "IMPORT" and (stack is None or stack.status == "REVIEW_IN_PROGRESS")):
        if stack is None:
            stacks.check_name(name)
            return stacks.new_stack(ctx, name, {}, "REVIEW_IN_PROGRESS"), None
        if stack.status != "REVIEW_IN_PROGRESS":
            told = f"already exists and cannot be created again with the changeSet [{request['ChangeSetName']}]."
            raise errors.invalid(f"Stack [{stack.name}] {told}")
        return stack, None
    if stack is None:
        raise errors.no_such_stack(name)
    if stack.status not in stacks.UPDATABLE:
        raise errors.in_state(stack.id, stack.status)
    return stack, await bodies.get(ctx, stack.uuid, CURRENT)


async def _make(ctx: Context, kind: str, before: Stack, asked: Stack, wanted: Wanted, request: Request) -> ChangeSet:
    before = await _under_review(ctx, before, request)
    after = stacks.led_to(asked, wanted)
    current = await bodies.get(ctx, before.uuid, CURRENT)
    changes = await planning.changes(ctx, after, wanted.template)
    imported = await importing.asked_for(ctx, wanted.template, changes, request)
    told = orjson.dumps(importing.marked(changes, imported)).decode()
    made = change(_new(ctx, kind, before, after, wanted.body, request), changes=told, imported=imported)
    if not changes and current is not None and stacks.is_same(before, current, after, wanted):
        made = change(made, status="FAILED", execution="UNAVAILABLE", reason=_NOTHING)
    return _put(ctx, made)


async def _make_failed(
    ctx: Context, kind: str, before: Stack, asked: Stack, text: str, reason: str, request: Request
) -> ChangeSet:
    """One of a template whose transforms failed: it tells why."""
    before = await _under_review(ctx, before, request)
    made = _new(ctx, kind, before, asked, Body(text, ""), request)
    return _put(ctx, change(made, status="FAILED", execution="UNAVAILABLE", reason=reason))


async def _under_review(ctx: Context, before: Stack, request: Request) -> Stack:
    """The stack as it is; one that is not there yet is from now on, under review."""
    if await kept.get(ctx, before.uuid) is None:
        if await names.get(ctx, before.name) is not None:
            raise errors.already_exists(before.name)
        names.put(ctx, before.uuid.encode(), before.name)
        before = await timeline.stack_is(ctx, before, "REVIEW_IN_PROGRESS", "User Initiated")
    if await change_sets.get(ctx, before.uuid, request["ChangeSetName"]) is not None:
        raise errors.change_set_exists(request["ChangeSetName"])
    return before


def _new(ctx: Context, kind: str, before: Stack, after: Stack, body: Body, request: Request) -> ChangeSet:
    return ChangeSet(
        ctx.ids.uuid(),
        request["ChangeSetName"],
        before.uuid,
        kind,
        ctx.now(),
        before,
        after,
        body,
        "[]",
        orjson.dumps({key: value for key, value in request.items() if "Template" not in key}).decode(),
        description=request.get("Description") or "",
    )


def _put(ctx: Context, made: ChangeSet) -> ChangeSet:
    change_sets.put(ctx, made, made.stack, made.name)
    addresses.put(ctx, Address(made.stack, made.name), made.uuid)
    return made


# -- doing it


@service.operation(**ON_STACK)
async def execute_change_set(ctx: Context, request: Request) -> Answer:
    """API_ExecuteChangeSet."""
    if await tokens.earlier(ctx, request) is not None:
        return {}
    found = await _find(ctx, request)
    if found.execution != "AVAILABLE":
        raise errors.change_set_state(found.id, found.status if found.status == "FAILED" else found.execution)
    stack = await kept.get(ctx, found.stack)
    if stack is None or stack.deleted is not None:
        raise errors.no_change_set(request["ChangeSetName"])
    if found.kind == "CREATE":
        after = change(found.after, change_set=found.id)
        begun = await stacks.started(ctx, after, "CREATE", request)
        begun = change(begun, on_failure=_on_failure(found, request), imported=found.imported)
        await deploying.begin(ctx, after, begun, found.body, "User Initiated")
    elif found.kind == "IMPORT":
        await _import(ctx, stack, found, request)
    else:
        await _update(ctx, stack, found, request)
    for each in await change_sets.scan(ctx, found.stack):
        execution = "EXECUTE_COMPLETE" if each.name == found.name else "OBSOLETE"
        change_sets.put(ctx, change(each, execution=execution), found.stack, each.name)
    return {}


async def _import(ctx: Context, stack: Stack, found: ChangeSet, request: Request) -> None:
    current = await bodies.get(ctx, stack.uuid, CURRENT)
    if current is not None and stack.status not in stacks.UPDATABLE:
        raise errors.in_state(stack.id, stack.status)
    after = change(found.after, change_set=found.id, outputs=stack.outputs)
    begun = await stacks.started(ctx, after, "IMPORT", request)
    begun = change(begun, before=stack if current is not None else None, imported=found.imported)
    await deploying.begin(ctx, after, begun, found.body, "User Initiated")


async def _update(ctx: Context, stack: Stack, found: ChangeSet, request: Request) -> None:
    if stack.status not in stacks.UPDATABLE:
        raise errors.in_state(stack.id, stack.status)
    after = change(found.after, updated=ctx.now(), change_set=found.id, outputs=stack.outputs)
    put(ctx, after)
    begun = await stacks.started(ctx, after, "UPDATE", request)
    begun = change(
        begun,
        before=stack,
        on_failure=_on_failure(found, request),
        change_set=found.id,
        policy=stack.policy,
        imported=found.imported,
    )
    await deploying.begin(ctx, after, begun, found.body, "User Initiated")


def _on_failure(found: ChangeSet, request: Request) -> str:
    if request.get("DisableRollback"):
        return "DO_NOTHING"
    return str(orjson.loads(found.request).get("OnStackFailure") or "ROLLBACK")


# -- looking at them


@service.operation(**ON_STACK)
async def describe_change_set(ctx: Context, request: Request) -> Answer:
    """API_DescribeChangeSet."""
    found = await _find(ctx, request)
    given = orjson.loads(found.request)
    changes = orjson.loads(found.changes)
    if not request.get("IncludePropertyValues"):
        for each in changes:
            _without_values(each["ResourceChange"])
    start = 0
    if request.get("NextToken"):
        start = int(pages.position(request["NextToken"], errors.invalid("Invalid NextToken")))
    page, rest = changes[start : start + _PAGE], len(changes) > start + _PAGE
    return {
        **_summary(found),
        **{name: given[name] for name in _ANSWERED if given.get(name) is not None},
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": "****" if name in found.after.hidden else value}
            for name, value in found.after.parameters.items()
        ],
        "OnStackFailure": given.get("OnStackFailure"),
        "ImportExistingResources": given.get("ImportExistingResources"),
        "Changes": page,
        "NextToken": pages.token(str(start + _PAGE)) if rest else None,
    }


def _without_values(told: dict[str, Any]) -> None:
    for name in ("BeforeContext", "AfterContext"):
        told.pop(name, None)
    for detail in told["Details"]:
        for name in ("BeforeValue", "AfterValue", "Path", "AttributeChangeType"):
            detail["Target"].pop(name, None)


def _summary(found: ChangeSet) -> Answer:
    return {
        "ChangeSetName": found.name,
        "ChangeSetId": found.id,
        "StackId": found.after.id,
        "StackName": found.after.name,
        "Description": found.description or None,
        "CreationTime": found.created,
        "ExecutionStatus": found.execution,
        "Status": found.status,
        "StatusReason": found.reason or None,
        "IncludeNestedStacks": False,
    }


@service.operation(**ON_STACK)
async def list_change_sets(ctx: Context, request: Request) -> Answer:
    """API_ListChangeSets."""
    stack = await find(ctx, request["StackName"])
    found = await change_sets.scan(ctx, stack.uuid)
    if request.get("NextToken"):
        after = pages.position(request["NextToken"], errors.invalid("Invalid NextToken"))
        found = [each for each in found if each.name > after]
    page, token = pages.page(found, _PAGE, lambda each: each.name)
    return {"Summaries": [_summary(each) for each in page], "NextToken": token}


@service.operation(**ON_STACK)
async def delete_change_set(ctx: Context, request: Request) -> Answer:
    """One that is not there is deleted already. API_DeleteChangeSet."""
    try:
        found = await _find(ctx, request)
    except AWSError as error:
        if error.code != "ChangeSetNotFoundException":
            raise
        return {}
    change_sets.delete(ctx, found.stack, found.name)
    addresses.delete(ctx, found.uuid)
    return {}
