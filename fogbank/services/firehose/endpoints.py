"""Delivery to HTTP endpoints.

https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
"""

from __future__ import annotations

import base64
import gzip

import orjson

from fogbank.kernel import AWSError, Context, outbound
from fogbank.services.firehose import bucket, limits, logs, metering, roles, settings
from fogbank.services.firehose.buffers import Item
from fogbank.services.firehose.delivery import Delivery
from fogbank.services.firehose.records import Settings, Stream
from fogbank.services.firehose.refusals import Refused, Undelivered

_METRIC = "DeliveryToHttpEndpoint"
_FAILED = "http-endpoint-failed"
# the endpoint is done with the request: sending it again would not help
_FINAL = (400, 413)


async def deliver(delivery: Delivery, items: list[Item]) -> None:
    """All records in one request. Raises Undelivered; when it has been tried for long enough, they are backed up."""
    if not items:
        return
    try:
        await _send(delivery, items)
    except Undelivered as failure:
        metering.failed(delivery.ctx, delivery.stream, _METRIC)
        await give_up(delivery, items, failure, _FAILED)
        return
    metering.delivered(delivery.ctx, delivery.stream, _METRIC, items)


async def give_up(delivery: Delivery, items: list[Item], failure: Undelivered, error_type: str) -> None:
    """Back up what an endpoint did not take; raises the failure again while there is time. Raises Undelivered."""
    chosen = delivery.settings
    if failure.again and delivery.waited < chosen["RetryOptions"].get("DurationInSeconds", 0):
        raise failure
    attempts = delivery.batch.attempts + 1
    refused = [Refused(item, failure.code, failure.message, attempts) for item in items]
    await bucket.put_refused(delivery, error_type, refused)
    role = settings.role_of(chosen)
    await logs.write(delivery.ctx, delivery.stream, chosen, role, failure.code, failure.message)


async def _send(delivery: Delivery, items: list[Item]) -> None:
    """Raises Undelivered."""
    ctx, chosen = delivery.ctx, delivery.settings
    document = {
        "requestId": delivery.batch.request,
        "timestamp": int(ctx.now() * 1000),
        "records": [{"data": base64.b64encode(item.data).decode()} for item in items],
    }
    headers = await _headers(delivery)
    body = orjson.dumps(document)
    if chosen["RequestConfiguration"].get("ContentEncoding") == "GZIP":
        body = gzip.compress(body, mtime=0)
        headers["Content-Encoding"] = "gzip"
    try:
        url = chosen["EndpointConfiguration"]["Url"]
        answer = await outbound.send(ctx, "POST", url, headers, body, limits.ANSWER_SECONDS)
    except outbound.Unreachable as error:
        raise Undelivered("HttpEndpoint.DestinationUnreachable", str(error)) from error
    _check(answer, delivery.batch.request)


async def _headers(delivery: Delivery) -> dict[str, str]:
    chosen, stream = delivery.settings, delivery.stream
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Amazon Kinesis Data Firehose Agent/1.0",
        "X-Amz-Firehose-Protocol-Version": "1.0",
        "X-Amz-Firehose-Request-Id": delivery.batch.request,
        "X-Amz-Firehose-Source-Arn": stream.arn,
    }
    key = await secret(delivery.ctx, stream, chosen, "api_key")
    if key := key or chosen["EndpointConfiguration"].get("AccessKey"):
        headers["X-Amz-Firehose-Access-Key"] = key
    if attributes := chosen["RequestConfiguration"].get("CommonAttributes"):
        common = {each["AttributeName"]: each["AttributeValue"] for each in attributes}
        document = orjson.dumps({"commonAttributes": common}).decode()
        headers["X-Amz-Firehose-Common-Attributes"] = document.encode().decode("latin-1")
    return headers


def _check(answer: outbound.Answer, request: str) -> None:
    """Raises Undelivered for what is not the answer that the protocol wants."""
    try:
        document = orjson.loads(answer.body)
    except ValueError:
        document = None
    message = document.get("errorMessage") if isinstance(document, dict) else None
    if answer.status != 200:
        text = f"The following response was received from the endpoint destination. {answer.status}: {message or ''}"
        raise Undelivered("HttpEndpoint.DestinationException", text.rstrip(" :"), answer.status not in _FINAL)
    is_json = answer.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
    if not is_json or not isinstance(document, dict) or document.get("requestId") != request:
        raise Undelivered(
            "HttpEndpoint.InvalidResponseFromDestination",
            "The response received from the specified endpoint is invalid. See the following link for more information: "
            "https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html",
        )


async def secret(ctx: Context, stream: Stream, chosen: Settings, member: str) -> str | None:
    """What Secrets Manager has for the endpoint, None when it is not asked. Raises Undelivered."""
    where = chosen.get("SecretsManagerConfiguration") or {}
    if not where.get("Enabled"):
        return None
    arn, role = where["SecretARN"], where.get("RoleARN") or settings.role_of(chosen)
    try:
        scope = await roles.acting(ctx, stream.arn, role, arn.split(":")[4], arn.split(":")[3])
        found = await scope.transact(_secret_value, scope, arn)
        return str(orjson.loads(found["SecretString"])[member])
    except (AWSError, ValueError, KeyError, TypeError) as error:
        raise Undelivered("SecretsManager.InvalidSecret", f"The secret {arn} cannot be used: {error}") from error


async def _secret_value(scope: Context, arn: str) -> Settings:
    return await scope.call("secretsmanager", "GetSecretValue", {"SecretId": arn}, as_caller=True)
