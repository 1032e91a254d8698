"""Readers of streams: what holds whatever the records, the settings and the moment at which the server is killed."""

import asyncio
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fogbank.consumers.positions import ENDED
from fogbank.consumers.settings import GOOD, Settings, Verdict
from fogbank.consumers.shards import Item, Page, Shard, Stream
from fogbank.consumers.streams import StreamConsumer

WINDOW = 10.0


class Scope:
    """Time passes while somebody waits."""

    def __init__(self):
        self.time = 1000.0

    def now(self):
        return self.time

    @contextmanager
    def watch(self, *topic):
        yield self

    async def wait(self, timeout):
        self.time += min(timeout, 1.0)
        await asyncio.sleep(0)
        return False

    def wake(self):
        pass


class Log(Stream):
    """Shards by name, each the child of the one before; they have ended unless they are `open`."""

    topic = ("log",)

    def __init__(self, shards, is_open=False):
        super().__init__(Scope(), "arn:aws:kinesis:us-east-1:123456789012:stream/log")
        self.records = shards
        self.is_open = is_open

    async def shards(self):
        names = list(self.records)
        return [Shard(name, tuple(names[index - 1 : index])) for index, name in enumerate(names)]

    async def iterator(self, shard, kind, sequence="", at=None):
        sequences = [each.sequence for each in self.records[shard]]
        if kind == "LATEST":
            return str(len(sequences))
        return str(sequences.index(sequence) + 1 if sequence else 0)

    async def since(self, shard, at):
        return "0"

    async def read(self, shard, iterator, limit):
        start, items = int(iterator), self.records[shard]
        found = items[start : start + limit]
        end = start + len(found)
        return Page(found, str(end) if end < len(items) or self.is_open else None)


class Reading:
    """Reads a log to its end with a handler that fails with bad records, and is killed once, at an invocation or before it is noted."""

    def __init__(self, log, options, killed_at=0):
        self.log, self.options = log, options
        self.left = killed_at
        self.is_killed = False
        self.kept, self.batches, self.handled, self.given_up = {}, [], [], []

    def run(self):
        async def reading():
            while self.kept.get(list(self.log.records)[-1]) != ENDED:
                consumer = StreamConsumer(self.log, self.options, self, self.handle, self.give_up)
                work = asyncio.ensure_future(consumer.run())
                while not (work.done() or self.is_killed or self.kept.get(list(self.log.records)[-1]) == ENDED):
                    await asyncio.sleep(0)
                self.is_killed = False
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work

        asyncio.run(asyncio.wait_for(reading(), 30))
        return self

    async def _live(self):
        self.left -= 1
        if self.left == 0:
            self.is_killed = True
            await asyncio.Event().wait()

    async def load(self, shard):
        return self.kept.get(shard)

    async def save(self, shard, position):
        await self._live()
        self.kept[shard] = position

    async def give_up(self, given):
        self.given_up += [item.record for item in given.items]

    async def handle(self, batch):
        await self._live()
        self.batches.append(batch)
        bad = [record["name"] for record in batch.records if record["is_bad"]]
        if bad and self.options.reports_failures:
            before = [record["name"] for record in batch.records].index(bad[0])
            self.handled += batch.records[:before]
            return Verdict(tuple(bad))
        if bad:
            return Verdict(error="bad")
        self.handled += batch.records
        return self.noted(batch)

    def noted(self, batch):
        if batch.window is None:
            return GOOD
        return Verdict(state={"n": batch.window.state.get("n", 0) + len(batch.records)})


def items(shard, records):
    found = []
    for index, (key, is_bad, at) in enumerate(records):
        record = {"name": f"{shard}-{index:03}", "key": key, "is_bad": is_bad, "at": at}
        found.append(Item(record["name"], key, at, record))
    return found


RECORD = st.tuples(st.sampled_from("abc"), st.sampled_from([False, False, False, True]), st.just(1000.0))
SHARDS = st.lists(st.lists(RECORD, max_size=12), min_size=1, max_size=3)
OPTIONS = st.builds(
    lambda **given: Settings(**given),
    batch_size=st.integers(1, 5),
    parallel=st.integers(1, 3),
    retries=st.integers(0, 2),
    bisects=st.booleans(),
    reports_failures=st.booleans(),
)


def log_of(shards, **options):
    return Log({f"s{index}": items(f"s{index}", records) for index, records in enumerate(shards)}, **options)


