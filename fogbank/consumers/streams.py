"""Reading a stream: a reader for each shard, batch after batch, in order, with a checkpoint after each.

A child is read when its parents have been read to their ends. What fails is tried again, in halves if it is so wished, until it is too
old or has been tried often enough: then it is given up, and told to whoever wants to know. A shard waits for its batch: order is kept.
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

from fogbank.consumers.positions import ENDED, Position, position_of
from fogbank.consumers.settings import BATCH_BYTES, Batch, Handle, Passes, Settings, Verdict, Window, let_all
from fogbank.consumers.shards import Item, Shard, Stream
from fogbank.kernel import AWSError
from fogbank.kernel.context import Watch
from fogbank.protocols.timestamps import iso8601_milliseconds

log = logging.getLogger("fogbank.consumers")

_LOOK_SECONDS = 10.0
# Where checkpoints say since when a reader that began at the end has read.
_SINCE = "since"
# They expire after five minutes (Kinesis), or fifteen (DynamoDB).
_ITERATOR_SECONDS = 240.0
_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


class Checkpoints(Protocol):
    """Where the positions of readers are kept: texts, see `positions`."""

    async def load(self, shard: str) -> str | None: ...

    async def save(self, shard: str, position: str) -> None: ...


class GivenUp(NamedTuple):
    """Records that were not handled. `reason` is AWS's: RetryAttemptsExhausted, RecordAgeExceeded."""

    reason: str
    shard: str
    items: list[Item]
    attempts: int

    def batch_info(self, stream: str) -> dict[str, Any]:
        """Where the records are in the stream of that ARN, as the letters about them say it.

        https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
        """
        first, last = self.items[0], self.items[-1]
        member = "KinesisBatchInfo" if stream.split(":")[2] == "kinesis" else "DDBStreamBatchInfo"
        return {
            member: {
                "shardId": self.shard,
                "startSequenceNumber": first.sequence,
                "endSequenceNumber": last.sequence,
                "approximateArrivalOfFirstRecord": iso8601_milliseconds(first.at),
                "approximateArrivalOfLastRecord": iso8601_milliseconds(last.at),
                "batchSize": len(self.items),
                "streamArn": stream,
            }
        }


GiveUp = Callable[[GivenUp], Awaitable[None]]


