"""Batch Operations: jobs that do one thing to each of many objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops.html. What a job is, is here; what it does, in `job_runs.py`.

    jobs      id                     -> Job
    job-tokens client request token  -> the job that was created with it
    chunks    id, number             -> Chunk: objects of which nothing was done yet
    results   id, number             -> Results of the objects of a chunk
    baton     (nothing)              -> whether there is a task that works on the jobs of the account in the region
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Collection, Context, Record, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3control import accounts, errors, job_rules, tags
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace

# Bucket, key (as the manifest spells it) and version id of an object; the version id is empty for the current one.
Row = tuple[str, str, str]

KEPT_DAYS = 90
ENDED = frozenset({"Cancelled", "Complete", "Failed"})
RUNNABLE = frozenset({"Active", "Ready"})
CLOSING = {"Cancelling": "Cancelled", "Completing": "Complete", "Failing": "Failed"}

# What a client may ask for: from which statuses, and what the job becomes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html
_CANCELLABLE = frozenset({"Active", "New", "Paused", "Preparing", "Ready", "Suspended"})


class Progress(Record, frozen=True):
    """`active` is seconds; `active_since` epoch seconds, 0 while the job does not run."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    active: float = 0
    active_since: float = 0

    @property
    def done(self) -> int:
        return self.succeeded + self.failed


class Job(Record, frozen=True):
    """`operation`, `report`, `manifest`, `generator` and `generated` are documents of the API. Times are epoch seconds, 0 for never.

    The chunks from `next_chunk` on are still to be done. `failure` is (code, reason).
    """

    id: str
    account: str
    region: str
    created: float
    operation: dict[str, Any]
    report: dict[str, Any]
    manifest: dict[str, Any] | None
    generator: dict[str, Any] | None
    description: str
    priority: int
    role: str
    confirmed: bool
    asks: bool
    status: str = "New"
    reason: str = ""
    failure: tuple[str, str] | None = None
    progress: Progress = Progress()
    next_chunk: int = 0
    chunks: int = 0
    ended: float = 0
    suspended: float = 0
    generated: dict[str, Any] | None = None

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:{self.region}:{self.account}:job/{self.id}"

    @property
    def action(self) -> str:
        """The name of its operation (`S3PutObjectCopy`)."""
        return next(iter(self.operation))


class Token(Record, frozen=True):
    job: str
    request: bytes


class Chunk(Record, frozen=True):
    rows: list[Row]


class Result(Record, frozen=True):
    """What became of an object. `code` is empty when it went well."""

    row: Row
    status: int
    code: str
    message: str


class Results(Record, frozen=True):
    results: list[Result]


jobs: Collection[Job] = service.collection("jobs", Job)
chunks: Collection[Chunk] = service.collection("chunks", Chunk)
results: Collection[Results] = service.collection("results", Results)
_tokens: Collection[Token] = service.collection("job-tokens", Token)

_ON_JOB: dict[str, Any] = accounts.on("arn:aws:s3:{region}:{account}:job/{JobId}")
_BATCH = "batchoperations.s3.amazonaws.com"

_pack = msgspec.msgpack.Encoder(order="sorted").encode


# -- creating


@service.operation(action=with_members("s3:CreateJob", {"Tags": "s3:PutJobTagging"}), **accounts.ON_ACCOUNT)
async def create_job(ctx: Context, request: Request) -> Answer:
    """Errors: InvalidRequest for what cannot be done, IdempotencyException, AccessDenied without iam:PassRole."""
    home = accounts.home(ctx, request)
    job_rules.check(home, request)
    entries = tags.checked(request.get("Tags") or [])
    await home.authorise("iam:PassRole", request["RoleArn"], keys={"iam:PassedToService": _BATCH})
    given = _pack({name: value for name, value in request.items() if name != "ClientRequestToken"})
    known = await _tokens.get(home, request["ClientRequestToken"])
    if known is not None:
        if known.request != given:
            raise errors.token_used_otherwise()
        return {"JobId": known.job}
    job = _new(home, request)
    jobs.put(home, job, job.id)
    _tokens.put(home, Token(job.id, given), request["ClientRequestToken"])
    tags.put(home, job.arn, entries)
    await home.schedule("prepare_job", {"job": job.id}, key=job.id)
    return {"JobId": job.id}


def _new(home: Context, request: Request) -> Job:
    asks = bool(request.get("ConfirmationRequired"))
    return Job(
        home.ids.uuid(),
        home.account,
        home.region,
        home.now(),
        request["Operation"],
        request["Report"],
        request.get("Manifest"),
        request.get("ManifestGenerator"),
        request.get("Description") or "",
        request["Priority"],
        request["RoleArn"],
        confirmed=not asks,
        asks=asks,
    )


# -- looking


async def find(ctx: Context, request: Request) -> tuple[Context, Job]:
    """The job that a request names, and its account's context. Raises NoSuchJob."""
    home = accounts.home(ctx, request)
    job = await jobs.get(home, request["JobId"])
    if job is None:
        raise errors.no_such_job()
    return home, job


