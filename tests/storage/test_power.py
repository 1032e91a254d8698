"""After a loss of power: with durability `power` everything that was acknowledged is there, with `process` everything up to some moment."""

import asyncio
import os
import random
import threading

import pytest

from fogbank.cli import main as fogbank
from fogbank.storage import blob_directory, directories, secrets
from fogbank.storage.sqlite import SqliteStore
from fogbank.testing import Clients, server
from tests.crash import writers
from tests.storage.losing import Disk, LosingOs, LosingVFS, lay_out

ACCOUNT = "111122223333"
PICTURES = 25
WRITES = 150


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """Below everything that the test stores in `tmp_path / "disk"`, until it is closed."""
    (tmp_path / "disk").mkdir()
    disk = Disk(tmp_path / "disk")
    disk.vfs = LosingVFS(disk)
    for module in (blob_directory, directories, secrets):
        monkeypatch.setattr(module, "os", LosingOs(disk))
    monkeypatch.setattr("fogbank.storage.sqlite._CHECKPOINT_PAGES", 20)
    yield disk
    monkeypatch.undo()


# -- the store


class History:
    """What the rows were after each commit, how many were acknowledged, and pictures of the disk with that number."""

    def __init__(self, disk, chance):
        self.states = [{}]
        self.acknowledged = 0
        self.pictures = []
        self._disk = disk
        self._chance = chance
        disk.watch = self._look

    def _look(self):
        if self._chance.random() < 0.1:
            self.pictures.append((self.acknowledged, self._disk.picture(self._chance)))

    async def write(self, store):
        """Commits of one or several transactions, with and without waiting for them."""
        for number in range(1, WRITES + 1):
            tx = store.begin()
            rows = dict(self.states[-1])
            tx.put(b"number", b"%d" % number)
            rows[b"number"] = b"%d" % number
            for _ in range(self._chance.randrange(4)):
                key = b"k%d" % self._chance.randrange(9)
                rows[key] = self._chance.randbytes(self._chance.choice((10, 3_000, 20_000)))
                tx.put(key, rows[key])
            self.states.append(rows)
            store.accept(tx)
            store.after_flush(lambda error, number=number: self._acknowledge(number))
            if self._chance.random() < 0.6:
                await store.quiet()
            await asyncio.sleep(0)

    def _acknowledge(self, number):
        self.acknowledged = max(self.acknowledged, number)


def rows_of(path, durability):
    async def read():
        store = SqliteStore(str(path), durability)
        try:
            damage = store.find_damage()
            assert damage == [] or (durability == "process" and "the last commits are lost" in damage[0])
            return dict(await store.begin().scan(b"", b"\xff"))
        finally:
            await store.close()

    return asyncio.run(read())


def history_of(disk, durability, seed):
    history = History(disk, random.Random(seed))

    async def work():
        store = SqliteStore(os.path.join(disk.root, "state.db"), durability)
        await history.write(store)
        await store.close()

    asyncio.run(work())
    disk.vfs.close()
    return history


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("durability", ["power", "process"])
def test_rows_after_a_loss_of_power(disk, tmp_path, durability, seed):
    history = history_of(disk, durability, seed)
    pictures = history.pictures[:: max(1, len(history.pictures) // PICTURES)]
    assert len(pictures) >= PICTURES / 2
    lost = 0
    for number, (acknowledged, picture) in enumerate(pictures):
        rows = rows_of(lay_out(picture, tmp_path / str(number)) / "state.db", durability)
        last = int(rows.get(b"number", 0))
        assert rows == history.states[last]
        lost += last < acknowledged
    assert (lost == 0) == (durability == "power")


# -- a whole server


class Pictures:
    """Pictures of the disk while writers write, each with what their ledgers said just before."""

    def __init__(self, disk, made, count):
        self.disk, self.made, self.found = disk, made, []
        self._count = count
        self._chance = random.Random(5)
        disk.watch = self._look

    def _look(self):
        if len(self.found) < self._count and self._chance.random() < 0.02:
            ledgers = [(dict(writer.ledger.doubt), dict(writer.ledger.values)) for writer in self.made]
            self.found.append((ledgers, self.disk.picture(self._chance)))


def write_for_a_while(running, disk, count):
    clients = Clients(running.endpoint, ACCOUNT)
    writers.make_buckets(clients)
    writers.make_table(clients)
    made = [kind(f"w{number}", clients, 3) for number, kind in enumerate([writers.Objects] * 2 + [writers.Items])]
    pictures = Pictures(disk, made, count)

    def write(writer):
        while len(pictures.found) < count:
            writer.random.choice(writer.steps())()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clients.close()
    return pictures.found


def look_for_everything(endpoint, ledgers):
    clients = Clients(endpoint, ACCOUNT)
    kinds = [writers.Objects] * 2 + [writers.Items]
    for number, (kind, (doubt, values)) in enumerate(zip(kinds, ledgers, strict=True)):
        writer = kind(f"w{number}", clients, 3)
        writer.ledger.doubt, writer.ledger.values = doubt, values
        writer.settle()
        writer.verify()
    clients.close()


def test_objects_and_items_after_a_loss_of_power(disk, tmp_path, capsys):
    with server(data_dir=disk.root, durability="power") as running:
        found = write_for_a_while(running, disk, 8)
    disk.vfs.close()
    for number, (ledgers, picture) in enumerate(found):
        left = lay_out(picture, tmp_path / str(number))
        assert fogbank(["doctor", f"--data-dir={left}"]) == 0, capsys.readouterr().out
        with server(data_dir=left) as running:
            look_for_everything(running.endpoint, ledgers)
