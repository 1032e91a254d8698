"""Task states: work is asked for, and whoever does it, or watches the time, tells how it went.

https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
"""

from __future__ import annotations

from typing import Any

from fogbank.services.stepfunctions.integrations import resources
from fogbank.services.stepfunctions.integrations.resources import ACTIVITY, FUNCTION, SERVICE, TOKEN, Resource
from fogbank.services.stepfunctions.interpreter import flow
from fogbank.services.stepfunctions.interpreter.frame import Frame, Kind, kinds
from fogbank.services.stepfunctions.interpreter.run import Done, Run
from fogbank.services.stepfunctions.interpreter.strand import SUBMITTED, WORKING, Strand, Work
from fogbank.services.stepfunctions.language.failure import HEARTBEAT, TIMEOUT, Failure, runtime
from fogbank.services.stepfunctions.language.paths import text_of

_NOT_CUT = {"truncated": False}


def resource_of(frame: Frame) -> Resource:
    return resources.read(frame.state["Resource"])


async def _begin(frame: Frame) -> None:
    resource, strand = resource_of(frame), frame.strand
    if resource.pattern == TOKEN or resource.kind == ACTIVITY:
        strand.token = frame.run.new_token(strand)
    work = _work(frame)
    _scheduled(frame, resource, work)
    strand.phase = WORKING
    if resource.kind != ACTIVITY:
        _tell(frame, resource, "Started")
    try:
        done = await frame.run.perform(strand, work)
    except Failure as failure:
        _not_taken(frame, resource, failure)
        raise
    if done is not None:
        await _done(frame, done)


def _work(frame: Frame) -> Work:
    given = frame.strand.input if frame.is_jsonata else frame.input()
    timeout, heartbeat = frame.number("TimeoutSeconds", given), frame.number("HeartbeatSeconds", given)
    return Work(
        frame.state["Resource"],
        frame.arguments(),
        frame.strand.token,
        float(timeout or 0),
        float(heartbeat or 0),
        _role(frame, given),
    )


def _role(frame: Frame, given: Any) -> str | None:
    """The role of the state's credentials, if it has some."""
    credentials = frame.state.get("Credentials")
    if credentials is None:
        return None
    found = frame.evaluate(credentials, "Credentials") if frame.is_jsonata else frame.fill(credentials, given)
    if not isinstance(found, dict) or not isinstance(found.get("RoleArn"), str):
        raise runtime(f"The Credentials must have a RoleArn: {text_of(found)}")
    return str(found["RoleArn"])


def _scheduled(frame: Frame, resource: Resource, work: Work) -> None:
    text = frame.bounded(work.arguments)
    about: dict[str, Any] = {
        "timeoutInSeconds": int(work.timeout) or None,
        "taskCredentials": {"roleArn": work.role} if work.role else None,
    }
    if resource.kind != FUNCTION:
        about["heartbeatInSeconds"] = int(work.heartbeat) or None
    if resource.kind == SERVICE:
        about |= {"region": frame.run.region, "parameters": text}
    else:
        about |= {"resource": resource.arn, "input": text, "inputDetails": _NOT_CUT}
    _tell(frame, resource, "Scheduled", **about)


def _tell(frame: Frame, resource: Resource, what: str, /, **about: Any) -> None:
    frame.run.event(frame.strand, resources.event(resource, what), resources.details(resource, **about))


async def _done(frame: Frame, done: Done) -> None:
    resource, strand = resource_of(frame), frame.strand
    text = frame.bounded(done.result)
    if done.is_submitted:
        strand.phase = SUBMITTED
        _tell(frame, resource, "Submitted", output=text, outputDetails=_NOT_CUT)
        return
    strand.attempt += 1
    await frame.run.settled(strand)
    _tell(frame, resource, "Succeeded", output=text, outputDetails=_NOT_CUT)
    await flow.finish(frame, done.result)


def _failed(frame: Frame, resource: Resource, failure: Failure) -> None:
    what = "TimedOut" if failure.error in (TIMEOUT, HEARTBEAT) else "Failed"
    _tell(frame, resource, what, error=failure.error, cause=failure.cause)


def _not_taken(frame: Frame, resource: Resource, failure: Failure) -> None:
    """The service was asked, and has not taken the work."""
    what = "SubmitFailed" if resource.pattern else "Failed"
    _tell(frame, resource, what, error=failure.error, cause=failure.cause)


# -- what is told from outside


async def started(run: Run, strand: Strand, worker: str | None) -> None:
    """A worker has taken the task of an activity."""
    frame = Frame(run, strand)
    _tell(frame, resource_of(frame), "Started", workerName=worker)
    run.changed(strand)


async def settle(run: Run, strand: Strand, how: Done | Failure) -> None:
    """The work that a strand waits for is done, submitted, or has failed."""

    async def told(frame: Frame) -> None:
        if isinstance(how, Failure):
            _failed(frame, resource_of(frame), how)
            raise how
        await _done(frame, how)

    await flow.step(Frame(run, strand), told)


async def refuse(run: Run, strand: Strand, failure: Failure) -> None:
    """The service has not taken the work that a strand asked for."""

    async def told(frame: Frame) -> None:
        _not_taken(frame, resource_of(frame), failure)
        raise failure

    await flow.step(Frame(run, strand), told)


kinds["Task"] = Kind(_begin)
