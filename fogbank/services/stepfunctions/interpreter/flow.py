"""From state to state: entering and leaving them, retrying and catching what fails, and the end."""

from __future__ import annotations

from typing import Any

from fogbank.services.stepfunctions.interpreter.frame import ABSENT, Begin, Frame, kinds
from fogbank.services.stepfunctions.interpreter.run import FAILED, SUCCEEDED, HistoryFull, Run
from fogbank.services.stepfunctions.interpreter.strand import ENDED, READY, WAITING, Outcome, Strand
from fogbank.services.stepfunctions.language.failure import RUNTIME, Broken, Failure, Unresolved
from fogbank.services.stepfunctions.language.paths import text_of

_NOT_CUT = {"truncated": False}
_LONGEST_CAUSE = 32768
_HANDLING = ("Task", "Parallel", "Map")


async def proceed(run: Run, steps: int = 1000) -> None:
    """Go on with the strands that are ready until all of them wait, or so many steps are done."""
    while run.ready and run.outcome is None and steps > 0:
        steps -= 1
        strand = await run.strand(run.ready.popleft())
        if strand is not None and strand.phase == READY:
            await step(Frame(run, strand), _begin)


async def step(frame: Frame, do: Begin) -> None:
    """Do something in a state; what fails is the state's failure."""
    run, strand = frame.run, frame.strand
    try:
        try:
            await do(frame)
        except Failure as failure:
            await fail(frame, failure)
    except HistoryFull:
        await run.overflow(strand)
    run.changed(strand)


async def _begin(frame: Frame) -> None:
    strand, run = frame.strand, frame.run
    if not strand.again:
        strand.entered = run.now()
        strand.attempt += 1
        strand.retried = []
        strand.token = ""
        details = {"name": strand.state, "input": text_of(strand.input), "inputDetails": _NOT_CUT}
        strand.event = run.event(strand, f"{frame.kind}StateEntered", details)
    strand.again = False
    await kinds[frame.kind].begin(frame)


async def wake(run: Run, strand: Strand) -> None:
    """The moment has come that a strand waited for."""
    frame = Frame(run, strand)
    strand.attempt += 1
    woken = kinds[frame.kind].woken
    if woken is not None:
        await step(frame, woken)
    else:
        _ready(run, strand, again=True)


def _ready(run: Run, strand: Strand, again: bool = False) -> None:
    strand.phase, strand.again = READY, again
    run.changed(strand)
    run.ready.append(strand.number)


# -- leaving a state


async def finish(frame: Frame, result: Any) -> None:
    """The state has a result: leave it."""
    output = frame.output(result)
    states = {"result": result} if frame.is_jsonata else {}
    await leave(frame, output, frame.assigned(frame.state.get("Assign"), result, **states), frame.state.get("Next"))


async def leave(frame: Frame, output: Any, assigned: dict[str, Any], following: str | None) -> None:
    """Go on to the state `following`; without one the strand ends."""
    strand, run = frame.strand, frame.run
    details: dict[str, Any] = {"name": strand.state, "output": frame.bounded(output), "outputDetails": _NOT_CUT}
    if assigned:
        details["assignedVariables"] = {name: text_of(value) for name, value in assigned.items()}
        details["assignedVariablesDetails"] = _NOT_CUT
        strand.variables = {**strand.variables, **assigned}
    run.event(strand, f"{frame.kind}StateExited", details)
    if run.trace is not None:
        run.trace.state(strand, run.now())
    strand.arguments, strand.map_run = None, ""
    if following is None:
        await end(run, strand, output)
        return
    strand.state, strand.input = following, output
    _ready(run, strand)


async def end(run: Run, strand: Strand, output: Any) -> None:
    """A strand has come to its end: so has the execution, or a part of what its parent waits for."""
    if strand.parent < 0:
        await run.end(strand, Outcome(SUCCEEDED, text_of(output)))
        return
    parent = await run.strand(strand.parent)
    assert parent is not None
    frame = Frame(run, parent)
    joined = kinds[frame.kind].joined
    assert joined is not None
    strand.phase = ENDED
    await step(frame, lambda frame: joined(frame, strand, output))


# -- what fails


async def fail(frame: Frame, failure: Failure) -> None:
    """Try the state again, go on where its catcher says, or give the strand up."""
    strand = frame.strand
    if isinstance(failure, (Broken, Unresolved)):
        failure = _told(frame, failure)
    frame.run.failure = failure
    strand.attempt += 1
    await frame.run.settled(strand)
    if failure.error == RUNTIME:
        if frame.run.trace is not None:
            frame.run.trace.state(strand, frame.run.now(), failure)
        await _fail_all(frame.run, strand, failure)
        return
    try:
        if await _retries(frame, failure) or await _catches(frame, failure):
            return
    except Failure as other:  # the catcher itself fails
        failure = _told(frame, other)
    await _give_up(frame.run, strand, failure)


