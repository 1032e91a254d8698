"""Messages that other services send to many queues at once; see `fogbank.kernel.queues`."""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.kernel.queues import PROVIDED, Answer, Letter
from fogbank.services.sqs import addresses, errors
from fogbank.services.sqs.queue import queues, scope_of
from fogbank.services.sqs.sending import Request, send_to
from fogbank.services.sqs.service import service

_OPERATION = service.operations["send_message"]


async def post(ctx: Context, letters: list[Letter], source_arn: str | None) -> list[Answer]:
    """Each message in its turn: one that is refused leaves nothing, and stops no other."""
    sender = ctx.app.gateway.called_by(ctx, service, _OPERATION, source_arn)
    answers: list[Answer] = []
    for queue, request in letters:
        try:
            answers.append(await _send(sender, queue, request))
        except AWSError as refusal:
            answers.append(refusal)
    return answers


async def _send(sender: Context, queue_arn: str, request: Request) -> Request:
    place = addresses.parse_arn(queue_arn)
    if place is None:
        raise errors.no_such_queue_or_no_access()
    ctx = sender if place.region == sender.region else sender.at(region=place.region)
    scope = scope_of(ctx, place.account)
    queue = await queues.get(scope, place.name)
    if queue is None:
        raise errors.no_such_queue_or_no_access()
    policy = queue.attributes.get("Policy")
    authorisation = ctx.app.gateway.authorisation
    await authorisation.check_found(ctx, _OPERATION, request, queue_arn, place.account, policy)
    return await send_to(ctx, scope, queue, request)


service.provide(PROVIDED, post)
