"""Recursive loops: functions that are invoked by what they themselves have caused, through queues, topics and buckets, are stopped.

The X-Ray header that each invocation gets counts how often each function was in the chain that led to it (`Lineage`). SDKs send it with
every request that a function makes; SQS, SNS and S3 pass it on with their messages; so it comes back.

    loops  name  -> `Allow`; nothing where loops are terminated

https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

from fogbank.kernel import AWSError, Context
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.observation import metering
from fogbank.services.lambda_.records import ON_FUNCTION, Answer, Function, Named, Request, arn_of, find, named, whole
from fogbank.services.lambda_.service import service

ALLOW, TERMINATE = "Allow", "Terminate"
MOST = 16
"""So often may a function be invoked in one chain of requests."""
# A header must not grow for ever: of a longer chain the functions that were called last are remembered.
_REMEMBERED = 20

loops = service.collection("loops", str, cached=True)


# -- headers


class Chain(NamedTuple):
    """What an X-Ray header says: `root` and `rest` are its other parts, `counts` how often each function was invoked."""

    root: str
    rest: tuple[str, ...]
    counts: dict[str, int]

    @property
    def header(self) -> str:
        listed = [f"{name}:{count}" for name, count in self.counts.items()][-_REMEMBERED:]
        lineage = [f"Lineage={'|'.join(listed)}"] if listed else []
        return ";".join([self.root, *self.rest, *lineage])

    def entering(self, name: str) -> Chain:
        """The chain with one more invocation of a function."""
        others = {each: count for each, count in self.counts.items() if each != name}
        return self._replace(counts={**others, name: self.counts.get(name, 0) + 1})


def chain_of(header: str) -> Chain:
    """What is no such header begins an empty chain, without a root."""
    parts = [part.strip() for part in header.split(";") if "=" in part]
    root = next((part for part in parts if part.startswith("Root=")), "")
    rest = tuple(part for part in parts if not part.startswith(("Root=", "Lineage=")))
    lineage = next((part[8:] for part in parts if part.startswith("Lineage=")), "")
    entries = (entry.rpartition(":") for entry in lineage.split("|"))
    return Chain(root, rest, {name: int(count) for name, _, count in entries if name and count.isdecimal()})


@lru_cache(1000)
def mark_of(arn: str) -> str:
    """The name of a function in chains."""
    return hashlib.sha256(arn.encode()).hexdigest()[:8]


def _new_root(now: float, request_id: str) -> str:
    """A trace of the request's own: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids"""
    return f"Root=1-{int(now):08x}-{request_id.replace('-', '')[:24]}"


# -- invocations


async def enter(scope: Context, function: Function, header: str, request_id: str) -> str:
    """The header that an invocation gets which comes with `header`. Raises RecursiveInvocationException. Not in a transaction."""
    mark = mark_of(arn_of(scope, function.name))
    if not header:
        return f"{_new_root(scope.now(), request_id)};Lineage={mark}:1"
    chain = chain_of(header).entering(mark)
    if chain.counts[mark] > MOST and await _terminates(scope, function):
        metering.dropped(scope, function)
        raise errors.recursive_invocation(arn_of(scope, function.name))
    return (chain if chain.root else chain._replace(root=_new_root(scope.now(), request_id))).header


async def _terminates(scope: Context, function: Function) -> bool:
    return await scope.transact(loops.get, scope, function.name) != ALLOW


async def stopped(of: Named, headers: dict[str, str]) -> tuple[str, ...]:
    """Of messages (their headers by id) those that would go on with a loop. They are counted. Not in a transaction."""
    mark = mark_of(of.function_arn)
    over = tuple(each for each, header in headers.items() if chain_of(header).counts.get(mark, 0) >= MOST)
    if not over:
        return ()
    function = await of.scope.transact(find, of)
    if not await _terminates(of.scope, function):
        return ()
    for _ in over:
        metering.dropped(of.scope, function)
    return over


def longest(headers: list[str], arn: str) -> str:
    """Of the headers of several messages that one which has the function most often."""
    mark = mark_of(arn)
    return max(headers, key=lambda header: chain_of(header).counts.get(mark, 0), default="")


def is_loop(error: AWSError) -> bool:
    """Was an invocation refused because it would have gone on with a loop?"""
    return error.code == "RecursiveInvocationException"


# -- what is to become of loops


@service.operation(**ON_FUNCTION)
async def put_function_recursion_config(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionRecursionConfig.html"""
    of = named(ctx, request)
    await whole(of)
    if request["RecursiveLoop"] == ALLOW:
        loops.put(of.scope, ALLOW, of.name)
    else:
        loops.delete(of.scope, of.name)
    return {"RecursiveLoop": request["RecursiveLoop"]}


@service.operation(**ON_FUNCTION)
async def get_function_recursion_config(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    await whole(of)
    return {"RecursiveLoop": await loops.get(of.scope, of.name) or TERMINATE}
