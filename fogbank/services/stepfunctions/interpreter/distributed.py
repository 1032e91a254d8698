"""Distributed Map states: what is to be done, evaluated before anything is read.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.services.stepfunctions.interpreter.frame import ABSENT, Frame
from fogbank.services.stepfunctions.language.definition import processor
from fogbank.services.stepfunctions.language.failure import runtime
from fogbank.services.stepfunctions.language.paths import text_of

_NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_LABEL = 40


class Reader(msgspec.Struct):
    """Where items are read: `resource` is `getObject` or `listObjectsV2`, `config` the ReaderConfig."""

    resource: str
    arguments: dict[str, Any]
    config: dict[str, Any]


class Plan(msgspec.Struct):
    """A Map Run to be. `count` and `percentage` are the failures that are tolerated, None where the state does not say.

    batch    the most items and bytes of a child's input, and what comes with them; None without batches
    writer   bucket, prefix and configuration of the results' place; None when they stay here
    """

    label: str
    express: bool
    concurrency: int
    count: int | None
    percentage: float | None
    reader: Reader | None
    batch: tuple[int, int, Any] | None
    writer: dict[str, Any] | None


def plan(frame: Frame) -> Plan:
    """Raises Broken, Unresolved."""
    state, given = frame.state, frame.strand.input if frame.is_jsonata else frame.input()
    count, percentage = frame.number("ToleratedFailureCount", given), frame.number("ToleratedFailurePercentage", given)
    return Plan(
        state.get("Label") or _NOT_IN_LABELS.sub("", frame.strand.state)[:_LONGEST_LABEL] or "Map",
        processor(state)["ProcessorConfig"].get("ExecutionType") == "EXPRESS",
        int(frame.number("MaxConcurrency", given) or 0),
        None if count is None else int(count),
        None if percentage is None else float(percentage),
        _reader(frame, given),
        _batch(frame, given),
        _writer(frame, given),
    )


def _evaluated(frame: Frame, holder: dict[str, Any], given: Any, field: str) -> dict[str, Any]:
    """The Arguments, or the Parameters, of a field of the state."""
    if frame.is_jsonata:
        return dict(frame.evaluate(holder.get("Arguments") or {}, f"{field}/Arguments"))
    return dict(frame.fill(holder.get("Parameters") or {}, given))


def _reader(frame: Frame, given: Any) -> Reader | None:
    reader = frame.state.get("ItemReader")
    if reader is None:
        return None
    config = dict(reader.get("ReaderConfig") or {})
    limit = frame.number("MaxItems", given, config)
    if limit is not None:
        config["MaxItems"] = int(limit)
    action = str(reader["Resource"]).rpartition(":")[2]
    return Reader(action, _evaluated(frame, reader, given, "ItemReader"), config)


def _batch(frame: Frame, given: Any) -> tuple[int, int, Any] | None:
    batcher = frame.state.get("ItemBatcher")
    if batcher is None:
        return None
    items = frame.number("MaxItemsPerBatch", given, batcher) or 0
    size = frame.number("MaxInputBytesPerBatch", given, batcher) or 0
    common = batcher.get("BatchInput")
    if common is not None:
        common = frame.evaluate(common, "ItemBatcher/BatchInput") if frame.is_jsonata else frame.fill(common, given)
    return int(items), int(size), common


def _writer(frame: Frame, given: Any) -> dict[str, Any] | None:
    writer = frame.state.get("ResultWriter")
    if not writer:
        return None
    return {**_evaluated(frame, writer, given, "ResultWriter"), "config": dict(writer.get("WriterConfig") or {})}


# -- the inputs of the children


def selected(frame: Frame, items: list[Any]) -> list[Any]:
    """What ItemSelector makes of the items."""
    selector = frame.state.get("ItemSelector", frame.state.get("Parameters", ABSENT))
    if selector is ABSENT:
        return items
    strand, before, found = frame.strand, frame.strand.item, []
    given = None if frame.is_jsonata else frame.input()
    try:
        for place, item in enumerate(items):
            strand.item = {"Item": {"Index": place, "Value": item}}
            found.append(frame.evaluate(selector, "ItemSelector") if frame.is_jsonata else frame.fill(selector, given))
    finally:
        strand.item = before
    return found


def batched(plan: Plan, items: list[Any]) -> list[tuple[Any, int]]:
    """The inputs of the children, each with the number of items in it. Raises Broken for an item that is too large."""
    if plan.batch is None:
        return [(item, 1) for item in items]
    most, size, common = plan.batch
    head = {} if common is None else {"BatchInput": common}
    batches: list[list[Any]] = []
    room = 0
    for item in items:
        length = len(text_of(item)) + 1
        full = not batches or (most and len(batches[-1]) >= most) or (size and length > room)
        if full:
            batches.append([])
            room = size - len(text_of({**head, "Items": []}))
            if size and length > room:
                raise runtime("An item is larger than MaxInputBytesPerBatch.")
        batches[-1].append(item)
        room -= length
    return [({**head, "Items": batch}, len(batch)) for batch in batches]
