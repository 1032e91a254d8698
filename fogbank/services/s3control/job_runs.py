"""What jobs do: they are prepared, work through their objects a chunk at a time, and end with a report.

Each account has in each region one task at most that works on its jobs (the baton), at each step on the most urgent of them, so a
job waits while one with a higher priority is there. A chunk of operations that only write to the store is done in the transaction
that counts it: it is done once, whatever happens. Others (copies, functions) are done again from the beginning of a chunk of few
objects when the server was killed meanwhile.
"""

from __future__ import annotations

import logging
from typing import Any

from fogbank.identity import Principal
from fogbank.kernel import AWSError, Context
from fogbank.services.s3control import job_actions, job_manifests, job_reports, jobs, manifests, tags
from fogbank.services.s3control.job_manifests import Prepared
from fogbank.services.s3control.jobs import CLOSING, RUNNABLE, Chunk, Job, Progress, Result, Results, Row, replace
from fogbank.services.s3control.service import service
from fogbank.storage.base import StoreError

Payload = dict[str, Any]

log = logging.getLogger("fogbank.s3control")

_CHUNK = 200
_FEW = 50
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html#batch-ops-job-status-failure
_JUDGED_FROM = 1000
_DAY = 86400


# -- preparing


@service.task(transaction=False)
async def prepare_job(ctx: Context, payload: Payload) -> None:
    """Find out what the job works on."""
    job = await ctx.transact(_begin, ctx, payload["job"])
    if job is None:
        return
    try:
        prepared = await job_manifests.load(_as(ctx, await _principal(ctx, job)), job)
    except AWSError as error:
        await ctx.transact(_fail, ctx, job.id, error.code, error.message)
    except manifests.Invalid as error:
        await ctx.transact(_fail, ctx, job.id, "InvalidManifestContent", str(error))
    else:
        await ctx.transact(_prepared, ctx, job.id, prepared)


async def _begin(ctx: Context, job_id: str) -> Job | None:
    job = await jobs.jobs.get(ctx, job_id)
    if job is None or job.status not in ("New", "Preparing"):
        return None
    job = replace(job, status="Preparing")
    jobs.jobs.put(ctx, job, job.id)
    return job


async def _prepared(ctx: Context, job_id: str, prepared: Prepared) -> None:
    job = await jobs.jobs.get(ctx, job_id)
    if job is None or job.status != "Preparing":
        return  # cancelled meanwhile
    size = _CHUNK if job.action in job_actions.ATOMIC else _FEW
    rows = prepared.rows
    pieces = [rows[start : start + size] for start in range(0, len(rows), size)]
    for number, piece in enumerate(pieces):
        jobs.chunks.put(ctx, Chunk(piece), job.id, number)
    job = replace(job, progress=Progress(len(rows)), chunks=len(pieces), generated=prepared.generated)
    if job.confirmed:
        jobs.jobs.put(ctx, replace(job, status="Ready"), job.id)
        await jobs.take_up(ctx)
    else:
        jobs.jobs.put(ctx, replace(job, status="Suspended", suspended=ctx.now()), job.id)


async def _fail(ctx: Context, job_id: str, code: str, reason: str) -> None:
    """End a job of which nothing was done."""
    job = await jobs.jobs.get(ctx, job_id)
    if job is not None and job.status not in jobs.ENDED:
        await _end(ctx, replace(job, failure=(code, reason or code)), "Failed")


async def _principal(ctx: Context, job: Job) -> Principal:
    """The job's role. Raises AccessDenied when it does not trust Batch Operations."""
    name = f"s3-batch-operations_{job.id}"
    return await ctx.assume(job.role, source_arn=job.arn, session_name=name, service="batchoperations.s3")


def _as(ctx: Context, principal: Principal) -> Context:
    worker = ctx.at()
    worker.principal = principal
    return worker


# -- working


@service.task(transaction=False)
async def work_on_jobs(ctx: Context, payload: Payload) -> None:
    """One step of the most urgent job; the next one is another task, until nothing is left to do."""
    job = await ctx.transact(_most_urgent, ctx)
    if job is None:
        return
    try:
        await (_close(ctx, job) if job.status in CLOSING else _work(ctx, job))
    except StoreError:
        raise
    except AWSError as error:
        await ctx.transact(_give_up, ctx, job.id, error.code, error.message)
    except Exception:
        log.exception("job %s", job.id)
        await ctx.transact(_give_up, ctx, job.id, "InternalError", "An internal error occurred.")


async def _most_urgent(ctx: Context) -> Job | None:
    """The job to work on, which becomes active, while all others pause; None lays the baton down."""
    open_jobs = [job for job in await jobs.jobs.scan(ctx) if job.status in _WORKED_ON]
    if not open_jobs:
        jobs.lay_down(ctx)
        return None
    chosen = max(open_jobs, key=lambda job: (job.status in CLOSING, job.priority, -job.created, job.id))
    for job in open_jobs:
        if job.status == "Active" and job.id != chosen.id:
            jobs.jobs.put(ctx, _stopped(ctx, replace(job, status="Paused")), job.id)
    if chosen.status in CLOSING or chosen.status == "Active":
        return chosen
    chosen = replace(chosen, status="Active", progress=replace(chosen.progress, active_since=ctx.now()))
    jobs.jobs.put(ctx, chosen, chosen.id)
    return chosen


