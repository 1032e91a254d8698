"""Where Lambda sends what became of events: queues, topics, functions, event buses, buckets; with the execution role's permissions."""

from __future__ import annotations

import time
from typing import Any

import orjson

from fogbank.http import Payload
from fogbank.kernel import Context
from fogbank.services.lambda_.records import Function, arn_of, functions, key_of
from fogbank.services.lambda_.service import service


async def send(ctx: Context, function: Function, target: str, document: dict[str, Any]) -> None:
    """Send a document to the resource of that ARN; in a transaction. Raises what the target's service says."""
    parts = target.split(":", 5)
    kind, region, account, resource = parts[2], parts[3], parts[4], parts[5]
    scope = await _scope(ctx, function, account, region)
    body = orjson.dumps(document).decode()
    if kind == "sqs":
        url = f"{ctx.endpoint}/{account}/{resource}"
        await scope.call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": body}, as_caller=True)
    elif kind == "sns":
        await scope.call("sns", "Publish", {"TopicArn": target, "Message": body}, as_caller=True)
    elif kind == "events":
        entry = _event(ctx, function, target, document)
        await scope.call("events", "PutEvents", {"Entries": [entry]}, as_caller=True)
    elif kind == "s3":
        day = time.strftime("%Y/%m/%d", time.gmtime(ctx.now()))
        key = f"aws/lambda/{function.name}/{day}/{ctx.ids.uuid()}.json"
        record = {"function": function.name, "version": function.version, "bucket": resource, "key": key, "body": body}
        await ctx.schedule("store_record", record)
    elif kind == "lambda":
        request = {"FunctionName": target, "InvocationType": "Event", "Payload": body.encode()}
        await scope.call("lambda", "Invoke", request, as_caller=True)


@service.task(transaction=False)
async def store_record(ctx: Context, payload: dict[str, Any]) -> None:
    """Put what became of an event into a bucket: outside of a transaction, since it may be large."""
    function = await ctx.transact(functions.get, ctx, payload["function"], key_of(payload["version"]))
    if function is None:
        return
    principal = await ctx.transact(lambda: ctx.assume(function.role, session_name=function.name))
    scope = ctx.at()
    scope.principal = principal
    body = Payload(payload["body"].encode())
    request = {"Bucket": payload["bucket"], "Key": payload["key"], "Body": body, "ContentType": "application/json"}
    await scope.call("s3", "PutObject", request, as_caller=True)


async def _scope(ctx: Context, function: Function, account: str, region: str) -> Context:
    """The target's account and region, with the permissions of the execution role."""
    scope = ctx.at(account=account or ctx.account, region=region or ctx.region)
    scope.principal = await ctx.assume(function.role, session_name=function.name)
    return scope


async def bury(ctx: Context, function: Function, target: str, request_id: str, payload: bytes, message: str) -> None:
    """Send an event to the function's dead-letter queue or topic; in a transaction.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
    """
    parts = target.split(":", 5)
    scope = await _scope(ctx, function, parts[4], parts[3])
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": message[:1024] or "Unknown"},
    }
    request: dict[str, Any] = {"MessageAttributes": attributes}
    if parts[2] == "sqs":
        request |= {"QueueUrl": f"{ctx.endpoint}/{parts[4]}/{parts[5]}", "MessageBody": payload.decode()}
        await scope.call("sqs", "SendMessage", request, as_caller=True)
    else:
        request |= {"TopicArn": target, "Message": payload.decode()}
        await scope.call("sns", "Publish", request, as_caller=True)


def _event(ctx: Context, function: Function, target: str, document: dict[str, Any]) -> dict[str, Any]:
    condition = document["requestContext"]["condition"]
    outcome = "Success" if condition == "Success" else "Failure"
    return {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {outcome}",
        "Resources": [target, arn_of(ctx, function.name)],
        "Detail": orjson.dumps(document).decode(),
        "EventBusName": target,
    }