class StreamConsumer:
    """`give_up` is told of records that are given up."""

    def __init__(
        self,
        stream: Stream,
        settings: Settings,
        checkpoints: Checkpoints,
        handle: Handle,
        give_up: GiveUp,
        passes: Passes = let_all,
    ) -> None:
        self.stream = stream
        self.settings = settings
        self.checkpoints = checkpoints
        self.handle = handle
        self.give_up = give_up
        self.passes = passes
        self.since = 0.0
        """Records that are older are not for us (epoch seconds)."""
        self._readers: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Go on until cancelled."""
        is_new = await self._is_new()
        try:
            with self.stream.scope.watch(*self.stream.topic) as watch:
                while True:
                    await self._look(watch, is_new)
                    is_new = False
                    self._raise_defects()
                    await watch.wait(timeout=_LOOK_SECONDS)
        finally:
            for reader in self._readers.values():
                reader.cancel()
            await asyncio.gather(*self._readers.values(), return_exceptions=True)

    async def _is_new(self) -> bool:
        """Whether it begins only now, at the end of the stream; when that was holds on, also after a restart."""
        if self.settings.starting != "LATEST":
            return False
        since = await self.checkpoints.load(_SINCE)
        self.since = float(since) if since else self.stream.scope.now()
        if not since:
            await self.checkpoints.save(_SINCE, str(self.since))
        return not since

    def _raise_defects(self) -> None:
        for name, reader in list(self._readers.items()):
            if reader.done():
                del self._readers[name]
                reader.result()

    async def _look(self, watch: Watch, is_new: bool) -> None:
        """Begin to read shards that nobody reads yet, and whose parents have been read; `watch` wakes when one was.

        Shards that are no more are not read on. With `is_new`, what is in the shards already is passed over.
        """
        try:
            shards = await self.stream.shards()
        except AWSError as error:  # the stream is gone, or closed to us
            log.info("cannot read %s: %s", self.stream.arn, error)
            return
        there = {shard.id for shard in shards}
        for gone in self._readers.keys() - there:
            self._readers.pop(gone).cancel()
        for shard in shards:
            if shard.id in self._readers or await self.checkpoints.load(shard.id) == ENDED:
                continue
            parents = [parent for parent in shard.parents if parent in there]
            if all([await self.checkpoints.load(parent) == ENDED for parent in parents]):
                reader = _Reader(self, shard, bool(parents), is_new, watch.wake)
                self._readers[shard.id] = asyncio.get_running_loop().create_task(reader.run())
                self._readers[shard.id].add_done_callback(lambda _: watch.wake())


class _Reader:
    """Reads one shard."""

    def __init__(
        self, consumer: StreamConsumer, shard: Shard, is_child: bool, is_new: bool, wake: Callable[[], None]
    ) -> None:
        self._consumer = consumer
        self._stream = consumer.stream
        self._settings = consumer.settings
        self._shard = shard.id
        self._is_child = is_child
        self._is_new = is_new
        self._wake = wake
        self._at = Position()

    async def run(self) -> None:
        pause = _PAUSE
        while True:
            try:
                await self._read_on()
                return
            except AWSError as error:  # closed to us, or an iterator that is too old
                log.info("cannot read %s of %s: %s", self._shard, self._stream.arn, error)
                self._wake()  # perhaps there are others in its place
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _read_on(self) -> None:
        """From the checkpoint to the end of the shard."""
        scope = self._stream.scope
        iterator: str | None = await self._begin()
        with scope.watch(*self._stream.topic) as watch:
            while iterator is not None:
                read_at = scope.now()
                items, following = await self._gather(iterator)
                if items:
                    await self._handle(items)
                elif following is not None:
                    await self._close_window(final=False)
                    await watch.wait(timeout=self._patience())
                is_old = following is not None and scope.now() - read_at > _ITERATOR_SECONDS
                iterator = await self._begin() if is_old else following
        await self._close_window(final=True)
        await self._move(ENDED)

    async def _begin(self) -> str:
        self._at = position_of(await self._consumer.checkpoints.load(self._shard))
        if self._at.sequence:
            return await self._stream.iterator(self._shard, "AFTER_SEQUENCE_NUMBER", self._at.sequence)
        kind = "TRIM_HORIZON" if self._is_child else self._settings.starting
        if kind == "LATEST" and not self._is_new:
            return await self._stream.since(self._shard, self._consumer.since)
        self._is_new = False
        at = self._settings.starting_at if kind == "AT_TIMESTAMP" else None
        return await self._stream.iterator(self._shard, kind, at=at)

    async def _move(self, sequence: str) -> None:
        """All up to there is handled."""
        self._at = self._at._replace(sequence=sequence)
        await self._consumer.checkpoints.save(self._shard, self._at.text)

    def _patience(self) -> float:
        """For how long nothing has to be done when there are no records."""
        window = self._at.window
        return _LOOK_SECONDS if window is None else min(window.end - self._stream.scope.now(), _LOOK_SECONDS)

    async def _gather(self, iterator: str) -> tuple[list[Item], str | None]:
        """The next batch, or as many as are handled in parallel; while the batching window is open, what comes in it."""
        scope, size = self._stream.scope, self._settings.batch_size * self._settings.parallel
        items: list[Item] = []
        end = None
        following: str | None = iterator
        with scope.watch(*self._stream.topic) as watch:
            while following is not None and len(items) < size and _bytes(items) < BATCH_BYTES:
                page = await self._stream.read(self._shard, following, size - len(items))
                following = page.iterator
                items += page.items
                if not items:
                    break
                if end is None:
                    end = scope.now() + self._settings.window
                if not page.items or not self._settings.window:
                    left = end - scope.now()
                    if left <= 0:
                        break
                    await watch.wait(timeout=left)
        return items, following

    # -- handling

    async def _handle(self, items: list[Item]) -> None:
        """Handle what was read, keys with the same hash in order, and move the checkpoint behind it."""
        if self._settings.tumbling:
            await self._in_windows(items)
            return
        await asyncio.gather(*(self._one_after_another(part) for part in self._parts(self._wanted(items))))
        await self._move(items[-1].sequence)

    def _wanted(self, items: list[Item]) -> list[Item]:
        since = int(self._consumer.since)  # tables tell only the second
        return [item for item in items if item.at >= since and self._consumer.passes(item.record)]

    def _parts(self, items: list[Item]) -> list[list[Item]]:
        parts: list[list[Item]] = [[] for _ in range(self._settings.parallel)]
        for item in items:
            parts[zlib.crc32(item.key.encode()) % len(parts)].append(item)
        return [part for part in parts if part]

    async def _one_after_another(self, items: list[Item]) -> None:
        size = self._settings.batch_size
        for start in range(0, len(items), size):
            await self._settle(items[start : start + size], 0)

    async def _settle(self, items: list[Item], attempts: int) -> None:
        """Handle a batch, again and again, until all of it is handled or given up. The end of a window has no records."""
        pause, is_end = _PAUSE, not items
        while True:
            items = await self._without_old(items, attempts)
            if not (items or is_end):
                return
            verdict = await self._consumer.handle(self._batch(items))
            self._remember(verdict)
            if verdict.is_good:
                return
            if not verdict.is_throttled:
                if self._settings.bisects and len(items) > 1 and not verdict.failed:
                    half = len(items) // 2
                    await self._settle(items[:half], attempts)  # which does not count as an attempt
                    await self._settle(items[half:], attempts)
                    return
                items, attempts = self._after(items, verdict, attempts + 1)
                if 0 <= self._settings.retries < attempts:
                    if items:
                        await self._consumer.give_up(GivenUp("RetryAttemptsExhausted", self._shard, items, attempts))
                    return
            await self._pause(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _after(self, items: list[Item], verdict: Verdict, attempts: int) -> tuple[list[Item], int]:
        """What is left of a batch of which the handler told what failed: all from the first failure on, with attempts anew."""
        failed = set(verdict.failed)
        first = next((index for index, item in enumerate(items) if item.sequence in failed), 0) if failed else 0
        return items[first:], attempts if first == 0 else 0

    async def _without_old(self, items: list[Item], attempts: int) -> list[Item]:
        if self._settings.age < 0:
            return items
        earliest = self._stream.scope.now() - self._settings.age
        old = [item for item in items if item.at < earliest]
        if old:
            await self._consumer.give_up(GivenUp("RecordAgeExceeded", self._shard, old, attempts))
        return [item for item in items if item.at >= earliest]

    async def _pause(self, seconds: float) -> None:
        """Wait in virtual time."""
        scope = self._stream.scope
        end = scope.now() + seconds
        with scope.watch("consumer-pause", self._stream.arn, self._shard) as watch:
            while (left := end - scope.now()) > 0:
                await watch.wait(timeout=left)

    def _batch(self, items: list[Item]) -> Batch:
        return Batch([item.record for item in items], self._shard, self._at.window)

    # -- tumbling windows: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html

    async def _in_windows(self, items: list[Item]) -> None:
        size = self._settings.batch_size
        start = 0
        while start < len(items):
            bounds = self._bounds(items[start].at)
            end = start
            while end < len(items) and end - start < size and self._bounds(items[end].at) == bounds:
                end += 1
            wanted = self._wanted(items[start:end])
            if self._at.window is not None and self._at.window.start != bounds[0]:
                await self._close_window(final=True)
            if wanted:
                self._see(self._at.window or Window(*bounds, {}, False))
                await self._settle(wanted, 0)
            await self._move(items[end - 1].sequence)
            start = end

    def _bounds(self, at: float) -> tuple[float, float]:
        length = self._settings.tumbling
        start = at // length * length
        return start, start + length

    def _see(self, window: Window | None) -> None:
        self._at = self._at._replace(window=window)

    def _remember(self, verdict: Verdict) -> None:
        """What the handler hands on to the next batch of the window."""
        window = self._at.window
        if window is not None and (verdict.is_good or verdict.state is not None):
            self._see(window._replace(state=verdict.state or {}))

    async def _close_window(self, final: bool) -> None:
        """Tell the handler that the window is over: when its time is, or when records of the next one, or no more, come."""
        window = self._at.window
        if window is None or not (final or self._stream.scope.now() >= window.end):
            return
        self._see(window._replace(is_final=True))
        await self._settle([], 0)
        self._see(None)
        if self._at.sequence:
            await self._move(self._at.sequence)


def _bytes(items: list[Item]) -> int:
    return sum(len(str(item.record)) for item in items)
