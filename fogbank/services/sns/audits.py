"""Audits of data protection: what sensitive data a sample of the messages had, told to log groups, buckets and Firehose.

The reports are due in the publisher's transaction; a destination that does not take them is asked again like any task.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-operations.html
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import orjson

from fogbank.http import Payload
from fogbank.identity.principals import service_principal
from fogbank.kernel import Context
from fogbank.kernel.data_identifiers import findings
from fogbank.services.sns.data_protection import audits
from fogbank.services.sns.message import Message
from fogbank.services.sns.service import service

_MOST = 99


async def report(ctx: Context, policy: str, principal: str, message: Message, text: str) -> None:
    """Have told what was found in the text of a message of that principal. `ctx` is in the scope of the topic."""
    for audit, identifiers in audits(policy, principal):
        if ctx.ids.random.random() * _MOST >= audit.rate:
            continue
        found = findings(text, identifiers)
        destination = audit.with_findings if found else audit.without_findings
        if destination:
            told = {
                "messageId": message.id,
                "auditTimestamp": f"{datetime.fromtimestamp(int(message.at), UTC):%Y-%m-%dT%H:%M:%SZ}",
                "callerPrincipal": principal,
                "resourceArn": message.topic,
                "dataIdentifiers": [_described(name, spans) for name, spans in found.items()],
            }
            await ctx.schedule("audit", {"destination": destination, "report": orjson.dumps(told).decode()})


def _described(name: str, spans: list[tuple[int, int]]) -> dict[str, Any]:
    """Characters are counted from one."""
    places = [{"start": start + 1, "end": end} for start, end in spans]
    return {"name": name, "count": len(spans), "detections": places}


@service.task(transaction=False)
async def audit(ctx: Context, payload: dict[str, Any]) -> None:
    """Raises what a destination says, so that it is tried again."""
    destination, line = payload["destination"], payload["report"]
    if "CloudWatchLogs" in destination:
        await _to_group(ctx, destination["CloudWatchLogs"]["LogGroup"], line)
    deliverer = ctx.at()
    deliverer.principal = service_principal("delivery.logs", ctx.account)
    if "S3" in destination:
        await _to_bucket(deliverer, destination["S3"]["Bucket"], line)
    if "Firehose" in destination:
        request = {
            "DeliveryStreamName": destination["Firehose"]["DeliveryStream"],
            "Record": {"Data": f"{line}\n".encode()},
        }
        await deliverer.call("firehose", "PutRecord", request, as_caller=True)


async def _to_group(ctx: Context, name: str, line: str) -> None:
    arn = f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account}:log-group:{name}"
    stream = f"data-protection-audit_{datetime.fromtimestamp(ctx.now(), UTC):%Y-%m-%d}"
    vended_to_group = ctx.app.services["logs"].provided["vended_to_group"]
    await vended_to_group(ctx.at(), arn, stream, [(int(ctx.now() * 1000), line)])


async def _to_bucket(ctx: Context, bucket: str, line: str) -> None:
    moment = datetime.fromtimestamp(ctx.now(), UTC)
    key = f"AWSLogs/{ctx.account}/sns-data-protection/{ctx.region}/{moment:%Y/%m/%d/%H}/{ctx.ids.uuid()}.log.gz"
    body = gzip.compress(f"{line}\n".encode(), mtime=0)
    await ctx.call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": Payload(body)}, as_caller=True)