@service.operation(**_ON_JOB)
async def describe_job(ctx: Context, request: Request) -> Answer:
    home, job = await find(ctx, request)
    return {
        "Job": {
            "JobId": job.id,
            "ConfirmationRequired": job.asks,
            "Description": job.description or None,
            "JobArn": job.arn,
            "Status": job.status,
            "Manifest": job.manifest,
            "Operation": job.operation,
            "Priority": job.priority,
            "ProgressSummary": _summary(home, job.progress),
            "StatusUpdateReason": job.reason or None,
            "FailureReasons": _failures(job),
            "Report": job.report,
            "CreationTime": job.created,
            "TerminationDate": job.ended or None,
            "RoleArn": job.role,
            "SuspendedDate": job.suspended or None,
            "SuspendedCause": "AWAITING_CONFIRMATION" if job.status == "Suspended" else None,
            "ManifestGenerator": job.generator,
            "GeneratedManifestDescriptor": job.generated,
        }
    }


def _failures(job: Job) -> list[Answer] | None:
    if job.failure is None:
        return None
    code, reason = job.failure
    return [{"FailureCode": code, "FailureReason": reason[:256]}]


def _summary(home: Context, progress: Progress) -> Answer:
    running = home.now() - progress.active_since if progress.active_since else 0
    return {
        "TotalNumberOfTasks": progress.total,
        "NumberOfTasksSucceeded": progress.succeeded,
        "NumberOfTasksFailed": progress.failed,
        "Timers": {"ElapsedTimeInActiveSeconds": int(progress.active + running)},
    }


@service.operation(**accounts.ON_ACCOUNT)
async def list_jobs(ctx: Context, request: Request) -> Answer:
    """The jobs of an account in this region, the newest first. Errors: InvalidNextTokenException."""
    home = accounts.home(ctx, request)
    wanted = request.get("JobStatuses")
    limit = accounts.limit_of(request)
    found = [job for job in await jobs.scan(home) if not wanted or job.status in wanted]
    found.sort(key=_order)
    token = request.get("NextToken")
    if token is not None:
        position = pages.position(token, errors.invalid_job_token())
        found = [job for job in found if repr(_order(job)) > position]
    shown, token = pages.page(found, limit, lambda job: repr(_order(job)))
    return {"Jobs": [_entry(home, job) for job in shown], "NextToken": token}


def _order(job: Job) -> tuple[str, str]:
    """The newest first."""
    return f"{10**16 - int(job.created * 1e6):017}", job.id


def _entry(home: Context, job: Job) -> Answer:
    return {
        "JobId": job.id,
        "Description": job.description or None,
        "Operation": job.action,
        "Priority": job.priority,
        "Status": job.status,
        "CreationTime": job.created,
        "TerminationDate": job.ended or None,
        "ProgressSummary": _summary(home, job.progress),
    }


# -- changing


@service.operation(**_ON_JOB)
async def update_job_priority(ctx: Context, request: Request) -> Answer:
    home, job = await find(ctx, request)
    if job.status in ENDED:
        raise errors.job_is_over(job.status)
    jobs.put(home, replace(job, priority=request["Priority"]), job.id)
    return {"JobId": job.id, "Priority": request["Priority"]}


@service.operation(**_ON_JOB)
async def update_job_status(ctx: Context, request: Request) -> Answer:
    """Confirm a job that waits for that, or cancel one. Errors: JobStatusException."""
    home, job = await find(ctx, request)
    wanted = request["RequestedJobStatus"]
    allowed = _CANCELLABLE if wanted == "Cancelled" else {"Suspended"}
    if job.status not in allowed:
        raise errors.job_status(job.status, wanted)
    became = "Cancelling" if wanted == "Cancelled" else "Ready"
    job = replace(job, status=became, confirmed=True, reason=request.get("StatusUpdateReason") or "")
    jobs.put(home, job, job.id)
    await take_up(home)
    return {"JobId": job.id, "Status": job.status, "StatusUpdateReason": job.reason or None}


class Baton(Record, frozen=True):
    since: float


_baton: Collection[Baton] = service.collection("baton", Baton)


async def take_up(home: Context) -> None:
    """See to it that somebody works on the jobs of the context's account and region: one task, that goes from one job to the next."""
    if await _baton.get(home) is None:
        _baton.put(home, Baton(home.now()))
        await home.schedule("work_on_jobs")


def lay_down(home: Context) -> None:
    """There is nothing more to do."""
    _baton.delete(home)


# -- tags


@service.operation(**_ON_JOB)
async def put_job_tagging(ctx: Context, request: Request) -> Answer:
    """Replace all tags. Errors: TooManyTagsException."""
    home, job = await find(ctx, request)
    if len(request["Tags"]) > job_rules.TAGS:
        raise errors.too_many_job_tags(job_rules.TAGS)
    tags.put(home, job.arn, tags.checked(request["Tags"]))
    return {}


@service.operation(**_ON_JOB)
async def get_job_tagging(ctx: Context, request: Request) -> Answer:
    home, job = await find(ctx, request)
    return {"Tags": tags.as_entries(await tags.of(home, job.arn))}


@service.operation(**_ON_JOB)
async def delete_job_tagging(ctx: Context, request: Request) -> Answer:
    home, job = await find(ctx, request)
    tags.forget(home, job.arn)
    return {}
