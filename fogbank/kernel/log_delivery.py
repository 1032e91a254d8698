"""Logs that AWS services deliver to streams of Firehose.

A stream lets them in by the tag LogDeliveryEnabled, which is set with the permissions of whoever has the logs delivered: on AWS it is
what the linked role of the delivery of logs may write to.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-Firehose.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fogbank.identity.principals import service_principal

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

_TAG = {"Key": "LogDeliveryEnabled", "Value": "true"}
_BATCH = 500


async def admit(ctx: Context, stream: str) -> None:
    """Have the stream of that ARN let logs in. Raises what Firehose says: ResourceNotFoundException, AccessDeniedException."""
    scope, name = _place(ctx, stream)
    await scope.call("firehose", "TagDeliveryStream", {"DeliveryStreamName": name, "Tags": [_TAG]}, as_caller=True)


async def put(ctx: Context, stream: str, lines: Iterable[bytes]) -> None:
    """Bring lines to the stream of that ARN. Outside of transactions. Raises AWSError."""
    scope, name = _place(ctx, stream)
    scope.principal = service_principal("delivery.logs", ctx.account)
    records = [{"Data": line} for line in lines]

    async def work(part: list[dict[str, bytes]]) -> None:
        await scope.call("firehose", "PutRecordBatch", {"DeliveryStreamName": name, "Records": part}, as_caller=True)

    for start in range(0, len(records), _BATCH):
        await scope.transact(work, records[start : start + _BATCH])


def _place(ctx: Context, stream: str) -> tuple[Context, str]:
    _, _, _, region, account, resource = stream.split(":", 5)
    return ctx.at(account=account, region=region), resource.rpartition("/")[2]
