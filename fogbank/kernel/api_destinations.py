"""API destinations for services other than EventBridge, which has them and provides what is here as `api_destinations`.

    answer = await api_destinations.invoke(scope, arn, Message(text))

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from fogbank.kernel.errors import not_implemented

if TYPE_CHECKING:
    from fogbank.kernel.context import Context
    from fogbank.kernel.outbound import Answer

PROVIDED = "api_destinations"


class Message(msgspec.Struct, frozen=True):
    """What a destination is sent besides what its connection adds. `path` has the values of the asterisks in its URL."""

    text: str
    path: list[str] = []
    query: dict[str, str] = {}
    headers: dict[str, str] = {}


Invoke = Callable[["Context", str, Message], Awaitable["Answer"]]


async def invoke(ctx: Context, arn: str, message: Message) -> Answer:
    """Ask the destination of that ARN, as the context's principal, in its account and Region; in no transaction.

    Raises AWSError, also when the endpoint does not answer.
    """
    events = ctx.app.services.get("events")
    if events is None:
        raise not_implemented("events", "CreateApiDestination")
    provided: Invoke = events.provided[PROVIDED]
    return await provided(ctx, arn, message)
