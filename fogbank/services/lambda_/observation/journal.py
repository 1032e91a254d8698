"""The log of one execution environment: the platform's lines and the function's own, on their way to CloudWatch Logs.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.protocols.timestamps import iso8601_milliseconds
from fogbank.services.lambda_ import limits
from fogbank.services.lambda_.function import configurations
from fogbank.services.lambda_.observation import lines
from fogbank.services.lambda_.records import Function

log = logging.getLogger("fogbank.lambda")

# what CloudWatch Logs takes at once; a character is up to four bytes
_BATCH_BYTES = 1_048_576
_BATCH_EVENTS = 10_000
_EVENT_OVERHEAD = 26
_EVENT_CHARACTERS = 250_000

# What is written within so many seconds goes together: a busy environment ends a hundred invocations in one.
_GATHERED_SECONDS = 0.1
# A role that may not write logs is asked about again after so long.
_REFUSED_SECONDS = 10.0


class Journal:
    """`stream` is the name of its log stream. Events are (milliseconds, text) until they are flushed."""

    def __init__(self, scope: Context, function: Function) -> None:
        self._scope = scope.at()  # it is written beside what the function does
        self._function = function
        settings = function.config.get("LoggingConfig") or {}
        self._is_json = settings.get("LogFormat") == "JSON"
        self._least = lines.LEVELS.index(settings.get("SystemLogLevel", "INFO"))
        self.is_verbose = self._is_json
        day = time.strftime("%Y/%m/%d", time.gmtime(scope.now()))
        self.group = configurations.log_group(function)
        self.stream = f"{day}/[{function.version}]{scope.ids.hex(32)}"
        self._events: list[tuple[int, str]] = []
        self._tail: list[str] = []
        self._is_first = True
        self._is_there = False
        self._refused_until = 0.0
        self._flushing: asyncio.Task[None] | None = None

    # -- what is written

    def now(self) -> float:
        return self._scope.now()

    def write(self, text: str) -> Any:
        """A message of the function, or of an extension. Returns it as it is told: an object, if it is one in JSON."""
        self._add(text)
        return _object(text) if self._is_json and text.startswith("{") else text

    def remark(self, text: str) -> None:
        """Something that only logs in plain text say."""
        if text and not self._is_json:
            self._add(text)

    def platform(self, kind: str, record: dict[str, Any]) -> None:
        """An event of the platform: a line of plain text where it has one, or a document if its level is high enough."""
        if kind == "start":
            self._begin()
        elif kind == "restoreStart":
            self._tail.clear()
        if not self._is_json:
            for text in lines.texts(kind, record):
                self._add(text)
        elif lines.level(kind, record) >= self._least:
            moment = iso8601_milliseconds(self._scope.now())
            self._add(orjson.dumps({"time": moment, "type": f"platform.{kind}", "record": record}).decode())
        if kind == "initStart" and record["phase"] == "init":
            self._tail.clear()  # what follows comes with the answer
        elif kind == "initReport" and record["initializationType"] != "on-demand":
            self._tail.clear()  # it was no part of an invocation

    def _begin(self) -> None:
        """The lines of an invocation follow; those of the initialisation belong to the first one."""
        if not self._is_first:
            self._tail = []
        self._is_first = False

    def _add(self, text: str) -> None:
        self._events.append((int(self._scope.now() * 1000), text))
        self._tail.append(text)

    def tail(self) -> bytes:
        """The last 4 KB of the invocation's log."""
        return ("\n".join(self._tail) + "\n").encode()[-limits.LOG_TAIL_BYTES :]

    # -- to CloudWatch Logs

    def flush(self) -> None:
        """Send what there is, soon and without anybody waiting for it."""
        if self._events and (self._flushing is None or self._flushing.done()):
            self._flushing = asyncio.ensure_future(self._flush())
            self._scope.app.requests.add(self._flushing)
            self._flushing.add_done_callback(self._scope.app.requests.discard)

    async def _flush(self) -> None:
        while self._events:
            await asyncio.sleep(_GATHERED_SECONDS)
            await self.close()

    async def close(self) -> None:
        """Send what there is, now."""
        while self._events:
            events, self._events = self._events, []
            try:
                await self._scope.transact(self._put, events)
            except AWSError as error:
                # as on AWS: a role that may not write logs has none
                log.info("no log of %s: %s", self._function.name, error)
                self._refused_until = self._scope.now() + _REFUSED_SECONDS
            except Exception:
                log.exception("the log of %s is lost", self._function.name)

    async def _put(self, events: list[tuple[int, str]]) -> None:
        """With the permissions of the execution role, as on AWS."""
        if self._scope.now() < self._refused_until:
            return
        place = {"logGroupName": self.group, "logStreamName": self.stream}
        if not self._is_there:
            # a role that may not make groups can write to one that is there
            await self._make("CreateLogGroup", {"logGroupName": self.group}, "AccessDeniedException")
            await self._make("CreateLogStream", place)
            self._is_there = True
        for batch in _batches(events):
            await self._call("PutLogEvents", {**place, "logEvents": batch})

    async def _make(self, operation: str, request: dict[str, Any], *passed_over: str) -> None:
        """Make it unless it is there. Refusals with those codes are passed over."""
        try:
            await self._call(operation, request)
        except AWSError as error:
            if error.code not in ("ResourceAlreadyExistsException", *passed_over):
                raise

    async def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return await self._scope.call("logs", operation, request, role=self._function.role)


def _object(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _batches(events: list[tuple[int, str]]) -> Iterator[list[dict[str, Any]]]:
    """The events in order of time, as many at once as CloudWatch Logs takes. A long text is several events."""
    batch: list[dict[str, Any]] = []
    size = 0
    for moment, text in sorted(events, key=lambda event: event[0]):
        for start in range(0, len(text), _EVENT_CHARACTERS):
            part = text[start : start + _EVENT_CHARACTERS]
            cost = len(part.encode()) + _EVENT_OVERHEAD
            if batch and (size + cost > _BATCH_BYTES or len(batch) == _BATCH_EVENTS):
                yield batch
                batch, size = [], 0
            batch.append({"timestamp": moment, "message": part})
            size += cost
    if batch:
        yield batch
