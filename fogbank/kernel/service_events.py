"""What services tell of themselves: events on the default bus of the context's account and Region.

    await service_events.tell(ctx, "KMS CMK Rotation", {"key-id": id}, [arn])

They are put in the transaction of what they tell of, so there is neither the one nor the other alone.
https://docs.aws.amazon.com/eventbridge/latest/ref/welcome.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from fogbank.identity.principals import service_host
from fogbank.kernel.errors import AWSError
from fogbank.protocols.timestamps import iso8601

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

SERVICE_EVENT = "AWS Service Event via CloudTrail"


async def tell(ctx: Context, kind: str, detail: dict[str, Any], resources: Sequence[str] = ()) -> None:
    """Put an event of the context's service. `kind` is the detail type; what is None in `detail` is left out; `resources` are ARNs."""
    entry = {
        "Source": f"aws.{_host(ctx).partition('.')[0]}",
        "DetailType": kind,
        "Detail": orjson.dumps({name: value for name, value in detail.items() if value is not None}).decode(),
        "Resources": list(resources),
        "Time": ctx.now(),
    }
    try:
        await ctx.call("events", "PutEvents", {"Entries": [entry]})
    except AWSError as error:
        if error.code != "NotImplemented":  # without EventBridge there is nobody to tell
            raise


async def record(ctx: Context, name: str, **about: Any) -> None:
    """Put what a service did by itself as CloudTrail tells of it; `name` is the event's, `about` are further members of the record.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/non-api-aws-service-events.html
    """
    host = _host(ctx)
    detail = {
        "eventVersion": "1.11",
        "userIdentity": {"accountId": ctx.account, "invokedBy": host},
        "eventTime": iso8601(ctx.now()),
        "eventSource": host,
        "eventName": name,
        "awsRegion": ctx.region,
        "sourceIPAddress": host,
        "userAgent": host,
        "eventID": ctx.ids.uuid(),
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": ctx.account,
        "eventCategory": "Management",
        **about,
    }
    await tell(ctx, SERVICE_EVENT, detail)


def _host(ctx: Context) -> str:
    return service_host(ctx.service.name)
