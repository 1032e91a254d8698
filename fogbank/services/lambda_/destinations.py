"""Where Lambda sends what became of events: queues, topics, functions, event buses, buckets; with the execution role's permissions."""

from __future__ import annotations

import time
from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.services.lambda_.records import Function, arn_of


async def send(ctx: Context, function: Function, target: str, document: dict[str, Any]) -> None:
    """Send a document to the resource of that ARN; in a transaction. Raises what the target's service says."""
    parts = target.split(":", 5)
    service, region, account, resource = parts[2], parts[3], parts[4], parts[5]
    scope = await _scope(ctx, function, account, region)
    body = orjson.dumps(document).decode()
    if service == "sqs":
        url = f"{ctx.endpoint}/{account}/{resource}"
        await scope.call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": body}, as_caller=True)
    elif service == "sns":
        await scope.call("sns", "Publish", {"TopicArn": target, "Message": body}, as_caller=True)
    elif service == "events":
        entry = _event(ctx, function, target, document)
        await scope.call("events", "PutEvents", {"Entries": [entry]}, as_caller=True)
    elif service == "s3":
        day = time.strftime("%Y/%m/%d", time.gmtime(ctx.now()))
        key = f"aws/lambda/{function.name}/{day}/{ctx.ids.uuid()}.json"
        await scope.call("s3", "PutObject", {"Bucket": resource, "Key": key, "Body": body.encode()}, as_caller=True)
    elif service == "lambda":
        request = {"FunctionName": target, "InvocationType": "Event", "Payload": body.encode()}
        await scope.call("lambda", "Invoke", request, as_caller=True)


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
