"""Completion reports: https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html

The columns of a report are in the order in which AWS writes them, which is not quite the one that its `ReportSchema` says.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any

from fogbank.http import Payload
from fogbank.identity.errors import extended_iso
from fogbank.kernel import Context
from fogbank.services.s3control import job_actions, jobs
from fogbank.services.s3control.jobs import Job, Result

_SCHEMA = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"


def lines(results: list[Result], status: str) -> bytes:
    """The CSV file of the results of one status."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for result in results:
        writer.writerow([*result.row, status, result.status, result.code, result.message])
    return text.getvalue().encode()


async def write(worker: Context, job: Job) -> None:
    """Write a job's report, as the job's role. Raises AWSError."""
    kept = await worker.transact(jobs.results.scan, worker, job.id)
    results = [result for each in kept for result in each.results]
    failed = [result for result in results if result.code]
    succeeded = [result for result in results if not result.code]
    files = []
    if job.report["ReportScope"] == "AllTasks" and succeeded:
        files.append(await _write_results(worker, job, "succeeded", succeeded))
    if failed:
        files.append(await _write_results(worker, job, "failed", failed))
    await _write_index(worker, job, files)


async def _write_results(worker: Context, job: Job, status: str, results: list[Result]) -> dict[str, Any]:
    data = lines(results, status)
    name = hashlib.sha1(f"{job.id} {status}".encode(), usedforsecurity=False).hexdigest()
    key = f"{_base(job)}/results/{name}.csv"
    await _put(worker, job, key, data)
    return {"TaskExecutionStatus": status, "Bucket": _bucket(job), "MD5Checksum": _md5(data), "Key": key}


async def _write_index(worker: Context, job: Job, files: list[dict[str, Any]]) -> None:
    document = {
        "Format": job.report["Format"],
        "ReportCreationDate": extended_iso(worker.now()),
        "Results": files,
        "ReportSchema": _SCHEMA,
    }
    data = json.dumps(document).encode()
    await _put(worker, job, f"{_base(job)}/manifest.json", data)
    await _put(worker, job, f"{_base(job)}/manifest.json.md5", _md5(data).encode())


def _base(job: Job) -> str:
    prefix = job.report.get("Prefix")
    return f"{prefix.rstrip('/')}/job-{job.id}" if prefix else f"job-{job.id}"


def _bucket(job: Job) -> str:
    return job_actions.bucket_of(job.report["Bucket"])


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


async def _put(worker: Context, job: Job, key: str, data: bytes) -> None:
    params: dict[str, Any] = {
        "Bucket": _bucket(job),
        "Key": key,
        "Body": Payload(data),
        "ServerSideEncryption": "AES256",
    }
    if job.report.get("ExpectedBucketOwner"):
        params["ExpectedBucketOwner"] = job.report["ExpectedBucketOwner"]
    await worker.call("s3", "PutObject", params, as_caller=True)
