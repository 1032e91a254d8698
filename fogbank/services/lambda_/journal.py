"""The log of one execution environment: the platform's lines and the function's own, on their way to CloudWatch Logs.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.protocols.timestamps import iso8601_milliseconds
from fogbank.services.lambda_ import configurations, limits
from fogbank.services.lambda_.records import Function

if TYPE_CHECKING:
    from fogbank.services.lambda_.runtime.environments import Failure, Outcome
    from fogbank.services.lambda_.runtime.interface import Answered

log = logging.getLogger("fogbank.lambda")

# what CloudWatch Logs takes at once; a character is up to four bytes
_BATCH_BYTES = 1_048_576
_BATCH_EVENTS = 10_000
_EVENT_OVERHEAD = 26
_EVENT_CHARACTERS = 250_000

# A role that may not write logs is asked about again after so long.
_REFUSED_SECONDS = 10.0


class Journal:
    """`stream` is the name of its log stream. Events are (milliseconds, text) until they are flushed."""

    def __init__(self, scope: Context, function: Function) -> None:
        self._scope = scope.at()  # it is written beside what the function does
        self._function = function
        self._is_json = (function.config.get("LoggingConfig") or {}).get("LogFormat") == "JSON"
        day = time.strftime("%Y/%m/%d", time.gmtime(scope.now()))
        self.group = configurations.log_group(function)
        self.stream = f"{day}/[{function.version}]{scope.ids.hex(32)}"
        self._events: list[tuple[int, str]] = []
        self._request = ""
        self._tail: list[str] = []
        self._is_there = False
        self._refused_until = 0.0
        self._flushing: asyncio.Task[None] | None = None

    # -- what is written

    def write(self, text: str) -> None:
        """A message of the function."""
        self._add(text)

    def _add(self, text: str) -> None:
        self._events.append((int(self._scope.now() * 1000), text))
        self._tail.append(text)

    def _platform(self, kind: str, record: dict[str, Any], text: str) -> None:
        if not self._is_json:
            self._add(text)
            return
        moment = iso8601_milliseconds(self._scope.now())
        self._add(orjson.dumps({"time": moment, "type": f"platform.{kind}", "record": record}).decode())

    def note_init(self, runtime: str, version: str, note: str) -> None:
        arn = f"arn:aws:lambda:{self._scope.region}::runtime:{runtime}"
        record = {
            "initializationType": "on-demand",
            "phase": "init",
            "runtimeVersion": version,
            "runtimeVersionArn": arn,
            "functionName": self._function.name,
            "functionVersion": self._function.version,
        }
        self._platform(
            "initStart", record, f"INIT_START Runtime Version: {runtime}:{version}\tRuntime Version ARN: {arn}"
        )
        self._tail.clear()  # what follows comes with the answer
        if note:
            self._add(f"[WARNING] {note}")

    def note_failed_init(self, milliseconds: float, failure: Failure) -> None:
        text = f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: init\tStatus: {failure.status}"
        record = {
            "initializationType": "on-demand",
            "phase": "init",
            "status": failure.status,
            "metrics": {"durationMs": round(milliseconds, 3)},
        }
        if failure.status == "error":
            text += f"\tError Type: {failure.fault}"
            record["errorType"] = failure.fault
        self._platform("initReport", record, text)

    def begin(self, request_id: str, is_cold: bool) -> None:
        """The lines of an invocation follow; those of the initialisation belong to the first one."""
        self._request = request_id
        if not is_cold:
            self._tail = []

    def start(self, version: str) -> None:
        text = f"START RequestId: {self._request} Version: {version}"
        self._platform("start", {"requestId": self._request, "version": version}, text)

    def timed_out(self, seconds: float) -> None:
        if not self._is_json:
            self._add(
                f"{iso8601_milliseconds(self._scope.now())} {self._request} Task timed out after {seconds:.2f} seconds"
            )

    def ended(self, answered: Answered) -> None:
        """The process ended by itself, or was never there. What the runtime has told itself is in the log already."""
        document = orjson.loads(answered.payload)
        if not self._is_json and document["errorMessage"].startswith("RequestId: "):
            self._add(f"{document['errorMessage']}\n{document['errorType']}")

    def report(self, outcome: Outcome, memory: int, init_ms: float) -> None:
        billed = max(math.ceil(outcome.duration + init_ms), 1)
        used = min(outcome.memory, memory) if outcome.memory else 0
        metrics: dict[str, Any] = {
            "durationMs": round(outcome.duration, 3),
            "billedDurationMs": billed,
            "memorySizeMB": memory,
            "maxMemoryUsedMB": used,
        }
        if init_ms:
            metrics["initDurationMs"] = round(init_ms, 3)
        text = (
            f"REPORT RequestId: {self._request}\tDuration: {outcome.duration:.2f} ms\tBilled Duration: {billed} ms\t"
            f"Memory Size: {memory} MB\tMax Memory Used: {used} MB\t"
        )
        if init_ms:
            text += f"Init Duration: {init_ms:.2f} ms\t"
        if outcome.fault:
            text += f"Status: {outcome.status}"
        if outcome.fault and outcome.status == "error":
            text += f"\tError Type: {outcome.fault}"
        if not self._is_json:
            self._add(f"END RequestId: {self._request}")
        record = {"requestId": self._request, "metrics": metrics, "status": outcome.status}
        if outcome.fault and outcome.status == "error":
            record["errorType"] = outcome.fault
        self._platform("report", record, text)

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