@settings(max_examples=60, deadline=None)
@given(SHARDS, OPTIONS, st.integers(0, 12))
def test_every_record_is_handled_or_given_up_and_keys_stay_in_order(shards, options, killed_at):
    log = log_of(shards)
    reading = Reading(log, options, killed_at).run()
    every = [item.record for records in log.records.values() for item in records]
    handled = {record["name"] for record in reading.handled}
    given_up = {record["name"] for record in reading.given_up}
    assert handled | given_up == {record["name"] for record in every}
    assert not any(record["is_bad"] for record in reading.handled)
    assert all(1 <= len(batch.records) <= options.batch_size for batch in reading.batches)
    for key in "abc":
        first = list(dict.fromkeys(record["name"] for record in reading.handled if record["key"] == key))
        assert first == sorted(first)


@settings(max_examples=30, deadline=None)
@given(SHARDS, OPTIONS)
def test_halving_gives_up_bad_records_only(shards, options):
    log = log_of(shards)
    reading = Reading(log, options._replace(bisects=True, reports_failures=False)).run()
    assert all(record["is_bad"] for record in reading.given_up)
    counts = Counter(record["name"] for record in reading.handled)
    assert all(count == 1 for count in counts.values())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 4)), min_size=1, max_size=15),
    st.integers(1, 5),
    st.integers(0, 12),
)
def test_each_tumbling_window_ends_once_with_what_was_in_it(steps, size, killed_at):
    records, at = [], 1000.0
    for key, step in steps:
        at += step
        records.append((key, False, at))
    reading = Reading(log_of([records]), Settings(size, tumbling=WINDOW, retries=0), killed_at).run()
    ends = defaultdict(set)
    for batch in reading.batches:
        assert len(batch.records) <= size
        assert bool(batch.records) != batch.window.is_final
        assert all(batch.window.start <= record["at"] < batch.window.end for record in batch.records)
        if batch.window.is_final:
            ends[batch.window.start].add(batch.window.state.get("n"))
    wanted = Counter(at // WINDOW * WINDOW for _, _, at in records)
    assert ends == {start: {count} for start, count in wanted.items()}


def test_a_window_ends_with_its_time_though_nothing_comes():
    log = log_of([[("a", False, 1000.0)]], is_open=True)
    reading = Reading(log, Settings(5, tumbling=WINDOW))

    async def until_final():
        consumer = StreamConsumer(log, reading.options, reading, reading.handle, reading.give_up)
        work = asyncio.ensure_future(consumer.run())
        while not any(batch.window.is_final for batch in reading.batches):
            await asyncio.sleep(0)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(asyncio.wait_for(until_final(), 30))
    assert [batch.window.state for batch in reading.batches] == [{}, {"n": 1}]


def test_a_handler_that_fails_at_the_end_of_a_window_is_asked_again_and_given_up():
    log = log_of([[("a", False, 1000.0)]])
    reading = Reading(log, Settings(5, tumbling=WINDOW, retries=1))
    reading.noted = lambda batch: Verdict(error="no") if batch.window.is_final else Verdict(state={"n": 1})
    reading.run()
    assert [batch.window.is_final for batch in reading.batches] == [False, True, True]
    assert reading.given_up == []


def test_records_that_filters_drop_reach_no_window():
    log = log_of([[("a", False, 1000.0)]])
    reading = Reading(log, Settings(5, tumbling=WINDOW))

    async def read():
        consumer = StreamConsumer(log, reading.options, reading, reading.handle, reading.give_up, lambda record: False)
        work = asyncio.ensure_future(consumer.run())
        while reading.kept.get("s0") != ENDED:
            await asyncio.sleep(0)
        work.cancel()

    asyncio.run(asyncio.wait_for(read(), 30))
    assert reading.batches == []


def test_who_begins_at_the_end_gets_what_comes_while_nobody_reads():
    log = log_of([[("a", False, 900.0)]], is_open=True)
    reading = Reading(log, Settings(5, starting="LATEST"))

    async def read_until(is_reached):
        consumer = StreamConsumer(log, reading.options, reading, reading.handle, reading.give_up)
        work = asyncio.ensure_future(consumer.run())
        while not is_reached():
            await asyncio.sleep(0)
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    asyncio.run(asyncio.wait_for(read_until(lambda: reading.kept), 30))
    log.records["s0"] += items("late", [("a", False, log.scope.now())])
    log.records["s1"] = items("s1", [("a", False, log.scope.now())])
    log.is_open = False
    asyncio.run(asyncio.wait_for(read_until(lambda: reading.kept.get("s1") == ENDED), 30))
    assert [record["name"] for record in reading.handled] == ["late-000", "s1-000"]
