"""The operations on pipes: CreatePipe, DescribePipe, UpdatePipe, DeletePipe, StartPipe, StopPipe, ListPipes, and their tags.

https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogbank.kernel import AWSError, Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.pipes import enrichments, errors, limits, logs, sources, targets, templating
from fogbank.services.pipes.lifecycle import TRANSITIONS, begin
from fogbank.services.pipes.pipe import (
    CREATING,
    DELETING,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    UPDATING,
    Pipe,
    find_pipe,
    modify,
    pipe_arn,
    pipes,
)
from fogbank.services.pipes.service import service

Request = dict[str, Any]

# members that are answered as they were asked for
_KEPT = (
    "Description",
    "Enrichment",
    "EnrichmentParameters",
    "KmsKeyIdentifier",
    "LogConfiguration",
    "SourceParameters",
    "TargetParameters",
)


def _named(ctx: Context, request: Request) -> str:
    return pipe_arn(ctx, request["Name"])


async def _tags_of(ctx: Context, request: Request) -> Mapping[str, str]:
    return (await find_pipe(ctx, request["Name"])).tags


_ON_PIPE: dict[str, Any] = {"resource": _named, "tags": _tags_of}


# -- making and changing


@service.operation(resource=_named, action=with_members("pipes:CreatePipe", {"Tags": "pipes:TagResource"}))
async def create_pipe(ctx: Context, request: Request) -> Request:
    """API_CreatePipe."""
    name, source = request["Name"], request["Source"]
    parameters = sources.completed(source, request.get("SourceParameters"))
    config = {**_config(request), "SourceParameters": parameters}
    pipe = Pipe(
        name,
        ctx.ids.uuid(),
        source,
        request["Target"],
        request["RoleArn"],
        config,
        ctx.now(),
        ctx.now(),
        request.get("DesiredState") or RUNNING,
        tags=_added({}, request.get("Tags") or {}),
    )
    await _check(ctx, pipe, _batch_asked(source, request))
    if await pipes.get(ctx, name) is not None:
        raise errors.exists(name)
    return _stated(ctx, await begin(ctx, pipe, CREATING))


@service.operation(**_ON_PIPE)
async def update_pipe(ctx: Context, request: Request) -> Request:
    """Change what is given; within a member that is given, what is left out has its default again. API_UpdatePipe."""
    pipe = await find_pipe(ctx, request["Name"])
    _check_settled(pipe)
    config = {**pipe.config, **_config(request)}
    if request.get("SourceParameters") is not None:
        before = pipe.parameters("SourceParameters")
        config["SourceParameters"] = sources.completed(pipe.source, request["SourceParameters"], before)
    changed = modify(
        ctx,
        pipe,
        config=config,
        target=request.get("Target") or pipe.target,
        role=request["RoleArn"],
        desired=request.get("DesiredState") or pipe.desired,
    )
    await _check(ctx, changed, _batch_asked(pipe.source, request))
    return _stated(ctx, await begin(ctx, changed, UPDATING))


def _config(request: Request) -> Request:
    config = {name: request[name] for name in _KEPT if request.get(name) is not None}
    if "LogConfiguration" in config:
        config["LogConfiguration"] = logs.configured(config["LogConfiguration"])
    return config


def _batch_asked(source: str, request: Request) -> int:
    """The size of batches that the request asks for, 0 when it does not say: then a batch may take several calls of its target."""
    member = sources.kind_of(source).member
    return ((request.get("SourceParameters") or {}).get(member) or {}).get("BatchSize") or 0


async def _check(ctx: Context, pipe: Pipe, batch: int) -> None:
    """Raises ValidationException, AccessDenied, NotImplemented."""
    for noun in ("EnrichmentParameters", "TargetParameters"):
        templating.check(pipe.parameters(noun).get("InputTemplate"))
    kind = targets.check(ctx, pipe.target, pipe.parameters("TargetParameters"))
    if batch > kind.most:
        raise errors.batch_too_large(kind.most, "target")
    if pipe.enrichment:
        enrichments.check(ctx, pipe.enrichment)
    await logs.admit(ctx, pipe.config.get("LogConfiguration"))
    await ctx.pass_role(pipe.role)
    try:
        await ctx.assume(pipe.role, source_arn=pipe_arn(ctx, pipe.name))
    except AWSError:
        raise errors.role_not_assumable(pipe.role) from None


def _check_settled(pipe: Pipe) -> None:
    """Raises ConflictException for a pipe that is on its way to another state."""
    if pipe.state in TRANSITIONS:
        raise errors.in_transition(pipe.name, pipe.state)


@service.operation(**_ON_PIPE)
async def delete_pipe(ctx: Context, request: Request) -> Request:
    """API_DeletePipe."""
    pipe = await find_pipe(ctx, request["Name"])
    if pipe.state == DELETING:
        raise errors.in_transition(pipe.name, pipe.state)
    return {**_stated(ctx, await begin(ctx, pipe, DELETING)), "DesiredState": "DELETED"}


@service.operation(**_ON_PIPE)
async def start_pipe(ctx: Context, request: Request) -> Request:
    """API_StartPipe."""
    pipe = await find_pipe(ctx, request["Name"])
    _check_settled(pipe)
    if pipe.state == RUNNING:
        raise errors.wrong_state(pipe.name, pipe.state, "started")
    return _stated(ctx, await begin(ctx, pipe, STARTING, desired=RUNNING))


@service.operation(**_ON_PIPE)
async def stop_pipe(ctx: Context, request: Request) -> Request:
    """API_StopPipe."""
    pipe = await find_pipe(ctx, request["Name"])
    _check_settled(pipe)
    if pipe.state == STOPPED:
        raise errors.wrong_state(pipe.name, pipe.state, "stopped")
    return _stated(ctx, await begin(ctx, pipe, STOPPING, desired=STOPPED))


# -- looking


def _stated(ctx: Context, pipe: Pipe) -> Request:
    return {
        "Arn": pipe_arn(ctx, pipe.name),
        "Name": pipe.name,
        "DesiredState": "DELETED" if pipe.state == DELETING else pipe.desired,
        "CurrentState": pipe.state,
        "CreationTime": pipe.created,
        "LastModifiedTime": pipe.modified,
    }


@service.operation(**_ON_PIPE)
async def describe_pipe(ctx: Context, request: Request) -> Request:
    """API_DescribePipe."""
    pipe = await find_pipe(ctx, request["Name"])
    return {
        "EnrichmentParameters": {},
        "TargetParameters": {},
        **pipe.config,
        **_stated(ctx, pipe),
        "StateReason": pipe.reason or "USER_INITIATED",
        "Source": pipe.source,
        "Enrichment": pipe.enrichment or None,
        "Target": pipe.target,
        "RoleArn": pipe.role,
        "Tags": pipe.tags,
    }


@service.operation(resource=lambda ctx, request: pipe_arn(ctx, "*"))
async def list_pipes(ctx: Context, request: Request) -> Request:
    """The pipes by name. API_ListPipes."""
    token = request.get("NextToken")
    after = None if token is None else (pages.position(token, errors.invalid_next_token()),)
    found = await pipes.scan(ctx, starts_with=request.get("NamePrefix") or None, after=after)
    fitting = [pipe for pipe in found if _fits(pipe, request)]
    shown, following = pages.page(fitting, request.get("Limit") or limits.PAGE, lambda pipe: pipe.name)
    return {"Pipes": [_summary(ctx, pipe) for pipe in shown], "NextToken": following}


def _fits(pipe: Pipe, request: Request) -> bool:
    return (
        request.get("DesiredState") in (None, pipe.desired)
        and request.get("CurrentState") in (None, pipe.state)
        and pipe.source.startswith(request.get("SourcePrefix") or "")
        and pipe.target.startswith(request.get("TargetPrefix") or "")
    )


def _summary(ctx: Context, pipe: Pipe) -> Request:
    return {
        **_stated(ctx, pipe),
        "StateReason": pipe.reason or "USER_INITIATED",
        "Source": pipe.source,
        "Target": pipe.target,
        "Enrichment": pipe.enrichment or None,
    }


# -- tags


def _tagged(ctx: Context, request: Request) -> str:
    return str(request["resourceArn"])


async def _tagged_pipe(ctx: Context, request: Request) -> Pipe:
    """The pipe with that ARN. Raises NotFoundException."""
    arn, name = request["resourceArn"], request["resourceArn"].rpartition("/")[2]
    if arn != pipe_arn(ctx, name):
        raise errors.not_found(name)
    return await find_pipe(ctx, name)


async def _tags_of_tagged(ctx: Context, request: Request) -> Mapping[str, str]:
    return (await _tagged_pipe(ctx, request)).tags


_ON_TAGGED: dict[str, Any] = {"resource": _tagged, "tags": _tags_of_tagged}


def _added(present: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Raises ValidationException."""
    tags = {**present, **given}
    if any(key.lower().startswith("aws:") for key in given):
        raise errors.reserved_tag_key()
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags(limits.TAGS)
    return tags


@service.operation(**_ON_TAGGED)
async def tag_resource(ctx: Context, request: Request) -> Request:
    """Add tags, and replace those that are there already. API_TagResource."""
    pipe = await _tagged_pipe(ctx, request)
    modify(ctx, pipe, tags=_added(pipe.tags, request["tags"]))
    return {}


@service.operation(**_ON_TAGGED)
async def untag_resource(ctx: Context, request: Request) -> Request:
    """Remove tags; a key that is not there is passed over. API_UntagResource."""
    pipe = await _tagged_pipe(ctx, request)
    modify(ctx, pipe, tags={key: value for key, value in pipe.tags.items() if key not in request["tagKeys"]})
    return {}


@service.operation(**_ON_TAGGED)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """API_ListTagsForResource."""
    return {"tags": (await _tagged_pipe(ctx, request)).tags}
