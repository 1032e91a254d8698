"""Import jobs: addresses of a file in S3, onto the suppression list or into a contact list.

The file is read with the permissions of who asks, at once; what is in it is gone through afterwards, in parts.
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateImportJob.html
"""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context, Record, bodies
from fogbank.mail import addresses, problems
from fogbank.mail.records import Suppressed, suppressed
from fogbank.services.sesv2 import contacts
from fogbank.services.sesv2.contacts import Contact, contact_lists
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request, page, page_size, start_of

_PART = 200
_ROWS = 1_000_000


class ImportJob(Record, frozen=True):
    """`destination` and `source` are in wire form."""

    id: str
    destination: dict[str, Any]
    source: dict[str, Any]
    created: float
    status: str = "CREATED"
    completed: float = 0.0
    processed: int = 0
    failed: int = 0


jobs = service.collection("import_jobs", ImportJob)


@service.operation(transaction=False, resource=lambda ctx, request: "*")
async def create_import_job(ctx: Context, request: Request) -> Answer:
    destination = {name: value for name, value in request["ImportDestination"].items() if value}
    if len(destination) != 1:
        raise problems.invalid(ctx, "Exactly one destination must be specified.")
    rows = _rows(ctx, request["ImportDataSource"]["DataFormat"], await _content(ctx, request["ImportDataSource"]))
    return {"JobId": await ctx.transact(_begin, ctx, request, destination, rows)}


async def _content(ctx: Context, source: Request) -> bytes:
    bucket, _, key = source["S3Url"].removeprefix("s3://").partition("/")
    if not source["S3Url"].startswith("s3://") or not key:
        raise problems.invalid(ctx, f"Invalid S3 URL: {source['S3Url']}")

    async def opened() -> Answer:
        return await ctx.call("s3", "GetObject", {"Bucket": bucket, "Key": key}, as_caller=True)

    try:
        answer = await ctx.transact(opened)
    except AWSError as error:
        raise problems.invalid(ctx, f"The object {source['S3Url']} cannot be read: {error.message}") from error
    return await bodies.whole(answer["Body"])


def _rows(ctx: Context, kind: str, data: bytes) -> list[dict[str, str]]:
    """The records of a file, each with its `emailAddress`."""
    text = data.decode("utf-8-sig", "replace")
    if kind == "JSON":
        try:
            rows = [orjson.loads(line) for line in text.splitlines() if line.strip()]
        except orjson.JSONDecodeError as error:
            raise problems.invalid(ctx, "The file is not newline-delimited JSON.") from error
    else:
        found = list(csv.reader(io.StringIO(text)))
        head = found[0] if found and "emailAddress" in found[0] else ["emailAddress", "reason"]
        rows = [
            dict(zip(head, row, strict=False)) for row in (found[1:] if found and head == found[0] else found) if row
        ]
    if len(rows) > _ROWS:
        raise problems.invalid(ctx, f"A file can have no more than {_ROWS} records.")
    return rows


async def _begin(ctx: Context, request: Request, destination: Request, rows: list[dict[str, str]]) -> str:
    if given := destination.get("ContactListDestination"):
        await contacts.find_list(ctx, given)
    job = ImportJob(ctx.ids.uuid(), destination, request["ImportDataSource"], ctx.now())
    jobs.put(ctx, job, job.id)
    for start in range(0, len(rows), _PART):
        await ctx.schedule("take_in", {"id": job.id, "rows": rows[start : start + _PART]})
    await ctx.schedule("finish_import", {"id": job.id})
    return job.id


@service.task
async def take_in(ctx: Context, payload: dict[str, Any]) -> None:
    """A part of the file."""
    job = await jobs.get(ctx, payload["id"])
    if job is None:
        return
    failed = 0
    for row in payload["rows"]:
        try:
            await _take_one(ctx, job, row)
        except (addresses.BadAddress, KeyError, TypeError, AttributeError):
            failed += 1
    changed = msgspec.structs.replace(
        job, status="PROCESSING", processed=job.processed + len(payload["rows"]), failed=job.failed + failed
    )
    jobs.put(ctx, changed, job.id)


async def _take_one(ctx: Context, job: ImportJob, row: dict[str, Any]) -> None:
    """Raises BadAddress, and what Python says to records of another form."""
    address = addresses.plain(row["emailAddress"])
    if given := job.destination.get("SuppressionListDestination"):
        if given["SuppressionListImportAction"] == "DELETE":
            suppressed.delete(ctx, address.lower())
        else:
            reason = str(row.get("reason") or "BOUNCE").upper()
            suppressed.put(ctx, Suppressed(address.lower(), reason, ctx.now()), address.lower())
        return
    given = job.destination["ContactListDestination"]
    name = given["ContactListName"]
    if given["ContactListImportAction"] == "DELETE":
        contacts.contacts.delete(ctx, name, address)
        return
    contacts.contacts.put(ctx, _contact(ctx, address, row), name, address)


def _contact(ctx: Context, address: str, row: dict[str, Any]) -> Contact:
    """Topics are members of a record of JSON, or columns called `topicPreferences.<topic>`."""
    listed = row.get("topicPreferences") or []
    preferences = {each["topicName"]: each["subscriptionStatus"] for each in listed} if isinstance(listed, list) else {}
    prefix = "topicPreferences."
    preferences |= {
        name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix) and value
    }
    unsubscribed = str(row.get("unsubscribeAll") or "").lower() == "true"
    attributes = row.get("attributesData") or ""
    text = attributes if isinstance(attributes, str) else orjson.dumps(attributes).decode()
    return Contact(address, ctx.now(), ctx.now(), preferences, unsubscribed, text)


@service.task
async def finish_import(ctx: Context, payload: dict[str, Any]) -> None:
    """All parts were before this."""
    job = await jobs.get(ctx, payload["id"])
    if job is None:
        return
    given = job.destination.get("ContactListDestination")
    is_there = given is None or await contact_lists.get(ctx, given["ContactListName"]) is not None
    status = "COMPLETED" if is_there else "FAILED"
    jobs.put(ctx, msgspec.structs.replace(job, status=status, completed=ctx.now()), job.id)


def _summary(job: ImportJob) -> Answer:
    return {
        "JobId": job.id,
        "ImportDestination": job.destination,
        "JobStatus": job.status,
        "CreatedTimestamp": job.created,
        "ProcessedRecordsCount": job.processed,
        "FailedRecordsCount": job.failed,
    }


@service.operation(resource=lambda ctx, request: "*")
async def get_import_job(ctx: Context, request: Request) -> Answer:
    job = await jobs.get(ctx, request["JobId"])
    if job is None:
        raise AWSError("NotFoundException", f"Import job {request['JobId']} does not exist.")
    return {**_summary(job), "ImportDataSource": job.source, "CompletedTimestamp": job.completed or None}


_KINDS = {"SUPPRESSION_LIST": "SuppressionListDestination", "CONTACT_LIST": "ContactListDestination"}


@service.operation(resource=lambda ctx, request: "*")
async def list_import_jobs(ctx: Context, request: Request) -> Answer:
    kind = request.get("ImportDestinationType")
    rows = [
        job for job in await jobs.scan(ctx, after=start_of(request)) if kind is None or _KINDS[kind] in job.destination
    ][: page_size(request) + 1]
    shown, following = page(rows, request, lambda job: job.id)
    return {"ImportJobs": [_summary(job) for job in shown], "NextToken": following}
