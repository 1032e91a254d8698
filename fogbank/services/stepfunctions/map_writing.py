"""The results of a Map Run: in S3, or as the result of its state.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context
from fogbank.protocols import timestamps
from fogbank.services.stepfunctions.integrations.calls import Caller
from fogbank.services.stepfunctions.interpreter.run import SUCCEEDED
from fogbank.services.stepfunctions.language.failure import Failure
from fogbank.services.stepfunctions.map_records import MapRun, Result, arn_of

Document = dict[str, Any]


def gathered(run: MapRun, results: list[Result]) -> list[Any]:
    """The result of the state when its results stay here."""
    way = ((run.writer or {}).get("config") or {}).get("Transformation", "COMPACT")
    found: list[Any] = []
    for result in results:
        shown = _transformed(result, way)
        found += shown if way == "FLATTEN" and result.status == SUCCEEDED and isinstance(shown, list) else [shown]
    return found


def _transformed(result: Result, way: str) -> Any:
    if way == "NONE" or result.status != SUCCEEDED:
        return _whole(result)
    return orjson.loads(result.output or "null")


def _whole(result: Result) -> Document:
    """A child with all that is known of it."""
    found = {
        "ExecutionArn": result.arn,
        "Input": result.input,
        "InputDetails": {"Included": True},
        "Name": result.name,
        "Output": result.output,
        "OutputDetails": None if result.output is None else {"Included": True},
        "Error": result.error,
        "Cause": result.cause,
        "StartDate": timestamps.iso8601_milliseconds(result.started),
        "StateMachineArn": result.arn.rpartition(":")[0].replace(":execution:", ":stateMachine:"),
        "Status": result.status,
        "StopDate": timestamps.iso8601_milliseconds(result.stopped),
    }
    return {name: value for name, value in found.items() if value is not None}


async def write(ctx: Context, caller: Caller, run: MapRun, results: list[Result]) -> Document:
    """Write the results into their bucket; in no transaction. Returns the state's result. Raises Failure."""
    assert run.writer is not None
    prefix = str(run.writer.get("Prefix") or "").rstrip("/")
    folder = f"{prefix}/{run.id}" if prefix else run.id
    files: dict[str, list[Document]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    way = run.writer["config"].get("Transformation", "NONE")
    is_lines = run.writer["config"].get("OutputType") == "JSONL"
    for status, members in files.items():
        chosen = [result for result in results if (result.status == SUCCEEDED) == (status == "SUCCEEDED")]
        if status == "PENDING" or not chosen:
            continue
        rows = gathered(run, chosen) if way != "NONE" else [_whole(result) for result in chosen]
        body = b"\n".join(orjson.dumps(row) for row in rows) if is_lines else orjson.dumps(rows)
        key = f"{folder}/{status}_0.{'jsonl' if is_lines else 'json'}"
        await _put(ctx, caller, run, key, body)
        members.append({"Key": key, "Size": len(body)})
    manifest = {"DestinationBucket": run.writer["Bucket"], "MapRunArn": arn_of(ctx, run), "ResultFiles": files}
    await _put(ctx, caller, run, f"{folder}/manifest.json", orjson.dumps(manifest))
    details = {"Bucket": run.writer["Bucket"], "Key": f"{folder}/manifest.json"}
    return {"MapRunArn": arn_of(ctx, run), "ResultWriterDetails": details}


async def _put(ctx: Context, caller: Caller, run: MapRun, key: str, body: bytes) -> None:
    assert run.writer is not None
    scope = ctx.at()
    params = {"Bucket": run.writer["Bucket"], "Key": key, "Body": Payload(body), "ContentType": "application/json"}
    try:
        await scope.call("s3", "PutObject", params, source_arn=caller.machine, role=caller.role)
    except AWSError as error:
        raise Failure("States.ResultWriterFailed", f"{error.message} ({error.code})") from error
