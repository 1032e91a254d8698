"""Pipes as they are kept.

pipes         (name)            Pipe
checkpoints   (run, shard)      the last sequence number that was handled

`run` names one stretch of reading: standing work is about it, so that what reads never outlives the settings that it reads by. Checkpoints
are kept under the pipe's `id`, which a pipe of the same name that is made later does not have.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.pipes import errors
from fogbank.services.pipes.service import service

RUNNING, STOPPED = "RUNNING", "STOPPED"
CREATING, UPDATING, DELETING, STARTING, STOPPING = "CREATING", "UPDATING", "DELETING", "STARTING", "STOPPING"


class Pipe(Record, frozen=True):
    """Times are epoch seconds. `config` holds the members that are answered as they were asked for."""

    name: str
    id: str
    source: str
    target: str
    role: str
    config: dict[str, Any]
    created: float
    modified: float
    desired: str = RUNNING
    state: str = CREATING
    reason: str = ""
    run: str = ""
    tags: dict[str, str] = {}

    @property
    def enrichment(self) -> str:
        return self.config.get("Enrichment") or ""

    def parameters(self, noun: str) -> dict[str, Any]:
        """`SourceParameters`, `EnrichmentParameters`, `TargetParameters`."""
        return self.config.get(noun) or {}


pipes = service.collection("pipes", Pipe)
checkpoints = service.collection("checkpoints", str)


def pipe_arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:pipes:{ctx.region}:{ctx.account}:pipe/{name}"


async def find_pipe(ctx: Context, name: str) -> Pipe:
    """Raises NotFoundException."""
    pipe = await pipes.get(ctx, name)
    if pipe is None:
        raise errors.not_found(name)
    return pipe


def modify(ctx: Context, pipe: Pipe, **changes: Any) -> Pipe:
    changed = msgspec.structs.replace(pipe, **changes)
    pipes.put(ctx, changed, pipe.name)
    return changed


async def as_role(ctx: Context, pipe: Pipe, arn: str) -> Context:
    """The context of the account and Region of a resource, with the permissions of the pipe's execution role. Raises AccessDenied."""
    parts = arn.split(":")
    scope = ctx.at(account=parts[4] or ctx.account, region=parts[3] or ctx.region)
    scope.principal = await ctx.assume(pipe.role, source_arn=pipe_arn(ctx, pipe.name), session_name=pipe.name)
    return scope