def _told(frame: Frame, failure: Failure) -> Failure:
    strand = frame.strand
    where = f"An error occurred while executing the state '{strand.state}' (entered at the event id #{strand.event}). "
    cause = (where + (failure.cause or ""))[:_LONGEST_CAUSE]
    if isinstance(failure, Unresolved):
        details = {"error": failure.error, "cause": cause, "location": failure.location[:256], "state": strand.state}
        frame.run.event(strand, "EvaluationFailed", details)
    return Failure(failure.error, cause)


async def _fail_all(run: Run, strand: Strand, failure: Failure) -> None:
    strand.phase = ENDED
    await run.end(strand, Outcome(FAILED, None, failure.error, failure.cause))


async def _retries(frame: Frame, failure: Failure) -> bool:
    found = retry(frame, failure)
    if found is None:
        return False
    place, delay = found
    strand = frame.strand
    strand.retried += [0] * (place + 1 - len(strand.retried))
    strand.retried[place] += 1
    await drop_fork(frame.run, strand)
    strand.phase, strand.again = WAITING, True
    await frame.run.wake(strand, frame.run.now() + delay)
    return True


def retry(frame: Frame, failure: Failure) -> tuple[int, float] | None:
    """Which retrier has the state tried again, and in how many seconds."""
    if frame.kind not in _HANDLING:
        return None
    for place, retrier in enumerate(frame.state.get("Retry") or ()):
        if failure.is_named(retrier["ErrorEquals"]):
            before = frame.strand.retried[place] if place < len(frame.strand.retried) else 0
            if before >= retrier.get("MaxAttempts", 3):
                return None
            return place, _delay(frame, retrier, before)
    return None


def _delay(frame: Frame, retrier: dict[str, Any], before: int) -> float:
    """Seconds, ever more of them."""
    delay = float(retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** min(before, 100))
    delay = min(delay, retrier.get("MaxDelaySeconds", 31622400))
    return frame.run.draw.random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay


async def _catches(frame: Frame, failure: Failure) -> bool:
    place = catcher(frame, failure)
    if place is None:
        return False
    await drop_fork(frame.run, frame.strand)
    output, assigned = caught(frame, failure, place)
    await leave(frame, output, assigned, frame.state["Catch"][place]["Next"])
    return True


def catcher(frame: Frame, failure: Failure) -> int | None:
    """Which catcher is for it."""
    if frame.kind not in _HANDLING:
        return None
    catchers = frame.state.get("Catch") or ()
    return next((place for place, each in enumerate(catchers) if failure.is_named(each["ErrorEquals"])), None)


def caught(frame: Frame, failure: Failure, place: int) -> tuple[Any, dict[str, Any]]:
    """The output and the variables that a catcher makes of a failure."""
    given, error = frame.state["Catch"][place], failure.output
    if not frame.is_jsonata:
        return frame.placed(given.get("ResultPath", "$"), error), frame.assigned(given.get("Assign"), error)
    output = given.get("Output", ABSENT)
    shown = error if output is ABSENT else frame.evaluate(output, f"Catch[{place}]/Output", errorOutput=error)
    return shown, frame.assigned(given.get("Assign"), error, f"Catch[{place}]/Assign", errorOutput=error)


async def _give_up(run: Run, strand: Strand, failure: Failure) -> None:
    """The strand ends without success: so does its parent's state, or the execution."""
    if run.trace is not None:
        run.trace.state(strand, run.now(), failure)
    strand.phase = ENDED
    run.changed(strand)
    parent = await run.strand(strand.parent) if strand.parent >= 0 else None
    if parent is None:
        await _fail_all(run, strand, failure)
        return
    frame = Frame(run, parent)
    parted = kinds[frame.kind].parted
    assert parted is not None and parent.fork is not None
    parent.last = strand.last
    parted(frame, strand)
    await abort_fork(run, parent)
    run.event(parent, f"{frame.kind}StateFailed", advances=False)
    run.changed(parent)
    await fail(frame, failure)


async def abort_fork(run: Run, strand: Strand) -> None:
    """Have the strands that are still on their way stop where they are; they are kept, as the execution may be redriven."""
    for number in strand.fork.running if strand.fork is not None else ():
        child = await run.strand(number)
        if child is None or child.phase == ENDED:
            continue
        await abort_fork(run, child)
        await run.settled(child)
        frame = Frame(run, child)
        child.phase, child.attempt = ENDED, child.attempt + 1
        if frame.kind in (*_HANDLING, "Wait") and child.event:
            run.event(child, f"{frame.kind}StateAborted", advances=False)
        run.changed(child)


async def drop_fork(run: Run, strand: Strand) -> None:
    """Forget the strands of a Parallel or a Map."""
    if strand.fork is None:
        return
    for number in strand.fork.running:
        child = await run.strand(number)
        if child is not None:
            await drop_fork(run, child)
            await run.drop(child)
    strand.fork = None
    await run.clear(strand)
