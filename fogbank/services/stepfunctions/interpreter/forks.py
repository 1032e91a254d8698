"""Parallel and Map states: strands side by side, and their results in order.

https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html, .../state-map.html
"""

from __future__ import annotations

from typing import Any

from fogbank.services.stepfunctions import limits
from fogbank.services.stepfunctions.interpreter import distributed, flow
from fogbank.services.stepfunctions.interpreter.frame import Frame, Kind, kinds
from fogbank.services.stepfunctions.interpreter.strand import FORKED, Fork, Strand
from fogbank.services.stepfunctions.language import templates
from fogbank.services.stepfunctions.language.definition import is_distributed
from fogbank.services.stepfunctions.language.failure import runtime

_RESULT, _ITEM = "result", "item"


# -- Parallel


async def _parallel(frame: Frame) -> None:
    given, branches = frame.arguments(), len(frame.state["Branches"])
    frame.run.event(frame.strand, "ParallelStateStarted")
    frame.strand.phase, frame.strand.fork = FORKED, Fork(branches, branches)
    frame.strand.arguments = given
    await _start_more(frame)


# -- Map


async def _map(frame: Frame) -> None:
    if is_distributed(frame.state):
        await _distribute(frame)
        return
    items, strand = items_of(frame), frame.strand
    limit = int(frame.number("MaxConcurrency", strand.input) or limits.INLINE_CONCURRENCY)
    strand.phase, strand.fork = FORKED, Fork(len(items), min(limit, limits.INLINE_CONCURRENCY))
    strand.arguments = None if frame.is_jsonata else frame.input()
    frame.run.event(strand, "MapStateStarted", {"length": len(items)})
    for place, item in enumerate(items):
        frame.run.put_value(strand, _ITEM, place, item)
    if items:
        await _start_more(frame)
    else:
        await _succeeded(frame)


async def _distribute(frame: Frame) -> None:
    plan = distributed.plan(frame)
    inputs = None
    if plan.reader is None:
        inputs = distributed.batched(plan, distributed.selected(frame, items_of(frame)))
    frame.strand.phase = FORKED
    frame.run.event(frame.strand, "MapStateStarted", {"length": 0 if inputs is None else len(inputs)})
    await frame.run.map_run(frame.strand, plan, inputs)


def items_of(frame: Frame) -> list[Any]:
    """The items of a Map. Raises Broken when there is no list of them."""
    if frame.is_jsonata:
        given = frame.state.get("Items")
        found = frame.strand.input if given is None else frame.evaluate(given, "Items")
    else:
        path = frame.state.get("ItemsPath", "$")
        found = templates.select(path, frame.scope(frame.input()), frame.run.draw)
    if not isinstance(found, list):
        raise runtime(f'Reference path "{frame.state.get("ItemsPath", "$")}" must point to array.')
    return found


async def _selected(frame: Frame, place: int) -> Any:
    """The input of an iteration."""
    strand = frame.strand
    item = await frame.run.value(strand, _ITEM, place)
    before = strand.item
    strand.item = {"Item": {"Index": place, "Value": item}}
    selector = frame.state.get("ItemSelector", frame.state.get("Parameters"))
    try:
        if selector is None:
            return item
        return frame.evaluate(selector, "ItemSelector") if frame.is_jsonata else frame.fill(selector, strand.arguments)
    finally:
        strand.item = before


# -- what both have in common


async def _start_more(frame: Frame) -> None:
    """Begin as many strands as may run at a time."""
    strand, fork = frame.strand, frame.strand.fork
    assert fork is not None
    while fork.started < fork.total and len(fork.running) < fork.limit:
        place = fork.started
        child = await (_iteration if frame.kind == "Map" else _branch)(frame, place)
        fork.started += 1
        fork.running.append(child.number)
        frame.run.changed(child)
        frame.run.ready.append(child.number)
    frame.run.changed(strand)


async def _branch(frame: Frame, place: int) -> Strand:
    strand = frame.strand
    path = [*strand.path, strand.state, str(place)]
    return _child(frame, place, path, strand.arguments, strand.item)


async def _iteration(frame: Frame, place: int) -> Strand:
    strand = frame.strand
    given = await _selected(frame, place)
    item = {"Item": {"Index": place, "Value": await frame.run.value(strand, _ITEM, place)}}
    child = _child(frame, place, [*strand.path, strand.state, ""], given, item)
    frame.run.event(child, "MapIterationStarted", {"name": strand.state, "index": place})
    return child


def _child(frame: Frame, place: int, path: list[str], given: Any, item: dict[str, Any] | None) -> Strand:
    strand, run = frame.strand, frame.run
    return run.new_strand(
        parent=strand.number,
        place=place,
        path=path,
        state=run.definition.machine(tuple(path))["StartAt"],
        input=given,
        variables=strand.variables,
        item=item,
        last=strand.last,
    )


async def _joined(frame: Frame, child: Strand, output: Any) -> None:
    run, strand, fork = frame.run, frame.strand, frame.strand.fork
    assert fork is not None
    if frame.kind == "Map":
        run.event(child, "MapIterationSucceeded", {"name": strand.state, "index": child.place})
    run.put_value(strand, _RESULT, child.place, output)
    fork.running.remove(child.number)
    fork.done += 1
    last = child.last
    await run.drop(child)
    if fork.done == fork.total:
        strand.last = last
        await _succeeded(frame)
    else:
        await _start_more(frame)


async def _succeeded(frame: Frame) -> None:
    run, strand, fork = frame.run, frame.strand, frame.strand.fork
    assert fork is not None
    results = [await run.value(strand, _RESULT, place) for place in range(fork.total)]
    run.event(strand, f"{frame.kind}StateSucceeded", advances=False)
    strand.fork = None
    await run.clear(strand)
    await flow.finish(frame, results)


def _parted(frame: Frame, child: Strand) -> None:
    if frame.kind == "Map":
        about = {"name": frame.strand.state, "index": child.place}
        frame.run.event(child, "MapIterationFailed", about, advances=False)


async def map_run_ended(frame: Frame, result: Any) -> None:
    """The Map Run of a distributed Map is over, with success."""
    frame.run.event(frame.strand, "MapRunSucceeded", advances=False)
    frame.run.event(frame.strand, "MapStateSucceeded", advances=False)
    await flow.finish(frame, result)


kinds["Parallel"] = Kind(_parallel, joined=_joined, parted=_parted)
kinds["Map"] = Kind(_map, joined=_joined, parted=_parted)
