"""The Telemetry API of one execution environment, and the older Logs API: who wants to know gets events in batches.

PUT /2022-07-01/telemetry   https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html
PUT /2020-08-15/logs        https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html

Nothing is sent while the environment is frozen.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import orjson

from fogbank.gateway.exchange import Reply
from fogbank.http import Request, Response
from fogbank.services.lambda_.runtime.extensions import Extension, Extensions
from fogbank.services.lambda_.runtime.interface import JSON, refuse
from fogbank.services.lambda_.runtime.subscribing import API, Invalid, Wanted, wanted

Post = Callable[[str, dict[str, str], bytes], Awaitable[int]]

_RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
# What is kept for a subscriber that does not take it, in times of what it wants to buffer.
_KEPT = 2
_FALLEN_BEHIND = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."

log = logging.getLogger("fogbank.lambda")


class Event(NamedTuple):
    """`time` is ISO 8601. `kind` is `platform.<what>`, `function` or `extension`."""

    time: str
    kind: str
    record: Any


class Telemetry:
    """`post` sends a body by HTTP and gives the status of the answer; `now` is the time in ISO 8601.

    `tell` is told of subscriptions, as events of the platform.
    """

    def __init__(
        self, extensions: Extensions, post: Post, now: Callable[[], str], tell: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._extensions = extensions
        self._post = post
        self._now = now
        self._tell = tell
        self._subscriptions: dict[str, Subscription] = {}
        # Subscribers hear of what was before them, too, as long as the environment is initialised.
        self._early: list[Event] | None = []

    @property
    def is_heard(self) -> bool:
        return self._early is not None or bool(self._subscriptions)

    @property
    def is_sending(self) -> bool:
        return any(each.is_sending for each in self._subscriptions.values())

    def hear(self, event: Event) -> None:
        if self._early is not None:
            self._early.append(event)
        for each in self._subscriptions.values():
            each.hear(event)

    def initialised(self) -> None:
        """From now on nobody can subscribe."""
        self._early = None

    def hold(self) -> None:
        for each in self._subscriptions.values():
            each.may_send.clear()

    def go_on(self) -> None:
        for each in self._subscriptions.values():
            each.may_send.set()

    async def flush(self, seconds: float) -> None:
        """Send what there is, for at most so long."""
        sent = [asyncio.ensure_future(each.flush()) for each in self._subscriptions.values()]
        if sent:
            _, late = await asyncio.wait(sent, timeout=seconds)
            for each in late:
                each.cancel()

    def close(self) -> None:
        for each in self._subscriptions.values():
            each.close()

    # -- what is asked

    def handle(self, request: Request, reply: Reply) -> None:
        api = API.get(request.path.rstrip("/"))
        if api is None or request.method != "PUT":
            refuse(reply, 404, "NotFound", f"no such operation: {request.path}")
            return
        extension = self._extensions.sender(request, reply)
        if extension is None:
            return
        if self._early is None:
            refuse(reply, 403, f"{api}.SubscriptionClosed", f"{api} API subscription is closed already")
            return
        try:
            asked = wanted(api, request.payload.data or b"")
            self._subscribe(api, extension, asked)
        except Invalid as error:
            refuse(reply, 400, "ValidationError", str(error))
            return
        reply.send(Response(200, [JSON], b'"OK"'))

    def _subscribe(self, api: str, extension: Extension, asked: Wanted) -> None:
        """A second subscription of an extension replaces its first. Raises Invalid when that was one of the other API."""
        before = self._subscriptions.get(extension.identifier)
        if before is not None:
            if before.wanted.api != api:
                raise Invalid(f"extension {extension.name} is subscribed with the other API already")
            before.close()
        made = self._subscriptions[extension.identifier] = Subscription(asked, self._post, self._now)
        for event in self._early or ():
            made.hear(event)
        kind = "telemetrySubscription" if api == "Telemetry" else "logsSubscription"
        self._tell(kind, {"name": extension.name, "state": "Subscribed", "types": list(asked.types)})


class Subscription:
    """What one extension wants to know, and has not been sent yet."""

    def __init__(self, asked: Wanted, post: Post, now: Callable[[], str]) -> None:
        self.wanted = asked
        self.is_sending = False
        self.may_send = asyncio.Event()
        self.may_send.set()
        self._post = post
        self._now = now
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._dropped_records = self._dropped_bytes = 0
        self._something = asyncio.Event()
        self._enough = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._sending = asyncio.ensure_future(self._send_all())

    def hear(self, event: Event) -> None:
        if event.kind.partition(".")[0] not in self.wanted.types:
            return
        told = self.wanted.told(event.kind, event.record)
        for kind, record in told:
            self._add(orjson.dumps({"time": event.time, "type": kind, "record": record}))

    def _add(self, data: bytes) -> None:
        if self._size + len(data) > _KEPT * self.wanted.most_bytes:
            self._dropped_records += 1
            self._dropped_bytes += len(data)
            return
        self._waiting.append(data)
        self._size += len(data)
        self._something.set()
        self._empty.clear()
        if self._size >= self.wanted.most_bytes or len(self._waiting) >= self.wanted.most_items:
            self._enough.set()

    async def flush(self) -> None:
        self._enough.set()
        self.may_send.set()
        await self._empty.wait()

    def close(self) -> None:
        self._sending.cancel()

    # -- sending

    async def _send_all(self) -> None:
        while True:
            await self._something.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), self.wanted.seconds)
            await self.may_send.wait()
            self._enough.clear()
            await self._send(self._batch())
            if not self._waiting:
                self._something.clear()
                self._empty.set()

    def _batch(self) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        while self._waiting and len(batch) < self.wanted.most_items and size < self.wanted.most_bytes:
            batch.append(self._waiting.popleft())
            size += len(batch[-1])
        self._size -= size
        return batch

    async def _send(self, batch: list[bytes]) -> None:
        """Try until it is taken, or until it has been tried often enough: then it is dropped, and the next batch says so."""
        for pause in _RETRY_SECONDS:
            await self.may_send.wait()
            self.is_sending = True
            try:
                if await self._is_taken(batch):
                    self._tell_dropped()
                    return
            finally:
                self.is_sending = False
            await asyncio.sleep(pause)
        self._dropped_records += len(batch)
        self._dropped_bytes += sum(map(len, batch))

    def _tell_dropped(self) -> None:
        if not self._dropped_records:
            return
        record = {
            "droppedBytes": self._dropped_bytes,
            "droppedRecords": self._dropped_records,
            "reason": _FALLEN_BEHIND,
        }
        self._dropped_records = self._dropped_bytes = 0
        self._add(orjson.dumps({"time": self._now(), "type": "platform.logsDropped", "record": record}))

    async def _is_taken(self, batch: list[bytes]) -> bool:
        wanted = self.wanted
        try:
            if wanted.is_tcp:
                await _write(wanted.port, b"".join(each + b"\n" for each in batch))
                return True
            headers = {"Content-Type": "application/json", "Host": wanted.host}
            status = await self._post(wanted.url, headers, b"[" + b",".join(batch) + b"]")
        except OSError as error:
            log.debug("a listener of an extension does not answer: %s", error)
            return False
        return 200 <= status < 300


async def _write(port: int, data: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await writer.drain()
    finally:
        writer.close()
