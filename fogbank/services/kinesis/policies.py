"""Resource policies of streams and consumers. https://docs.aws.amazon.com/streams/latest/dev/resource-based-policy-examples.html"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.kinesis import errors
from fogbank.services.kinesis.queue_records import Queue
from fogbank.services.kinesis.records import Answer, Request
from fogbank.services.kinesis.resources import ON_RESOURCE, resource_of
from fogbank.services.kinesis.service import service


@service.operation(**ON_RESOURCE)
async def put_resource_policy(ctx: Context, request: Request) -> None:
    found = await resource_of(ctx, request)
    if isinstance(found.record, Queue):
        raise errors.invalid_argument("Resource policies are for streams and consumers, not for queues.")
    _check(request["Policy"])
    found.change(policy=request["Policy"])


@service.operation(**ON_RESOURCE)
async def get_resource_policy(ctx: Context, request: Request) -> Answer:
    found = await resource_of(ctx, request)
    if not found.record.policy:
        raise errors.no_policy(request["ResourceARN"])
    return {"Policy": found.record.policy}


@service.operation(**ON_RESOURCE)
async def delete_resource_policy(ctx: Context, request: Request) -> None:
    found = await resource_of(ctx, request)
    if not found.record.policy:
        raise errors.no_policy(request["ResourceARN"])
    found.change(policy="")


def _check(text: str) -> None:
    """Raise InvalidArgumentException for what is no policy."""
    from fogbank.identity import policy_grammar

    try:
        policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.invalid_argument(f"Policy is invalid: {error.message}") from None
