"""Methods of API Gateway's APIs as targets: a request for each event, as the target's role, or as EventBridge.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-gateway-target.html
"""

from __future__ import annotations

from fogbank.apis import calling
from fogbank.kernel import Context
from fogbank.services.events import http_parts
from fogbank.services.events.deliveries import Delivery
from fogbank.services.events.failures import Failure
from fogbank.services.events.kinds import declare


async def send(ctx: Context, delivery: Delivery) -> None:
    """Raises AWSError, Failure."""
    invoker = ctx.at()
    role = delivery.target.get("RoleArn")
    if role is None:
        invoker.origin = {"aws:SourceArn": delivery.rule, "aws:SourceAccount": ctx.account}
    else:
        invoker.principal = await ctx.assume(role, source_arn=delivery.rule)
    answer = await calling.ask(invoker, delivery.target["Arn"], http_parts.message(delivery))
    if not 200 <= answer.status < 300:
        retriable = answer.status == 429 or answer.status >= 500
        raise Failure("ERROR_FROM_TARGET", f"The API answered with status {answer.status}.", retriable)


declare(calling.PATTERN, send, inside=False)
