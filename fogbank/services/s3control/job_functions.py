"""Jobs that have a function do the work: https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html"""

from __future__ import annotations

import json
from typing import Any

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context, bodies
from fogbank.services.s3control import job_actions
from fogbank.services.s3control.jobs import Job, Row

Document = dict[str, Any]


def event(job: Job, row: Row, invocation: str, task: str) -> Document:
    """What the function is told about an object, in the schema that the job asks for."""
    asked = job.operation["LambdaInvoke"]
    schema = asked.get("InvocationSchemaVersion") or "1.0"
    bucket, key, version = row
    about: Document = {"taskId": task, "s3Key": key, "s3VersionId": version or None}
    described: Document = {"id": job.id}
    if schema == "1.0":
        about["s3BucketArn"] = bucket if bucket.startswith("arn:") else f"arn:aws:s3:::{bucket}"
    else:
        about["s3Bucket"] = job_actions.bucket_of(bucket) if bucket.startswith("arn:") else bucket
        described["userArguments"] = asked.get("UserArguments") or {}
    return {"invocationSchemaVersion": schema, "invocationId": invocation, "job": described, "tasks": [about]}


async def invoke(ctx: Context, job: Job, row: Row) -> str:
    """Have the function work on an object. Returns what it says; raises AWSError with what it says when it failed."""
    told = event(job, row, ctx.ids.hex(32), ctx.ids.hex(24))
    params = {
        "FunctionName": job.operation["LambdaInvoke"]["FunctionArn"],
        "InvocationType": "RequestResponse",
        "Payload": Payload(json.dumps(told).encode()),
    }
    answer = await ctx.call("lambda", "Invoke", params, as_caller=True)
    said = (await bodies.whole(answer.get("Payload") or b"")).decode()
    if answer.get("FunctionError"):
        raise AWSError("PermanentFailure", f"Lambda returned function error: {said}", 200)
    code, message = outcome(said, told["tasks"][0]["taskId"])
    if code != "Succeeded":
        raise AWSError(code, message, 200)
    return message


def outcome(said: str, task: str) -> tuple[str, str]:
    """(result code, result string) of a task in a function's answer."""
    try:
        document = json.loads(said)
        results = {each["taskId"]: each for each in document["results"]}
    except (ValueError, KeyError, TypeError):
        return "PermanentFailure", "The function's response is not what Batch Operations expects."
    if task not in results:
        return str(document.get("treatMissingKeysAs") or "PermanentFailure"), ""
    return str(results[task].get("resultCode")), str(results[task].get("resultString") or "")