_WORKED_ON = RUNNABLE | CLOSING.keys() | {"Paused"}


def _stopped(ctx: Context, job: Job) -> Job:
    """The job with its clock stopped."""
    progress = job.progress
    if not progress.active_since:
        return job
    active = progress.active + ctx.now() - progress.active_since
    return replace(job, progress=replace(progress, active=active, active_since=0.0))


async def _work(ctx: Context, job: Job) -> None:
    principal = await _principal(ctx, job)
    if job.action in job_actions.ATOMIC:
        await ctx.transact(_work_at_once, ctx, job.id, principal)
        return
    rows = await ctx.transact(_rows, ctx, job)
    worker = _as(ctx, principal)
    done = [await _attempt(worker, job, row) for row in rows]
    await ctx.transact(_record, ctx, job.id, job.next_chunk, done)


async def _rows(ctx: Context, job: Job) -> list[Row]:
    chunk = await jobs.chunks.get(ctx, job.id, job.next_chunk)
    return [] if chunk is None else chunk.rows


async def _work_at_once(ctx: Context, job_id: str, principal: Principal) -> None:
    job = await jobs.jobs.get(ctx, job_id)
    if job is None:
        return
    worker = _as(ctx, principal)
    done = [await _attempt(worker, job, row) for row in await _rows(ctx, job)]
    await _record(ctx, job_id, job.next_chunk, done)


async def _attempt(worker: Context, job: Job, row: Row) -> Result:
    """Do it to one object; what an object that fails would have written is not written."""
    try:
        if worker.tx is None:
            message = await job_actions.perform(worker, job, row)
        else:
            message = await worker.undoing(job_actions.perform, worker, job, row)
    except AWSError as error:
        return Result(row, error.status or 400, error.code, error.message)
    return Result(row, 200, "", message)


async def _record(ctx: Context, job_id: str, number: int, done: list[Result]) -> None:
    """Count what was done, and go on."""
    await ctx.schedule("work_on_jobs", key="work")
    job = await jobs.jobs.get(ctx, job_id)
    if job is None or job.next_chunk != number:
        return
    failed = sum(1 for result in done if result.code)
    progress = job.progress
    progress = replace(progress, succeeded=progress.succeeded + len(done) - failed, failed=progress.failed + failed)
    job = replace(job, progress=progress, next_chunk=number + bool(done))
    jobs.chunks.delete(ctx, job_id, number)
    if done and job.report["Enabled"]:
        jobs.results.put(ctx, Results(done), job_id, number)
    jobs.jobs.put(ctx, _judged(job), job_id)


def _judged(job: Job) -> Job:
    """The job with its next status: it is through, or too much of it failed."""
    if job.status not in RUNNABLE:
        return job  # cancelled meanwhile
    if job.progress.done >= _JUDGED_FROM and job.progress.failed * 2 > job.progress.done:
        reason = "More than 50 percent of the tasks that were run have failed."
        return replace(job, status="Failing", failure=("FailureThresholdExceeded", reason))
    return replace(job, status="Completing") if job.next_chunk >= job.chunks else job


async def _give_up(ctx: Context, job_id: str, code: str, reason: str) -> None:
    await ctx.schedule("work_on_jobs", key="work")
    await _fail(ctx, job_id, code, reason)


# -- ending


async def _close(ctx: Context, job: Job) -> None:
    """Write the report, and end the job."""
    ended, failure = CLOSING[job.status], job.failure
    if job.report["Enabled"] and job.progress.done:
        try:
            await job_reports.write(_as(ctx, await _principal(ctx, job)), job)
        except AWSError as error:
            ended = "Failed" if ended == "Complete" else ended
            failure = failure or (error.code, f"The completion report could not be written: {error.message}")
    await ctx.transact(_closed, ctx, replace(job, failure=failure), ended)


async def _closed(ctx: Context, job: Job, ended: str) -> None:
    await ctx.schedule("work_on_jobs", key="work")
    await _end(ctx, job, ended)


async def _end(ctx: Context, job: Job, status: str) -> None:
    for number in range(job.chunks):
        jobs.chunks.delete(ctx, job.id, number)
        jobs.results.delete(ctx, job.id, number)
    jobs.jobs.put(ctx, _stopped(ctx, replace(job, status=status, ended=ctx.now())), job.id)
    await ctx.schedule("forget_job", {"job": job.id}, delay=jobs.KEPT_DAYS * _DAY, key=job.id)


@service.task
async def forget_job(ctx: Context, payload: Payload) -> None:
    """Ended jobs are kept for 90 days."""
    job = await jobs.jobs.get(ctx, payload["job"])
    if job is not None:
        jobs.jobs.delete(ctx, job.id)
        tags.forget(ctx, job.arn)
